package signin

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
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
	place, known := h.places[a.route]
	if known && !h.permits(w, r, v, place, s) {
		return
	}
	back := url.Values{"state": {a.state}}
	if a.host == h.Host {
		redirect(w, h.origin+h.below("callback")+"?"+back.Encode())
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
	redirect(w, h.originOf(a.host)+h.below("callback")+"?"+back.Encode())
}

// permits applies the rules of the route before a code for it is given away.
func (h *Handler) permits(w http.ResponseWriter, r *http.Request, v *visit.Visit, place Place, s *sessionstore.Session) bool {
	if len(place.IDPs) > 0 && !slices.Contains(place.IDPs, s.Identity.IDP) {
		h.problem(w, r, v, pages.UnknownIDP)
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
		Session: s.ID.Hash(), Addr: v.Addr.String(), RequestID: v.ID, Reason: reason,
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
// nobody in.
func (h *Handler) callback(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if !h.method(w, r, v, http.MethodGet, http.MethodHead) {
		return
	}
	q := r.URL.Query()
	target, ok := h.Jar.endJourney(w, r, v.Host, q.Get("state"), h.Now())
	if !ok {
		h.problem(w, r, v, pages.LoginExpired, pages.Action{Kind: pages.StartAgain, URL: "/"})
		return
	}
	if v.Host == h.Host {
		redirect(w, target)
		return
	}
	s, err := h.redeem(r, v, q.Get("code"), q.Get("state"))
	switch {
	case errors.Is(err, sessionstore.ErrNotFound):
		v.Reason = "code_refused"
		h.Audit.Record(audit.Event{Type: audit.HandoverRefused, Addr: v.Addr.String(), RequestID: v.ID})
	case err != nil:
		h.unavailable(w, r, v, err)
		return
	default:
		v.Session, v.Reason = s.ID.Hash(), "handed_over"
		if err := h.Jar.SetSession(w, v.Host, s, h.Now()); err != nil {
			h.failed(w, r, v, err)
			return
		}
	}
	redirect(w, target) // without a session the login starts over there
}

// redeem takes the code and returns its session. ErrNotFound: the code does
// not fit this host and this browser.
func (h *Handler) redeem(r *http.Request, v *visit.Visit, code, state string) (*sessionstore.Session, error) {
	value, err := h.Sessions.TakeOnce(r.Context(), codeKind, code)
	if err != nil {
		return nil, err
	}
	var o handover
	if json.Unmarshal(value, &o) != nil || o.Host != v.Host || o.State != state || !validState(state) {
		return nil, sessionstore.ErrNotFound
	}
	return h.Sessions.Get(r.Context(), o.Session)
}
