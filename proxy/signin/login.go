package signin

import (
	"net/http"
	"net/url"
	"path"
	"slices"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// aim is what a login is for: one host, and the journey there that its state
// cookie remembers.
type aim struct {
	host, route, state string
	other              bool // as somebody else than the identity provider remembers
	anew               bool // the session was idle, or has lived, for longer than the route allows

	same *sessionstore.Session // a fresh sign-in of the person behind this one, and of nobody else
}

// query is the aim as the gateway origin receives it.
func (a aim) query() string {
	q := url.Values{"host": {a.host}, "route": {a.route}, "state": {a.state}}
	if a.other {
		q.Set("as", "other")
	}
	return q.Encode()
}

// Begin starts a login for somebody who asked for target, a path with its
// query on the visited host, and has no session there.
func (h *Handler) Begin(w http.ResponseWriter, r *http.Request, v *visit.Visit, target string) {
	if to, state, ok := h.begin(w, r, v, target, true); ok {
		h.leave(w, r, to, state)
	}
}

// begin returns the address of a login that leads to target, and the state of
// the journey. False means that the request was answered.
func (h *Handler) begin(w http.ResponseWriter, r *http.Request, v *visit.Visit, target string, nobody bool) (to, state string, ok bool) {
	if place := h.places[v.Route]; v.Host != h.Host && !slices.Contains(place.Hosts, v.Host) {
		h.show(w, r, v, pages.Problem{Code: pages.WildcardHost, Args: map[string]string{"host": v.Host}})
		return "", "", false
	}
	if !h.storeAnswers(w, r, v) {
		return "", "", false
	}
	state, ok = h.setOut(w, r, v, target, nobody)
	return h.LoginURL() + "?" + aim{host: v.Host, route: v.Route, state: state}.query(), state, ok
}

// storeAnswers keeps people from signing in for nothing: the session could not
// be kept.
func (h *Handler) storeAnswers(w http.ResponseWriter, r *http.Request, v *visit.Visit) bool {
	err := h.pulse.feel(r.Context(), h.Now, h.Sessions.Ping)
	if err != nil {
		h.unavailable(w, r, v, err)
	}
	return err == nil
}

// LoginURL is where a login starts.
func (h *Handler) LoginURL() string { return h.origin + h.below("login") }

// LoginFor is where a login starts that leads to target on the visited host. It
// needs no cookie, so it may be told to programs.
func (h *Handler) LoginFor(v *visit.Visit, target string) string {
	return h.LoginURL() + "?" + url.Values{"return_to": {h.originOf(v.Host) + target}}.Encode()
}

// login is the one door to the identity providers, on the gateway origin. With
// a live session that will do, it leads straight on.
func (h *Handler) login(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if !h.method(w, r, v, http.MethodGet, http.MethodHead) {
		return
	}
	if !pages.IsNavigation(r) {
		h.show(w, r, v, pages.Problem{Code: pages.NotSignedIn, LoginURL: h.LoginURL()})
		return
	}
	s, _, err := h.Session(r, v)
	if err != nil {
		h.unavailable(w, r, v, err)
		return
	}
	if s == nil && !h.storeAnswers(w, r, v) {
		return
	}
	if r.URL.Query().Has("again") && h.cookieless(w, r, v) {
		return
	}
	if s != nil && asksForSame(r.URL.Query()) {
		h.confirmSelf(w, r, v, s)
		return
	}
	a, ok := h.aim(w, r, v, s == nil)
	if !ok {
		return
	}
	a.anew = s != nil && !h.places[a.route].Demand.fresh(s, h.Now())
	choices, named := h.narrowed(r, v, h.choices(a.route))
	q := h.asking(a, choices)
	choosing := !named && h.choosing(w, r, v, a) && len(choices) > 1
	kept, remembered := h.kept(r, q)
	switch {
	case s != nil && !a.other && !choosing && serves(s, choices) && h.meets(s, a.route):
		h.handOver(w, r, v, a, s)
	case len(choices) == 0:
		h.problem(w, r, v, pages.UnknownIDP)
	case len(choices) == 1:
		h.ask(w, r, v, a, choices[0])
	case remembered && !choosing:
		v.Reason = "remembered"
		h.ask(w, r, v, a, kept)
	default:
		h.choose(w, r, v, q, false)
	}
}

// choosing reports whether the person is to choose, whatever is remembered.
// Whoever asks for that in so many words, or wants to be somebody else, has the
// choice forgotten.
func (h *Handler) choosing(w http.ResponseWriter, r *http.Request, v *visit.Visit, a aim) bool {
	if a.other || r.URL.Query().Has("choose") {
		if r.Method == http.MethodGet && !fetchedAhead(r) {
			h.Jar.dropChoice(w, r)
		}
		return true
	}
	return v.Path.Decoded() == h.below("discovery")
}

// narrowed narrows the choices to the identity provider that the address names, if
// it does: login/{idp}, or the answer of a discovery service (Identity Provider
// Discovery §2.4.3). Such an answer proves nothing: it starts a login at one of
// our providers, as any link to login/{idp} can.
func (h *Handler) narrowed(r *http.Request, v *visit.Visit, choices []IDP) (some []IDP, named bool) {
	want := h.askedIDP(v)
	answers, told := r.URL.Query()["entityID"]
	if told = told && h.Federation != nil; told {
		name := h.Federation.IDPNamed(answers[0])
		if name == "" || len(answers) > 1 || want != "" && want != name {
			return nil, true
		}
		want = name
	}
	if want == "" {
		return choices, false
	}
	return slices.DeleteFunc(choices, func(i IDP) bool { return i.Name != want }), true
}

// aim reads what the login is for: a journey that an app host began, or a
// return address, for which a journey on the gateway origin begins here. nobody
// says that nobody is signed in there.
func (h *Handler) aim(w http.ResponseWriter, r *http.Request, v *visit.Visit, nobody bool) (aim, bool) {
	q := r.URL.Query()
	if q.Has("state") {
		a := aim{host: q.Get("host"), route: q.Get("route"), state: q.Get("state"), other: asksForOther(q)}
		if !h.reachable(a) {
			h.problem(w, r, v, pages.BadRequest)
			return aim{}, false
		}
		return a, true
	}
	target := h.below("account")
	if raw := q.Get("return_to"); raw != "" {
		if checked, ok := h.Returns.Check(raw); ok {
			target = checked
		} else {
			h.Observer.ReturnRefused()
		}
	}
	state, ok := h.setOut(w, r, v, target, nobody)
	return aim{host: h.Host, route: h.pinned(target), state: state, other: asksForOther(q)}, ok
}

// asksForOther: "Sign in as someone else" wants the identity provider to ask
// again, since it may remember the person who is not wanted.
func asksForOther(q url.Values) bool { return q.Get("as") == "other" }

func (h *Handler) otherAction() pages.Action {
	return pages.Action{Kind: pages.SignInOther, URL: h.LoginURL() + "?as=other"}
}

// reachable: a session is handed over to exact hosts of routes only, and the
// gateway origin reaches itself.
func (h *Handler) reachable(a aim) bool {
	if !validState(a.state) {
		return false
	}
	place, known := h.places[a.route]
	if a.host == h.Host {
		return known || a.route == ""
	}
	return known && slices.Contains(place.Hosts, a.host)
}

// choices are the identity providers that may sign somebody in for a route.
func (h *Handler) choices(route string) []IDP {
	allowed := h.places[route].IDPs
	if len(allowed) == 0 {
		return slices.Clone(h.IDPs)
	}
	return slices.DeleteFunc(slices.Clone(h.IDPs), func(i IDP) bool { return !slices.Contains(allowed, i.Name) })
}

// askedIDP is the name in login/{idp}.
func (h *Handler) askedIDP(v *visit.Visit) string {
	if dir, name := path.Split(v.Path.Decoded()); dir == h.below("login/") {
		return name
	}
	return ""
}

func serves(s *sessionstore.Session, choices []IDP) bool {
	return slices.ContainsFunc(choices, func(i IDP) bool { return i.Name == s.Identity.IDP })
}

// meets reports whether the sign-in behind a session will do for a route. Our
// own pages, which belong to no route, are there for whoever is signed in.
func (h *Handler) meets(s *sessionstore.Session, route string) bool {
	return route == "" || h.places[route].Demand.Takes(s, h.Now())
}

// ask sends the browser to the identity provider and remembers that it did.
func (h *Handler) ask(w http.ResponseWriter, r *http.Request, v *visit.Visit, a aim, idp IDP) {
	v.IDP = idp.Name
	demand := h.places[a.route].Demand
	demand.Anew = a.other || a.anew || a.same != nil
	person := ""
	if a.same != nil {
		demand.ServiceProvider, person = a.same.Identity.Authn.ServiceProvider, personMark(a.same.Identity.Person)
	}
	req, err := h.Provider.Request(idp.Name, h.Jar.ticket(h.Now()), demand)
	if err != nil {
		h.refuse(w, r, v, err)
		return
	}
	known, _ := h.Jar.readLogins(r, h.Host)
	if id, _, ok := h.Jar.Session(r, h.Host); ok {
		known.Session = id
	}
	known.add(pending{
		Request: req.ID, IDP: idp.Name, ServiceProvider: demand.ServiceProvider,
		Host: a.host, Route: a.route, State: a.state, Began: h.Now().Unix(), Person: person,
	}, h.Now())
	if err := h.Jar.writeLogins(w, h.Host, known); err != nil {
		h.failed(w, r, v, err)
		return
	}
	h.Observer.Login(idp.Name, "started", "")
	if len(req.Fields) == 0 {
		Redirect(w, req.URL)
		return
	}
	fields := make([]pages.Field, len(req.Fields))
	for i, f := range req.Fields {
		fields[i] = pages.Field(f)
	}
	h.Pages.PostForm(w, r, req.URL, fields, idp.DisplayName)
}
