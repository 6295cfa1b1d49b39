package signin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

const (
	departureKind = "logout"
	departureLife = time.Minute // from the end of the session here to the request
)

// departure is a session that has ended here and of which its identity provider
// is still to hear. It waits in the store under a code of one use, since the
// message leaves from the origin whose login cookie remembers it.
type departure struct {
	Session sessionstore.ID `json:"s"` // the one that has ended: the code is good in its browser alone
	Who     Departed        `json:"w"`
	Person  identity.Person `json:"p,omitempty"`
	Host    string          `json:"h"`           // where the person signed out
	Route   string          `json:"r,omitempty"` // and the route there
	Target  string          `json:"o,omitempty"` // where the person asked to go afterwards
}

// Depart returns where a browser goes on whose session s has just ended, so that
// the identity provider hears of it; empty when that cannot be, or is not to be.
// target is where the request asked to go afterwards, if it did.
//
// Only a request for a whole page can go on: an identity provider shows pages of
// its own, and no logout is asked for in a frame (saml2int SDP-SP27).
func (h *Handler) Depart(w http.ResponseWriter, r *http.Request, v *visit.Visit, s *sessionstore.Session, target string) string {
	if s == nil || !wholePage(r) || !h.offers(s) {
		return ""
	}
	if strings.HasPrefix(target, "/") {
		target = h.originOf(v.Host) + target
	}
	d := departure{Session: s.ID, Who: departed(s), Person: s.Identity.Person, Host: v.Host, Route: v.Route, Target: target}
	code := nonce()
	if err := h.keepDeparture(w, r, v, d, code); err != nil {
		v.Err = err // what there was to end here has ended
		h.Observer.Logout(d.Who.IDP, "sent", "error")
		return ""
	}
	return h.below("logout/finish") + "?" + url.Values{"code": {code}, "for": {d.Who.ServiceProvider}}.Encode()
}

// wholePage reports whether a browser will show the answer in its top window, of
// a form's POST too.
func wholePage(r *http.Request) bool {
	asGet := *r
	asGet.Method = http.MethodGet
	return pages.IsNavigation(&asGet) && !fetchedAhead(r)
}

// keepDeparture binds the code to this browser: by the session cookie that it
// has at the other origin, or, where that is this one and the cookie has just
// gone, by the login cookie.
func (h *Handler) keepDeparture(w http.ResponseWriter, r *http.Request, v *visit.Visit, d departure, code string) error {
	value, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if err := h.Sessions.PutOnce(r.Context(), departureKind, code, value, departureLife); err != nil {
		return err
	}
	if h.logoutHost(d.Who.ServiceProvider) != v.Host {
		return nil
	}
	began, _ := h.Jar.readLogins(r, v.Host)
	began.await(stateOf(code))
	return h.Jar.writeLogins(w, v.Host, began)
}

// logoutHost is where an identity of ours sends and receives logout messages;
// empty when there is no such identity.
func (h *Handler) logoutHost(sp string) string {
	if sp == "" {
		return h.Host
	}
	for _, f := range h.Further {
		if f.Name == sp {
			return f.Host
		}
	}
	return ""
}

// finish takes a browser whose session has ended here to the identity provider.
// It begins with a page that goes on by itself: a redirect in answer to a form
// would be held to the form-action of whichever page had the form, here or in
// the app, on its whole way through the identity provider's hosts.
func (h *Handler) finish(w http.ResponseWriter, r *http.Request, v *visit.Visit) (proven bool) {
	if !h.method(w, r, v, http.MethodGet) {
		return true
	}
	q := r.URL.Query()
	code, host := q.Get("code"), h.logoutHost(q.Get("for"))
	switch {
	case code == "":
		h.unconfirmed(w, r, v, "")
	case !validState(code) || host == "" || !wholePage(r):
		h.problem(w, r, v, pages.BadRequest)
	case !q.Has("go") || v.Host != host:
		v.Reason = "logout_goes_on"
		q.Set("go", "1")
		h.Pages.Leaving(w, r, pages.Leaving{URL: h.originOf(host) + h.below("logout/finish") + "?" + q.Encode()})
	default:
		return h.askToLogOut(w, r, v, code)
	}
	return true
}

// askToLogOut sends the request that the code stands for; false means that it
// stands for none here.
func (h *Handler) askToLogOut(w http.ResponseWriter, r *http.Request, v *visit.Visit, code string) (proven bool) {
	d, err := h.takeDeparture(r.Context(), code)
	switch {
	case errors.Is(err, sessionstore.ErrNotFound):
		h.unconfirmed(w, r, v, "")
		return false
	case err != nil:
		h.unavailable(w, r, v, err)
		return true
	}
	v.IDP = d.Who.IDP
	began, _ := h.Jar.readLogins(r, v.Host)
	if !h.departed(w, r, v, d, code, &began) { // somebody else's sign-out was planted here, or a cookie was lost
		v.Reason = "logout_code_refused"
		h.Audit.Record(audit.Event{Type: audit.LogoutRefused, IDP: v.IDP, Addr: v.Client(), RequestID: v.ID, Reason: v.Reason})
		h.unconfirmed(w, r, v, "")
		return false
	}
	req, err := h.Logouts.Request(d.Who, nonce())
	if err != nil {
		v.Err = err
		h.Observer.Logout(v.IDP, "sent", "error")
		h.unconfirmed(w, r, v, v.IDP)
		return true
	}
	began.add(pendingLogout(d, req.ID, h.Now()), h.Now())
	if err := h.Jar.writeLogins(w, v.Host, began); err != nil {
		h.failed(w, r, v, err)
		return true
	}
	v.Reason = "logout_asked_for"
	h.Observer.Logout(v.IDP, "sent", "started")
	h.carry(w, r, LogoutAnswer{IDP: v.IDP, URL: req.URL, Fields: req.Fields})
	return true
}

func (h *Handler) takeDeparture(ctx context.Context, code string) (d departure, err error) {
	value, err := h.Sessions.TakeOnce(ctx, departureKind, code)
	if err != nil {
		return departure{}, err
	}
	return d, json.Unmarshal(value, &d)
}

// departed reports whether the session ended in this browser, and takes what is
// left of it away from this origin.
func (h *Handler) departed(w http.ResponseWriter, r *http.Request, v *visit.Visit, d departure, code string, began *logins) bool {
	here := began.arrive(stateOf(code))
	id, _, ok := h.Jar.Session(r, v.Host)
	if ok && id == d.Session {
		h.sweep(w, v.Host)
		here = true
	}
	return here || ok && h.sameHands(r.Context(), d, id)
}

// sweep takes away what a session that has ended leaves in a browser.
func (h *Handler) sweep(w http.ResponseWriter, host string) {
	h.Jar.ClearSession(w)
	w.Header().Set("Clear-Site-Data", `"cache"`) // pages behind the back button, too
	h.ExpireCookies(w.Header(), host)
}

// carry sends a message off with the browser.
func (h *Handler) carry(w http.ResponseWriter, r *http.Request, m LogoutAnswer) {
	if len(m.Fields) == 0 {
		Redirect(w, m.URL)
		return
	}
	fields := make([]pages.Field, len(m.Fields))
	for i, f := range m.Fields {
		fields[i] = pages.Field(f)
	}
	h.Pages.PostLogout(w, r, pages.PostLogout{Action: m.URL, Fields: fields, IDP: h.idps[m.IDP].DisplayName, Frames: m.Frames})
}

// maxTarget is how much of an address the login cookie has room for. A longer
// one gives way to the route's own.
const maxTarget = 90

// pendingLogout is what the login cookie remembers of a departure.
func pendingLogout(d departure, request string, now time.Time) pending {
	if len(d.Target) > maxTarget {
		d.Target = ""
	}
	return pending{
		Request: request, IDP: d.Who.IDP, ServiceProvider: d.Who.ServiceProvider, Logout: true,
		Host: d.Host, Route: d.Route, Target: d.Target, Began: now.Unix(),
	}
}
