package signin

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// Unsolicited is the policy for sign-ins that an identity provider starts
// (SAML Profiles §4.1.5), which any page can start in somebody's name.
type Unsolicited string

// The policies (idps[].idp_initiated).
const (
	DenyUnsolicited Unsolicited = "deny"       // a page with a link that starts a proper login
	Reinitiate      Unsolicited = "reinitiate" // only a hint: a proper login to the same place begins
	Accept          Unsolicited = "accept"     // signs in, but never silently as another person
)

func (h *Handler) anyUnsolicited() bool {
	return slices.ContainsFunc(h.IDPs, func(i IDP) bool { return i.Unsolicited == Reinitiate || i.Unsolicited == Accept })
}

// unasked handles an answer to no request. idp is whom it claims to come from.
func (h *Handler) unasked(w http.ResponseWriter, r *http.Request, v *visit.Visit, response, idp string) {
	v.IDP = idp
	switch from := h.idps[idp]; from.Unsolicited {
	case Reinitiate:
		v.Reason = "reinitiated"
		h.Observer.Login(idp, "reinitiated", "")
		Redirect(w, h.LoginURL()+"/"+idp+"?"+url.Values{"return_to": {h.relayed(r, from)}}.Encode())
	case Accept:
		id, err := h.Provider.Verify(r.Context(), response, Asked{IDP: idp})
		if err != nil {
			h.refuse(w, r, v, err)
			return
		}
		h.keepWaiting(w, r, v, waiting{Identity: id, Target: h.relayed(r, from)}, h.below("continue"))
	default:
		h.unsolicited(w, r, v, "unsolicited")
	}
}

// relayed is where the identity provider wants the person to go: its RelayState
// if that is a place of ours, else its default.
func (h *Handler) relayed(r *http.Request, from IDP) string {
	if relay := r.PostForm.Get("RelayState"); relay != "" {
		if to, ok := h.Returns.Check(relay); ok {
			return to
		}
		h.Observer.ReturnRefused()
	}
	return from.DefaultURL
}

// waiting is a proven identity that waits for its browser: the session cookie
// does not come with the identity provider's cross-site POST, and without it
// nobody can tell whether this would be a change of person.
type waiting struct {
	Identity identity.Identity `json:"i"`
	Target   string            `json:"t,omitempty"`
}

const (
	waitingKind = "unsolicited"
	waitingLife = 2 * time.Minute
)

// keepWaiting keeps a proven identity under a code of one use, and sends the
// browser there with it.
func (h *Handler) keepWaiting(w http.ResponseWriter, r *http.Request, v *visit.Visit, wait waiting, where string) {
	code, err := h.putWaiting(r, wait)
	if err != nil {
		h.unavailable(w, r, v, err)
		return
	}
	v.Reason = "unsolicited_accepted"
	Redirect(w, h.origin+where+"?"+url.Values{"code": {code}}.Encode())
}

func (h *Handler) putWaiting(r *http.Request, wait waiting) (code string, err error) {
	value, err := json.Marshal(wait)
	if err != nil {
		return "", err
	}
	code = nonce()
	return code, h.Sessions.PutOnce(r.Context(), waitingKind, code, value, waitingLife)
}

func (h *Handler) takeWaiting(r *http.Request, code string) (wait waiting, err error) {
	value, err := h.Sessions.TakeOnce(r.Context(), waitingKind, code)
	if err != nil {
		return waiting{}, err
	}
	return wait, json.Unmarshal(value, &wait)
}

// proceed signs in who was proven without having asked. A browser in which
// somebody else is signed in asks first: any page could have sent this answer.
func (h *Handler) proceed(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if !h.method(w, r, v, http.MethodGet, http.MethodPost) {
		return
	}
	confirmed := r.Method == http.MethodPost
	if confirmed && !h.Deliberate(r, v) || !confirmed && !pages.IsNavigation(r) {
		h.problem(w, r, v, pages.CSRF)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	wait, err := h.takeWaiting(r, r.FormValue("code"))
	if errors.Is(err, sessionstore.ErrNotFound) {
		h.problem(w, r, v, pages.LoginExpired, h.startAgain())
		return
	}
	s, _, sessionErr := h.Session(r, v)
	switch err := errors.Join(err, sessionErr); {
	case err != nil:
		h.unavailable(w, r, v, err)
	case s != nil && s.Identity.Person != wait.Identity.Person && !confirmed:
		h.confirmPerson(w, r, v, wait, s)
	default:
		h.replace(w, r, v, wait, s)
	}
}

const maxForm = 4096 // bytes of a form of ours

func (h *Handler) confirmPerson(w http.ResponseWriter, r *http.Request, v *visit.Visit, wait waiting, s *sessionstore.Session) {
	code, err := h.putWaiting(r, wait)
	if err != nil {
		h.unavailable(w, r, v, err)
		return
	}
	v.Session, v.Reason = s.ID.Hash(), "change_of_person_asked"
	h.Pages.ConfirmPerson(w, r, pages.ConfirmPerson{
		Now: string(s.Identity.Email), Next: string(wait.Identity.Email),
		Action: h.below("continue"), Fields: []pages.Field{{Name: "code", Value: code}}, Cancel: h.below("account"),
		Targets: append(h.appOrigins(), wait.Target),
	})
}

// appOrigins are the origins that somebody who is signed in may be sent to.
func (h *Handler) appOrigins() []string {
	var all []string
	for _, p := range h.Places {
		for _, host := range p.Hosts {
			all = append(all, h.originOf(host)+"/")
		}
	}
	return all
}

// replace starts the session, in place of the one of this browser.
func (h *Handler) replace(w http.ResponseWriter, r *http.Request, v *visit.Visit, wait waiting, s *sessionstore.Session) {
	v.IDP = wait.Identity.IDP
	if _, known := h.idps[v.IDP]; !known { // a reload took it away meanwhile
		h.refuse(w, r, v, &Refusal{Reason: "unknown_idp", Detail: "no longer configured", Code: pages.UnknownIDP})
		return
	}
	target := wait.Target
	if target == "" {
		target = h.below("account")
	}
	state, err := h.Jar.beginJourney(w, r, h.Host, target, h.Now())
	if err != nil {
		h.failed(w, r, v, err)
		return
	}
	began, _ := h.Jar.readLogins(r, h.Host)
	if s != nil {
		began.Session = s.ID
	}
	h.admit(w, r, v, wait.Identity, pending{IDP: v.IDP, Host: h.Host, State: state}, began)
}
