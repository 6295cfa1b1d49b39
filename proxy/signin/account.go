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

// account shows people who they are here and where else they are signed in, and
// does what they ask for there. It is also the default page: whoever has no
// session is asked to sign in.
func (h *Handler) account(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if !h.method(w, r, v, http.MethodGet, http.MethodHead, http.MethodPost) {
		return
	}
	if r.Method == http.MethodPost && !h.Deliberate(r, v) {
		h.problem(w, r, v, pages.CSRF)
		return
	}
	s, _, err := h.Session(r, v)
	if s != nil {
		err = h.Touch(r.Context(), v, s) // looking at it is using it
	}
	switch {
	case errors.Is(err, sessionstore.ErrNotFound):
		Redirect(w, h.LoginURL())
	case err != nil:
		h.unavailable(w, r, v, err)
	case s != nil && r.Method == http.MethodPost:
		v.Session = s.ID.Hash()
		h.change(w, r, v, s)
	case s != nil:
		v.Session, v.Reason = s.ID.Hash(), "account"
		h.showAccount(w, r, v, s)
	case h.Farewell(w, r, v, h.LoginURL()):
	case pages.IsNavigation(r) || r.Method == http.MethodPost && wholePage(r):
		Redirect(w, h.LoginURL())
	default:
		h.show(w, r, v, pages.Problem{Code: pages.NotSignedIn, LoginURL: h.LoginURL()})
	}
}

func (h *Handler) showAccount(w http.ResponseWriter, r *http.Request, v *visit.Visit, s *sessionstore.Session) {
	all, err := h.Sessions.List(r.Context(), s.Identity.Person)
	if err != nil {
		h.unavailable(w, r, v, err)
		return
	}
	offer, err := h.Sessions.Offer(r.Context(), s.Identity)
	if err != nil {
		h.unavailable(w, r, v, err)
		return
	}
	a := h.describe(s, v)
	a.Choice = choosable(offer)
	a.Manage, a.Sessions = h.below("account"), h.held(all, s)
	a.Done = r.URL.Query().Has("done")
	h.Pages.Account(w, r, a)
}

// held describes the sessions of a person, this one first, then those used last.
// A page names them by their hashes, which open nothing.
func (h *Handler) held(all []*sessionstore.Session, this *sessionstore.Session) []pages.AccountSession {
	slices.SortStableFunc(all, func(a, b *sessionstore.Session) int { return b.LastUse().Compare(a.LastUse()) })
	var rows []pages.AccountSession
	for _, s := range all {
		row := pages.AccountSession{
			Key: s.ID.Hash(), Device: s.Client.Agent, Addr: s.Client.Addr, IDP: h.idps[s.Identity.IDP].DisplayName,
			Current: s.ID == this.ID, Created: s.Created, Used: s.LastUse(),
		}
		if row.Current {
			row.Used = this.LastUse()
			rows = slices.Insert(rows, 0, row)
			continue
		}
		rows = append(rows, row)
	}
	return rows
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
