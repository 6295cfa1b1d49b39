package signin

import (
	"net/http"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// farewells are the pages for ends that somebody else, or another browser,
// brought about.
var farewells = map[sessionstore.Reason]pages.EndReason{
	sessionstore.ReasonEvicted: pages.EndedElsewhere, sessionstore.ReasonSelf: pages.EndedFromFar,
	sessionstore.ReasonOperator: pages.EndedByOperator, sessionstore.ReasonRole: pages.EndedByRole,
	sessionstore.ReasonSingleLogout: pages.EndedByIDP,
}

// Farewell tells a person, once, why the session of this browser ended, with a
// button that signs in again, and reports whether it did. Only a cookie that we
// sealed leads to it, and only a page that the person asked for uses it up. In
// doubt there is nothing to tell: the login says more.
func (h *Handler) Farewell(w http.ResponseWriter, r *http.Request, v *visit.Visit, login string) bool {
	id, _, ok := h.Jar.Session(r, v.Host)
	if !ok || r.Method != http.MethodGet || !pages.IsNavigation(r) || fetchedAhead(r) {
		return false
	}
	f, err := h.Sessions.TakeFarewell(r.Context(), id)
	if err == nil && f.Reason == sessionstore.ReasonIdle {
		return h.leftAlone(w, r, v, f, login)
	}
	page, known := farewells[f.Reason]
	if err != nil || !known {
		return false
	}
	v.Session, v.Reason = id.Hash(), "ended_"+f.Reason.String()
	h.Pages.SignedOut(w, r, pages.SignedOut{Reason: page, Agent: f.Agent, At: f.At, SignIn: login, Status: http.StatusUnauthorized})
	return true
}

// EndReason is why the session of this browser ended, for programs, or empty. It
// leaves the telling to a page.
func (h *Handler) EndReason(r *http.Request, v *visit.Visit) string {
	id, _, ok := h.Jar.Session(r, v.Host)
	if !ok {
		return ""
	}
	if f, err := h.Sessions.Farewell(r.Context(), id); err == nil {
		return f.Reason.String()
	}
	return ""
}

// What somebody sees whose session ended unused, besides an URL to go to
// (session.on_idle).
const (
	IdleLogin = "login"   // what anybody sees who has no session
	IdlePage  = "page"    // a page that says so
	IdleSLO   = "slo_url" // the page at which their identity provider signs people out, if it has one
)

// leftAlone tells a person that the session of this browser ended unused, and
// reports whether it did. Nobody signed out, so the identity provider is told
// nothing: a person may go there, and no message does (saml2int SDP-SP35).
func (h *Handler) leftAlone(w http.ResponseWriter, r *http.Request, v *visit.Visit, f sessionstore.Farewell, login string) bool {
	to := h.OnIdle
	switch h.OnIdle {
	case IdleLogin, "":
		return false
	case IdlePage:
		h.Pages.SignedOut(w, r, pages.SignedOut{Reason: pages.EndedIdle, SignIn: login, Status: http.StatusUnauthorized})
	case IdleSLO:
		if h.Logouts != nil {
			to = h.Logouts.Address(f.IDP)
		}
		if to == IdleSLO || to == "" {
			return false
		}
		fallthrough
	default:
		Redirect(w, to)
	}
	v.Reason = "ended_idle"
	return true
}
