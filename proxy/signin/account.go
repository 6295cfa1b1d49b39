package signin

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/samlgate/samlgate/access"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// account shows people who they are here. It is also the default page: whoever
// has no session is asked to sign in.
func (h *Handler) account(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if !h.method(w, r, v, http.MethodGet, http.MethodHead) {
		return
	}
	s, _, err := h.Session(r, v)
	if s != nil {
		err = h.Touch(r.Context(), s) // looking at it is using it
	}
	switch {
	case errors.Is(err, sessionstore.ErrNotFound):
		Redirect(w, h.LoginURL())
	case err != nil:
		h.unavailable(w, r, v, err)
	case s != nil:
		v.Session, v.Reason = s.ID.Hash(), "account"
		h.Pages.Account(w, r, h.describe(s, v))
	case h.Farewell(w, r, v, h.LoginURL()):
	case pages.IsNavigation(r):
		Redirect(w, h.LoginURL())
	default:
		h.show(w, r, v, pages.Problem{Code: pages.NotSignedIn, LoginURL: h.LoginURL()})
	}
}

func (h *Handler) describe(s *sessionstore.Session, v *visit.Visit) pages.Account {
	id := s.Identity
	a := pages.Account{
		Name: strings.TrimSpace(id.FirstName + " " + id.LastName), Email: string(id.Email), IDP: h.idps[id.IDP].DisplayName,
		Since: s.Created, IdleEnds: h.Now().Add(s.Idle), Ends: s.Expires,
		SignOut: h.below("logout"), Targets: h.targets(),
	}
	for _, p := range h.Places {
		if len(p.IDPs) > 0 && !slices.Contains(p.IDPs, id.IDP) || p.Rules.Decide(id, v.Addr) != access.Allowed {
			continue
		}
		for _, host := range p.Hosts {
			a.Apps = append(a.Apps, pages.App{Name: p.Name, URL: h.originOf(host) + p.Path})
		}
	}
	return a
}
