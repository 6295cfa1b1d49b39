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
func (h *Handler) unasked(w http.ResponseWriter, r *http.Request, v *visit.Visit, response, idp string, began logins) {
	v.IDP, v.Login.Unsolicited = idp, true
	if p, trial := began.trial(idp, h.Now()); trial { // it must sign nobody in
		h.try(w, r, v, response, p, began)
		return
	}
	switch from := h.idps[idp]; from.Unsolicited {
	case Reinitiate:
		if began.rounds(idp, h.Now()) > maxRounds { // it answers our requests as if there were none
			h.looped(w, r, v, &circle{rounds: maxRounds + 1, cause: causeUnanswered})
			return
		}
		if err := h.Jar.writeLogins(w, h.Host, began); err != nil { // which must be there in the next step
			h.failed(w, r, v, err)
			return
		}
		v.Reason = "reinitiated"
		h.Observer.Login(idp, "reinitiated", "")
		Redirect(w, h.LoginURL()+"/"+idp+"?"+url.Values{"return_to": {h.relayed(r, v, from)}, "again": {"1"}}.Encode())
	case Accept:
		id, report, err := h.Provider.Verify(r.Context(), response, Asked{IDP: idp, ServiceProvider: v.ServiceProvider})
		v.Login.Report = report
		if err != nil {
			h.refuse(w, r, v, err)
			return
		}
		h.keepWaiting(w, r, v, waiting{Identity: id, Target: h.relayed(r, v, from)})
	default:
		h.unsolicited(w, r, v, "unsolicited")
	}
}

// relayed is where the identity provider wants the person to go: its RelayState
// if that is a place of ours, else the home of the SP identity it came to, else
// its default.
func (h *Handler) relayed(r *http.Request, v *visit.Visit, from IDP) string {
	if relay := r.PostForm.Get("RelayState"); relay != "" {
		if to, ok := h.Returns.Check(relay); ok {
			return to
		}
		h.Observer.ReturnRefused()
	}
	if home := h.home(v.ServiceProvider); home != "" {
		return home
	}
	return from.DefaultURL
}

// waiting is a proven identity that waits for its browser: the session cookie
// does not come with the identity provider's cross-site POST, and without it
// nobody can tell whether this would be a change of person.
type waiting struct {
	Identity identity.Identity   `json:"i"`
	Target   string              `json:"t,omitempty"`
	Epochs   sessionstore.Epochs `json:"e"` // when it was proven: whoever is signed out since stays signed out
	Login    visit.Login         `json:"l"` // how the answer fared
	Until    time.Time           `json:"u"` // of the first code and of those that replace it
}

const (
	waitingKind = "unsolicited"
	waitingLife = 2 * time.Minute
)

// keepWaiting keeps a proven identity under a code of one use, and sends the
// browser there with it.
func (h *Handler) keepWaiting(w http.ResponseWriter, r *http.Request, v *visit.Visit, wait waiting) {
	epochs, err := h.Sessions.Epochs(r.Context(), wait.Identity.Person)
	if err != nil {
		h.undecided(w, r, v, err)
		return
	}
	wait.Login = v.Login
	wait.Epochs, wait.Until = epochs, h.Now().Add(waitingLife)
	began, _ := h.Jar.readLogins(r, h.Host)
	code, ok := h.putWaiting(w, r, v, wait, began)
	if !ok {
		return
	}
	v.Reason = "unsolicited_accepted"
	Redirect(w, h.origin+h.below("continue")+"?"+url.Values{"code": {code}}.Encode())
}

// putWaiting returns the code, which is good in this browser alone: its login
// cookie remembers the hash. False means that the request was answered.
func (h *Handler) putWaiting(w http.ResponseWriter, r *http.Request, v *visit.Visit, wait waiting, began logins) (code string, ok bool) {
	value, err := json.Marshal(wait)
	if err != nil {
		h.failed(w, r, v, err)
		return "", false
	}
	code = nonce()
	began.await(stateOf(code))
	if err := h.Jar.writeLogins(w, h.Host, began); err != nil {
		h.failed(w, r, v, err)
		return "", false
	}
	if err := h.Sessions.PutOnce(r.Context(), waitingKind, code, value, wait.Until.Sub(h.Now())); err != nil {
		h.undecided(w, r, v, err)
		return "", false
	}
	return code, true
}

// takeWaiting spends a code. One that came to another browser than this, or
// whose time has passed, is [sessionstore.ErrNotFound].
func (h *Handler) takeWaiting(r *http.Request, code string, began *logins) (wait waiting, err error) {
	if !began.arrive(stateOf(code)) {
		return waiting{}, sessionstore.ErrNotFound
	}
	value, err := h.Sessions.TakeOnce(r.Context(), waitingKind, code)
	if err != nil {
		return waiting{}, err
	}
	if err := json.Unmarshal(value, &wait); err != nil {
		return waiting{}, err
	}
	if !h.Now().Before(wait.Until) {
		return waiting{}, sessionstore.ErrNotFound
	}
	return wait, nil
}

// proceed signs in who was proven without having asked. A browser in which
// somebody else is signed in asks first: any page could have sent this answer.
func (h *Handler) proceed(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if !h.method(w, r, v, http.MethodGet, http.MethodPost) {
		return
	}
	confirmed := r.Method == http.MethodPost
	if confirmed && !h.Deliberate(r, v) || !confirmed && (fetchedAhead(r) || !pages.IsNavigation(r)) {
		h.problem(w, r, v, pages.CSRF)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	began, _ := h.Jar.readLogins(r, h.Host)
	wait, err := h.takeWaiting(r, r.FormValue("code"), &began)
	if errors.Is(err, sessionstore.ErrNotFound) {
		h.problem(w, r, v, pages.LoginExpired, h.startAgain(v))
		return
	}
	s, sessionErr := h.present(r, v, began)
	switch err := errors.Join(err, sessionErr); {
	case err != nil:
		h.undecided(w, r, v, err)
	case s != nil && s.Identity.Person != wait.Identity.Person && !confirmed:
		h.confirmPerson(w, r, v, wait, s, began)
	default:
		h.replace(w, r, v, wait, s, began)
	}
}

// present is the live session of this browser on the gateway origin: that of
// its session cookie, else the one that its login cookie knows of.
func (h *Handler) present(r *http.Request, v *visit.Visit, began logins) (*sessionstore.Session, error) {
	s, _, err := h.Session(r, v)
	if s != nil || err != nil || began.Session == "" {
		return s, err
	}
	return h.live(r.Context(), began.Session)
}

const maxForm = 4096 // bytes of a form of ours

func (h *Handler) confirmPerson(w http.ResponseWriter, r *http.Request, v *visit.Visit, wait waiting, s *sessionstore.Session, began logins) {
	code, ok := h.putWaiting(w, r, v, wait, began)
	if !ok {
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
func (h *Handler) replace(w http.ResponseWriter, r *http.Request, v *visit.Visit, wait waiting, s *sessionstore.Session, began logins) {
	v.IDP, v.Login = wait.Identity.IDP, wait.Login
	if h.idps[v.IDP].Unsolicited != Accept { // a reload changed it, or took it away
		h.unsolicited(w, r, v, "unsolicited")
		return
	}
	epochs, err := h.Sessions.Epochs(r.Context(), wait.Identity.Person)
	if err != nil {
		h.undecided(w, r, v, err)
		return
	}
	if epochs.Person != wait.Epochs.Person || epochs.Bucket != wait.Epochs.Bucket {
		h.denyLogin(w, r, v, wait.Identity, "ended_meanwhile", pages.LoginExpired)
		return
	}
	target := wait.Target
	if target == "" {
		target = h.below("account")
	}
	state, ok := h.setOut(w, r, v, target, s == nil)
	if !ok {
		return
	}
	if s != nil {
		began.Session = s.ID
	}
	h.admit(w, r, v, wait.Identity, epochs, pending{IDP: v.IDP, Host: h.Host, State: state}, began)
}
