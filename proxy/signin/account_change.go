package signin

import (
	"net/http"
	"time"

	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// confirmAfter is how old a sign-in may be for its person to end sessions in
// other browsers, or to choose other limits. Whoever only has the cookie of a
// session, or the desk of somebody who went for coffee, cannot do that.
const confirmAfter = 10 * time.Minute

// changes are what a form of the account page may ask for, by the value of "do".
func (h *Handler) changes() map[string]func(w http.ResponseWriter, r *http.Request, v *visit.Visit, s *sessionstore.Session) {
	return map[string]func(w http.ResponseWriter, r *http.Request, v *visit.Visit, s *sessionstore.Session){
		"end": h.endOne, "choose": h.chooseLimits, "others": h.endOthers, "all": h.endAll,
	}
}

// change does what s's person asks for in a form of the account page.
func (h *Handler) change(w http.ResponseWriter, r *http.Request, v *visit.Visit, s *sessionstore.Session) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if !h.readForm(w, r, v) {
		return
	}
	do := h.changes()[single(r, "do")]
	switch {
	case do == nil:
		h.problem(w, r, v, pages.BadRequest, h.accountAction())
	case h.Now().Sub(s.Identity.Authn.Instant) > confirmAfter:
		v.Reason = "confirmation_asked"
		h.Pages.ConfirmSelf(w, r, h.LoginURL()+"?as=same", h.below("account"))
	default:
		do(w, r, v, s)
	}
}

// single returns the one value of a form's field; empty when it is absent or
// there twice.
func single(r *http.Request, name string) string {
	if values := r.PostForm[name]; len(values) == 1 {
		return values[0]
	}
	return ""
}

func (h *Handler) accountAction() pages.Action {
	return pages.Action{Kind: pages.AccountPage, URL: h.below("account")}
}

// endOne ends the session that the form names by its hash. It is looked for
// among the person's own, so that no hash ends anybody else's.
func (h *Handler) endOne(w http.ResponseWriter, r *http.Request, v *visit.Visit, s *sessionstore.Session) {
	key := single(r, "session")
	if key == s.ID.Hash() {
		h.signOutHere(w, r, v, s, func() error { return h.Sessions.End(r.Context(), s.ID, sessionstore.ReasonSelf) })
		return
	}
	all, err := h.Sessions.List(r.Context(), s.Identity.Person)
	for _, other := range all {
		if err == nil && other.ID.Hash() == key {
			err = h.Sessions.End(r.Context(), other.ID, sessionstore.ReasonSelf)
			h.changed(v, s, "end_one")
		}
	}
	h.backToAccount(w, r, v, err) // one that is gone already needs no end
}

// endOthers ends every session of the person but this one.
func (h *Handler) endOthers(w http.ResponseWriter, r *http.Request, v *visit.Visit, s *sessionstore.Session) {
	h.changed(v, s, "end_others")
	for range endRounds {
		all, err := h.Sessions.List(r.Context(), s.Identity.Person)
		left := 0
		for _, other := range all {
			if err == nil && other.ID != s.ID {
				left++
				err = h.Sessions.End(r.Context(), other.ID, sessionstore.ReasonSelf)
			}
		}
		if err != nil || left == 0 {
			h.backToAccount(w, r, v, err)
			return
		}
	}
	h.backToAccount(w, r, v, nil)
}

// endRounds bounds how often the others are looked for: a list may be cut, and
// somebody may be signing in all the time.
const endRounds = 20

// endAll ends every session of the person, this one included, and what sign-ins
// are under way.
func (h *Handler) endAll(w http.ResponseWriter, r *http.Request, v *visit.Visit, s *sessionstore.Session) {
	h.changed(v, s, "end_all")
	h.signOutHere(w, r, v, s, func() error {
		_, err := h.Sessions.EndAll(r.Context(), s.Identity.Person, sessionstore.ReasonSelf)
		return err
	})
}

// signOutHere does what ends this session among others, takes the cookie away,
// and goes on as a sign-out does.
func (h *Handler) signOutHere(w http.ResponseWriter, r *http.Request, v *visit.Visit, s *sessionstore.Session, end func() error) {
	if err := end(); err != nil {
		h.unavailable(w, r, v, err)
		return
	}
	v.Reason = "signed_out"
	h.sweep(w, v.Host)
	h.Jar.signedOut(w, r, v.Host)
	if onward := h.Depart(w, r, v, s, ""); onward != "" {
		Redirect(w, onward)
		return
	}
	h.Pages.SignedOut(w, r, pages.SignedOut{SignIn: h.LoginURL(), Choose: h.chooseURL()})
}

// changed records who asked for a change, in which session and from where; each
// session that ends by it is on record by itself.
func (h *Handler) changed(v *visit.Visit, s *sessionstore.Session, what string) {
	v.Reason = "account_" + what
	h.Audit.Record(audit.Event{
		Type: audit.AccountChanged, Person: s.Identity.Person, IDP: s.Identity.IDP, Session: s.ID.Hash(),
		Addr: v.Client(), RequestID: v.ID, Reason: what,
	})
}

// backToAccount shows what has come of it.
func (h *Handler) backToAccount(w http.ResponseWriter, r *http.Request, v *visit.Visit, err error) {
	if err != nil {
		h.unavailable(w, r, v, err)
		return
	}
	Redirect(w, h.below("account")+"?done")
}
