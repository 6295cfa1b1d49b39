package signin

import (
	"net/http"
	"strings"

	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
)

// answered tells a person who signed out here what the identity provider made of
// it. Where they go next comes from their own login cookie alone, never from the
// message or its RelayState.
func (h *Handler) answered(w http.ResponseWriter, r *http.Request, v *visit.Visit, m LogoutMessage, request string) (proven bool) {
	began, _ := h.Jar.readLogins(r, v.Host)
	p, ok := began.takeLogout(request, h.Now())
	if !ok || p.ServiceProvider != v.ServiceProvider {
		h.strayLogout(w, r, v)
		return false
	}
	v.IDP = p.IDP
	outcome, err := m.Outcome(p.IDP, p.Request)
	if err != nil { // the true answer may still come, so the logout stays pending
		h.noteOutcome(v, "refused", h.reasonOf(v, err))
		h.unconfirmed(w, r, v, p.IDP)
		return false
	}
	if err := h.Jar.writeLogins(w, v.Host, began); err != nil {
		h.failed(w, r, v, err)
		return true
	}
	h.noteOutcome(v, string(outcome), string(outcome))
	h.farewell(w, r, v, p, outcome)
	return true
}

func (h *Handler) reasonOf(v *visit.Visit, err error) string {
	v.Err = err
	if refusal := asRefusal(err); refusal != nil {
		return refusal.Reason
	}
	return "error"
}

// noteOutcome counts and records how a logout that began here ended.
func (h *Handler) noteOutcome(v *visit.Visit, result, reason string) {
	v.Reason = "logout_" + reason
	h.Observer.Logout(v.IDP, "sent", result)
	kind := audit.LogoutAccepted
	if result == "refused" {
		kind = audit.LogoutRefused
	}
	h.Audit.Record(audit.Event{Type: kind, IDP: v.IDP, Addr: v.Client(), RequestID: v.ID, Reason: reason})
}

// farewell is the end of a logout: what is left open is said, and never hidden
// behind a redirect.
func (h *Handler) farewell(w http.ResponseWriter, r *http.Request, v *visit.Visit, p pending, outcome LogoutOutcome) {
	to := h.afterwards(p)
	if outcome == LogoutSuccess && to != "" {
		Redirect(w, to)
		return
	}
	reason := pages.EndedUnconfirmed
	switch outcome {
	case LogoutSuccess:
		reason = pages.EndedEverywhere
	case LogoutPartial:
		reason = pages.EndedPartly
	}
	h.Pages.SignedOut(w, r, pages.SignedOut{Reason: reason, IDP: h.idps[p.IDP].DisplayName, SignIn: h.LoginURL(), Choose: h.chooseURL(), Next: to})
}

// afterwards is where a pending logout leads: where its request asked for, else
// where the route says.
func (h *Handler) afterwards(p pending) string {
	if p.Target != "" {
		return p.Target
	}
	to := h.LogoutURL(p.Host, p.Route)
	switch {
	case h.signsOut(to, p.Host):
		return ""
	case strings.HasPrefix(to, "/"):
		return h.originOf(p.Host) + to
	}
	return to
}

// strayLogout: a response to nothing that this browser has pending, such as one
// that took too long. It is not even read, and decides nothing. What the page may
// say depends on the session cookie, which only a GET brings along.
func (h *Handler) strayLogout(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	v.Reason = "no_pending_logout"
	h.Observer.Logout("", "sent", "refused")
	if r.Method == http.MethodPost {
		Redirect(w, h.below("logout/finish"))
		return
	}
	h.unconfirmed(w, r, v, "")
}

// unconfirmed: the session here has ended, and nobody knows what the identity
// provider did. To somebody who is signed in that is not said.
func (h *Handler) unconfirmed(w http.ResponseWriter, r *http.Request, v *visit.Visit, idp string) {
	switch s, _, err := h.Session(r, v); {
	case err != nil:
		h.unavailable(w, r, v, err)
	case s != nil:
		h.problem(w, r, v, pages.SLORefused, h.signOutButton())
	default:
		h.Pages.SignedOut(w, r, pages.SignedOut{Reason: pages.EndedUnconfirmed, IDP: h.idps[idp].DisplayName, SignIn: h.LoginURL(), Choose: h.chooseURL()})
	}
}
