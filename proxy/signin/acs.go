package signin

import (
	"errors"
	"net/http"
	"time"

	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

const (
	maxBody  = 1 << 20          // of a SAML message and its form
	bodyTime = 10 * time.Second // to receive it
)

// acs is the assertion consumer service (SAML Profiles §4.1.3.5, Bindings
// §3.5): the one door by which an identity comes in. It is exempt from the
// cross-origin check, since the POST comes from the identity provider's page.
func (h *Handler) acs(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if r.Method != http.MethodPost {
		h.show(w, r, v, pages.Problem{Code: pages.ACSGet, Allow: []string{http.MethodPost}, Actions: []pages.Action{h.startAgain(v)}})
		return
	}
	h.limited(h.ACSRate, h.consume)(w, r, v)
}

func (h *Handler) consume(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	began, called := h.Jar.readLogins(r, h.Host)
	if !called && !h.anyUnsolicited() { // nobody here began a login: answered before any XML is read
		h.uncalled(w, r, v)
		return
	}
	response, ok := h.receive(w, r, v)
	if !ok {
		return
	}
	hint, err := h.Provider.Hint(response)
	if err != nil {
		h.refuse(w, r, v, err)
		return
	}
	if hint.RequestID == "" {
		h.unasked(w, r, v, response, hint.IDP, began)
		return
	}
	if !called {
		h.uncalled(w, r, v)
		return
	}
	p, ok := began.take(hint.RequestID, h.Now())
	if !ok {
		h.strayed(w, r, v, began)
		return
	}
	v.IDP, v.Login.Known = p.IDP, true
	if p.Trial != "" {
		h.try(w, r, v, response, p, began)
		return
	}
	if refusal := misdirected(v, p); refusal != nil {
		h.refuse(w, r, v, refusal)
		return
	}
	if _, known := h.idps[p.IDP]; !known { // a reload took it away meanwhile
		h.refuse(w, r, v, &Refusal{Reason: "unknown_idp", Detail: "no longer configured", Code: pages.UnknownIDP})
		return
	}
	demand := h.places[p.Route].Demand
	demand.Anew = p.Person != ""
	id, report, err := h.Provider.Verify(r.Context(), response, Asked{
		IDP: p.IDP, ServiceProvider: p.ServiceProvider, RequestID: p.Request, At: time.Unix(p.Began, 0), Demand: demand,
	})
	v.Login.Report = report
	if err != nil {
		h.refuse(w, r, v, err)
		return
	}
	if p.Person != "" && p.Person != personMark(id.Person) {
		h.otherPerson(w, r, v, id)
		return
	}
	// Epochs come first: whoever is signed out while we judge stays signed out.
	epochs, err := h.Sessions.Epochs(r.Context(), id.Person)
	if err != nil {
		h.undecided(w, r, v, err)
		return
	}
	h.admit(w, r, v, id, epochs, p, began)
}

// receive reads the form. It takes one SAMLResponse of at most [maxBody] bytes.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request, v *visit.Visit) (string, bool) {
	if !h.readForm(w, r, v) {
		return "", false
	}
	if len(r.PostForm["SAMLResponse"]) != 1 {
		h.problem(w, r, v, pages.BadRequest, h.startAgain(v))
		return "", false
	}
	return r.PostForm["SAMLResponse"][0], true
}

// misdirected refuses an answer that arrives at another SP identity than the one
// that asked (Bindings §3.5.5.2: not where it was meant to arrive), or is nil.
func misdirected(v *visit.Visit, p pending) error {
	if p.ServiceProvider == v.ServiceProvider {
		return nil
	}
	return &Refusal{Reason: "other_service_provider", Detail: "the request was made with another SP identity", Code: pages.SAMLRefused}
}

// readForm reads a form of at most [maxBody] bytes in [bodyTime]; false means
// that the request was answered.
func (h *Handler) readForm(w http.ResponseWriter, r *http.Request, v *visit.Visit) bool {
	_ = http.NewResponseController(w).SetReadDeadline(h.Now().Add(bodyTime)) // not every writer can
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	err := r.ParseForm()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		h.problem(w, r, v, pages.TooLarge)
		return false
	case err != nil:
		h.problem(w, r, v, pages.BadRequest, h.startAgain(v))
		return false
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return true
}

// strayed: this browser began logins, but not the one that is answered. Somebody
// who is signed in by now (the back button, a second click) goes on; nothing in
// the answer is used.
func (h *Handler) strayed(w http.ResponseWriter, r *http.Request, v *visit.Visit, began logins) {
	if began.Session != "" {
		switch s, err := h.live(r.Context(), began.Session); {
		case err != nil:
			h.unavailable(w, r, v, err)
			return
		case s != nil:
			v.Reason = "already_signed_in"
			Redirect(w, h.origin+h.below("account"))
			return
		}
	}
	h.unsolicited(w, r, v, "no_pending_login")
}

// uncalled: this browser has no login cookie. Our own RelayState tells a cookie
// that was lost on the way from an answer that nobody asked for. It comes from
// anywhere, so it chooses the words of the page and nothing else.
func (h *Handler) uncalled(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	_ = http.NewResponseController(w).SetReadDeadline(h.Now().Add(bodyTime)) // not every writer can
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if h.Jar.ticketValid(r.PostFormValue("RelayState"), h.Now()) {
		h.looped(w, r, v, &circle{cause: causeLoginCookie})
		return
	}
	h.unsolicited(w, r, v, "no_login_cookie")
}

func (h *Handler) unsolicited(w http.ResponseWriter, r *http.Request, v *visit.Visit, reason string) {
	v.Reason = reason
	h.outcome(v, "refused", reason)
	h.Audit.Record(audit.Event{Type: audit.LoginRefused, Addr: v.Client(), RequestID: v.ID, Reason: reason})
	h.problem(w, r, v, pages.Unsolicited, h.startAgain(v))
}

// refuse shows why an answer was not accepted, in plain words; the details go
// to the log.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, v *visit.Visit, err error) {
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		h.undecided(w, r, v, err)
		return
	}
	v.Login.Detail = refusal.Detail
	v.Reason, v.Err = refusal.Reason, refusal
	h.outcome(v, "refused", refusal.Reason)
	h.Audit.Record(audit.Event{Type: audit.LoginRefused, IDP: v.IDP, Addr: v.Client(), RequestID: v.ID, Reason: refusal.Reason})
	p := pages.Problem{Code: refusal.Code, Args: h.named(refusal.Args, v.IDP), Actions: h.wayOut(v)}
	if p.Code == pages.IDPUnavailable {
		p.RetryAfter = metadataRetry
	}
	h.show(w, r, v, p)
}

// metadataRetry is when to ask again after an IdP's metadata was missing.
const metadataRetry = 30 * time.Second

// named adds the name people know the identity provider by.
func (h *Handler) named(args map[string]string, idp string) map[string]string {
	all := map[string]string{"idp": h.idps[idp].DisplayName}
	for k, a := range args {
		all[k] = a
	}
	return all
}

// admit judges an identity that was proven when these epochs were read, and
// starts its session.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, v *visit.Visit, id identity.Identity, epochs sessionstore.Epochs, p pending, began logins) {
	h.admitWith(w, r, v, id, epochs, p, began, choice{})
}

// admitWith is admit for somebody who may have chosen a session to end.
func (h *Handler) admitWith(w http.ResponseWriter, r *http.Request, v *visit.Visit, id identity.Identity, epochs sessionstore.Epochs, p pending, began logins, c choice) {
	wait := asking{Identity: id, Epochs: epochs, Pending: p, Login: v.Login, Until: c.until}
	id, ok := h.withRoles(w, r, v, id)
	if !ok {
		return
	}
	replaced, err := h.replaced(r.Context(), id.Authn, began.Session)
	if err != nil {
		h.undecided(w, r, v, err)
		return
	}
	limits, err := h.Sessions.Limits(r.Context(), id)
	if err != nil {
		h.outcome(v, "error", "unavailable")
		h.unavailable(w, r, v, err)
		return
	}
	started, err := h.Sessions.Start(r.Context(), sessionstore.Start{
		Identity: id, Client: client(r, v), Epochs: epochs, Limits: limits, Replaces: replaced, Frees: c.frees,
	})
	switch {
	case errors.Is(err, sessionstore.ErrLimit):
		h.atLimit(w, r, v, wait, limits, began)
		return
	case errors.Is(err, sessionstore.ErrEpochMoved):
		h.denyLogin(w, r, v, id, "ended_meanwhile", pages.LoginExpired)
		return
	case errors.Is(err, sessionstore.ErrOver): // SAML Core §2.7.2: SessionNotOnOrAfter
		h.denyLogin(w, r, v, id, "session_over", pages.LoginExpired)
		return
	case errors.Is(err, sessionstore.ErrUnavailable) || errors.Is(err, sessionstore.ErrFormat):
		h.undecided(w, r, v, err)
		return
	case err != nil:
		h.outcome(v, "error", "internal")
		h.failed(w, r, v, err)
		return
	}
	if h.outdated(w, r, v, started.Session) {
		return
	}
	h.welcome(w, r, v, started.Session, p, began)
}

// shutOut refuses a person whose role shuts the door, and ends what sessions
// they still have.
func (h *Handler) shutOut(w http.ResponseWriter, r *http.Request, v *visit.Visit, id identity.Identity) {
	if _, err := h.Sessions.EndAll(r.Context(), id.Person, sessionstore.ReasonRole); err != nil {
		h.undecided(w, r, v, err)
		return
	}
	h.denyLogin(w, r, v, id, "role_denied", pages.RoleDenied)
}

func (h *Handler) denyLogin(w http.ResponseWriter, r *http.Request, v *visit.Visit, id identity.Identity, reason string, code pages.Code) {
	h.noteDenial(v, id, reason)
	h.show(w, r, v, pages.Problem{
		Code: code, Actions: []pages.Action{h.otherAction()}, Args: h.named(map[string]string{"email": string(id.Email)}, v.IDP),
	})
}

// noteDenial records that somebody whose identity was proven is not let in.
func (h *Handler) noteDenial(v *visit.Visit, id identity.Identity, reason string) {
	v.Reason = reason
	h.outcome(v, "refused", reason)
	h.Audit.Record(audit.Event{Type: audit.LoginRefused, Person: id.Person, IDP: v.IDP, Addr: v.Client(), RequestID: v.ID, Reason: reason})
}

// welcome gives the browser its session and lets it go on.
func (h *Handler) welcome(w http.ResponseWriter, r *http.Request, v *visit.Visit, s *sessionstore.Session, p pending, began logins) {
	v.Session, v.Reason = s.ID.Hash(), "signed_in"
	began.Session = s.ID
	if err := errors.Join(h.Jar.SetSession(w, h.Host, s, h.Now()), h.Jar.writeLogins(w, h.Host, began)); err != nil {
		h.failed(w, r, v, err)
		return
	}
	h.outcome(v, "accepted", "")
	h.Audit.Record(audit.Event{
		Type: audit.LoginAccepted, Person: s.Identity.Person, IDP: v.IDP, Session: v.Session, Addr: v.Client(), RequestID: v.ID,
	})
	h.handOver(w, r, v, aim{host: p.Host, route: p.Route, state: p.State}, s)
}
