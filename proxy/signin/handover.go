package signin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/samlgate/samlgate/access"
	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// A hand-over code is good for one use within this time.
const codeLife = 30 * time.Second

const codeKind = "handover"

// handover is what a code stands for: this session, on this host, for the
// browser that holds the nonce behind this state. The session's epochs are
// compared when it is loaded.
type handover struct {
	Session sessionstore.ID `json:"s"`
	Host    string          `json:"h"`
	State   string          `json:"n"`
}

// handOver sends a signed-in browser to where its journey began: on the
// gateway origin as it is, to an app host with a code for the session.
func (h *Handler) handOver(w http.ResponseWriter, r *http.Request, v *visit.Visit, a aim, s *sessionstore.Session) {
	v.Session, v.Route = s.ID.Hash(), a.route
	if !h.reachable(a) { // a reload took the route away since this login began
		Redirect(w, h.origin+h.below("account"))
		return
	}
	if place, known := h.places[a.route]; known && !h.permits(w, r, v, place, s) {
		return
	}
	back := url.Values{"state": {a.state}}
	if a.host == h.Host {
		Redirect(w, h.origin+h.below("callback")+"?"+back.Encode())
		return
	}
	code := nonce()
	value, err := json.Marshal(handover{Session: s.ID, Host: a.host, State: a.state})
	if err != nil {
		h.failed(w, r, v, err)
		return
	}
	if err := h.Sessions.PutOnce(r.Context(), codeKind, code, value, codeLife); err != nil {
		h.unavailable(w, r, v, err)
		return
	}
	back.Set("code", code)
	Redirect(w, h.originOf(a.host)+h.below("callback")+"?"+back.Encode())
}

// permits applies the rules of the route before a code for it is given away.
func (h *Handler) permits(w http.ResponseWriter, r *http.Request, v *visit.Visit, place Place, s *sessionstore.Session) bool {
	if len(place.IDPs) > 0 && !slices.Contains(place.IDPs, s.Identity.IDP) {
		h.problem(w, r, v, pages.UnknownIDP)
		return false
	}
	if !place.Demand.Takes(s, h.Now()) { // the identity provider did not do what it was asked to
		h.show(w, r, v, pages.Problem{
			Code: place.Demand.unmet(s.Identity.Authn), Args: h.named(nil, s.Identity.IDP), Actions: []pages.Action{h.startAgain(v)},
		})
		return false
	}
	denial := place.Rules.Decide(s.Identity, v.Addr)
	if denial == access.Allowed {
		return true
	}
	h.Forbid(w, r, v, s, string(denial))
	return false
}

// Forbid tells a signed-in person that this place is not for them, and records
// it.
func (h *Handler) Forbid(w http.ResponseWriter, r *http.Request, v *visit.Visit, s *sessionstore.Session, reason string) {
	v.Reason = "denied_" + reason
	h.Audit.Record(audit.Event{
		Type: audit.AccessDenied, Person: s.Identity.Person, IDP: s.Identity.IDP, Route: v.Route,
		Session: s.ID.Hash(), Addr: v.Client(), RequestID: v.ID, Reason: reason,
	})
	h.show(w, r, v, pages.Problem{
		Code:    pages.Forbidden,
		Args:    map[string]string{"email": string(s.Identity.Email), "route": v.Route},
		Actions: []pages.Action{h.signOutAction()},
	})
}

// originOf is the origin of an app host: scheme and port are the gateway's.
func (h *Handler) originOf(host string) string {
	if port := h.External.Port(); port != "" {
		host += ":" + port
	}
	return h.External.Scheme + "://" + host
}

// callback ends the journey on the host where it began. Where it leads comes
// from this browser's own cookie alone; a code that is not exactly right signs
// nobody in, and is not proven.
func (h *Handler) callback(w http.ResponseWriter, r *http.Request, v *visit.Visit) (proven bool) {
	if !h.method(w, r, v, http.MethodGet) {
		return true
	}
	q := r.URL.Query()
	if v.Host != h.Host && q.Has("return_to") && !q.Has("state") {
		h.fetch(w, r, v, q.Get("return_to"))
		return true
	}
	code, state := q.Get("code"), q.Get("state")
	way, rest, ok := h.Jar.findJourney(r, v.Host, state, h.Now())
	if !ok {
		h.burn(r, code)
		h.problem(w, r, v, pages.LoginExpired, pages.Action{Kind: pages.StartAgain, URL: "/"})
		return false
	}
	end := arrival{Refused: v.Host != h.Host}
	if v.Host != h.Host {
		s, ok := h.enter(w, r, v, code, way)
		if !ok {
			return true
		}
		end.of(s, h.Now())
		proven = s != nil
	}
	rest.arrive(way, end, h.Now())
	if err := h.Jar.writeTravels(w, v.Host, rest); err != nil {
		h.failed(w, r, v, err)
		return true
	}
	h.arrive(w, r, h.by(way.URL), state) // without a session the login starts over there
	return proven || v.Host == h.Host
}

// by leads from the gateway origin to an address on an app host by way of that
// host's callback, which fetches the session: not every route sends people who
// have none to the login by itself.
func (h *Handler) by(target string) string {
	u, err := url.Parse(target)
	if err != nil || !u.IsAbs() || u.Hostname() == h.Host {
		return target
	}
	if _, ours := h.placeAt(u.Hostname(), u.Path); !ours {
		return target
	}
	if u.Path == "" {
		u.Path = "/"
	}
	back := url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery, Fragment: u.Fragment, RawFragment: u.RawFragment}
	return h.originOf(u.Hostname()) + h.below("callback") + "?" + url.Values{"return_to": {back.String()}}.Encode()
}

// fetch begins a journey on an app host for somebody who has just signed in on
// the gateway origin and is bound for target, a path on this host. It is a plain
// redirect: a page of ours in between would hide from the app that the first
// step was a link on another site (Fetch Metadata, SameSite=Strict).
func (h *Handler) fetch(w http.ResponseWriter, r *http.Request, v *visit.Visit, target string) {
	checked, ok := h.Returns.Check(target)
	u, err := url.Parse(checked)
	if !ok || err != nil || u.IsAbs() || !pages.IsNavigation(r) {
		h.Observer.ReturnRefused()
		h.problem(w, r, v, pages.BadRequest)
		return
	}
	place, _ := h.placeAt(v.Host, u.Path)
	v.Route = place.Name
	s, _, err := h.Session(r, v)
	if err != nil {
		h.unavailable(w, r, v, err)
		return
	}
	if to, _, ok := h.begin(w, r, v, checked, s == nil); ok {
		Redirect(w, to)
	}
}

// placeAt is the route that a path on an exact host belongs to.
func (h *Handler) placeAt(host, path string) (best Place, found bool) {
	for _, p := range h.Places {
		prefix := strings.TrimSuffix(p.Path, "/")
		covers := path == prefix || strings.HasPrefix(path, prefix+"/") || path == "" && prefix == ""
		if covers && slices.Contains(p.Hosts, host) && (!found || len(p.Path) > len(best.Path)) {
			best, found = p, true
		}
	}
	return best, found
}

// enter gives the browser at the end of its way the session behind code on this
// host, nil where the code is not right, and reports false when it has answered
// the request.
func (h *Handler) enter(w http.ResponseWriter, r *http.Request, v *visit.Visit, code string, way journey) (*sessionstore.Session, bool) {
	s, err := h.redeem(r.Context(), v.Host, code, stateOf(way.Nonce))
	switch {
	case err != nil:
		h.unavailable(w, r, v, err)
		return nil, false
	case s == nil:
		v.Reason = "code_refused"
		h.Audit.Record(audit.Event{Type: audit.HandoverRefused, Addr: v.Client(), RequestID: v.ID})
		return nil, true
	}
	if !h.supersede(w, r, v, s, way.URL) {
		return nil, false
	}
	v.Session, v.Reason = s.ID.Hash(), "handed_over"
	if err := h.Jar.SetSession(w, v.Host, s, h.Now()); err != nil {
		h.failed(w, r, v, err)
		return nil, false
	}
	return s, true
}

// redeem takes the code and returns its session, nil when the code does not
// fit this host and this browser.
func (h *Handler) redeem(ctx context.Context, host, code, state string) (*sessionstore.Session, error) {
	value, err := h.Sessions.TakeOnce(ctx, codeKind, code)
	if errors.Is(err, sessionstore.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var o handover
	if json.Unmarshal(value, &o) != nil || o.Host != host || o.State != state || !validState(state) {
		return nil, nil
	}
	return h.live(ctx, o.Session)
}

// burn spends a code that came to a browser which never asked for it, so that
// a script of the app which reads the address cannot send it elsewhere.
func (h *Handler) burn(r *http.Request, code string) {
	if validState(code) {
		_, _ = h.Sessions.TakeOnce(r.Context(), codeKind, code) // in doubt it dies within 30 s
	}
}
