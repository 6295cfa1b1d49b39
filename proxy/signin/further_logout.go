package signin

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// logoutAddress answers at the address that a further SP identity has for single logout.
// It may be that of SOAP, too, as mod_auth_mellon has it. Somebody who comes
// there without any message followed a link of the app: with that module the
// address is how an app signs people out.
func (h *Handler) logoutAddress(soap bool) endpoint {
	return func(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
		switch {
		case soap && r.Method == http.MethodPost && isXML(r.Header.Get("Content-Type")):
			h.soap(w, r, v)
		case r.Method == http.MethodGet && !bringsMessage(r.URL.Query()):
			h.signOutByLink(w, r, v)
		default:
			h.slo(w, r, v)
		}
	}
}

// isXML reports what the SOAP binding sends and no form does (SOAP 1.1 §6).
func isXML(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && strings.EqualFold(kind, "text/xml")
}

func bringsMessage(q url.Values) bool { return q.Has("SAMLRequest") || q.Has("SAMLResponse") }

// signOutByLink leads on to our own page for signing out on this host, where the
// person meant to go; another site that sends somebody here only gets to ask.
func (h *Handler) signOutByLink(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	to := h.below("logout")
	if back := r.URL.Query().Get("ReturnTo"); back != "" {
		to += "?" + url.Values{"return_to": {back}}.Encode()
	}
	if !h.Deliberate(r, v) {
		v.Reason = "logout_asked"
		h.Pages.ConfirmLogout(w, r, pages.ConfirmLogout{Action: to, Targets: h.targets()})
		return
	}
	v.Reason = "sign_out_link"
	Redirect(w, h.originOf(v.Host)+to)
}

// sameHands reports whether the live session of a browser is of the person who
// signed out, though it is not the one that ended: one with another SP identity
// has taken its place at this origin. Nobody can plant a stranger's sign-out so.
func (h *Handler) sameHands(ctx context.Context, d departure, id sessionstore.ID) bool {
	if len(h.Further) == 0 || d.Person == "" {
		return false
	}
	s, err := h.live(ctx, id)
	return err == nil && s != nil && s.Identity.Person == d.Person && s.Identity.IDP == d.Who.IDP
}
