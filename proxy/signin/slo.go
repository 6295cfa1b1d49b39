package signin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

const (
	maxSOAP = 64 << 10         // of a SOAP request: one small message
	endTime = 30 * time.Second // for the end of all that one message names
)

// slo is the single logout service of an identity of ours (SAML Profiles §4.4),
// for messages that browsers carry. Like the ACS it is exempt from the
// cross-origin check, for its visitors come from the identity provider's pages,
// in frames of these too: a signature speaks for them. It needs no cookie to end
// sessions.
func (h *Handler) slo(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	h.doubted(h.LogoutRate, func(w http.ResponseWriter, r *http.Request, v *visit.Visit) (proven bool) {
		in, ok := h.receiveLogout(w, r, v)
		if !ok || h.crowded(h.LogoutRate, w, r, v) {
			return false
		}
		m, err := h.readLogout(v, in)
		if refusal := asRefusal(err); refusal != nil && in.answers() {
			v.Err = refusal
			h.strayLogout(w, r, v)
			return false
		}
		if err != nil {
			return h.refuseLogout(w, r, v, err)
		}
		if request, response := m.Answers(); response {
			return h.answered(w, r, v, m, request)
		}
		answer, err := h.endNamed(r, v, m)
		if err != nil {
			return h.refuseLogout(w, r, v, err)
		}
		h.forgetEnded(w, r, v)
		if answer == nil {
			h.Pages.SignedOut(w, r, pages.SignedOut{Reason: pages.EndedByIDP, IDP: h.idps[v.IDP].DisplayName, SignIn: h.LoginURL(), Choose: h.chooseURL()})
			return true
		}
		h.carry(w, r, *answer)
		return true
	})(w, r, v)
}

// receiveLogout reads what a browser brings.
func (h *Handler) receiveLogout(w http.ResponseWriter, r *http.Request, v *visit.Visit) (Received, bool) {
	if !h.method(w, r, v, http.MethodGet, http.MethodPost) {
		return Received{}, false
	}
	if r.Method == http.MethodPost {
		ok := h.readForm(w, r, v)
		return Received{Form: r.PostForm}, ok
	}
	if fetchedAhead(r) { // nobody may ever come here
		h.problem(w, r, v, pages.BadRequest)
		return Received{}, false
	}
	return Received{Query: r.URL.RawQuery}, true
}

func (h *Handler) readLogout(v *visit.Visit, in Received) (LogoutMessage, error) {
	if h.Logouts == nil {
		return nil, &Refusal{Reason: "slo_off", Detail: "no logout service", Code: pages.SLORefused}
	}
	return h.Logouts.Read(v.ServiceProvider, in)
}

// endNamed does what a request asks, once it is proven. Nobody found is done,
// too (SAML Profiles §4.4.3.4); while the store cannot tell nothing is.
func (h *Handler) endNamed(r *http.Request, v *visit.Visit, m LogoutMessage) (*LogoutAnswer, error) {
	req, err := m.Request(r.Context())
	if err != nil {
		return nil, err
	}
	v.IDP = req.IDP
	// Whoever hangs up now stops nothing: a frame is gone as soon as the page around it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), endTime)
	defer cancel()
	if _, err := h.Sessions.EndNamed(ctx, req.Named, sessionstore.ReasonSingleLogout); err != nil {
		return nil, err
	}
	if err := req.Spend(ctx); err != nil {
		return nil, err
	}
	v.Reason = "single_logout"
	h.Observer.Logout(v.IDP, "received", "success")
	h.Audit.Record(audit.Event{Type: audit.LogoutAccepted, IDP: v.IDP, Addr: v.Client(), RequestID: v.ID, By: "idp"})
	answer, err := req.Done()
	if err != nil { // what was asked for is done all the same
		v.Err = err
		return nil, nil
	}
	return answer, nil
}

// forgetEnded takes away what is left of a session that has just ended, where
// its cookie came along: it does neither with a POST from another site nor in a
// frame.
func (h *Handler) forgetEnded(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	id, _, ok := h.Jar.Session(r, v.Host)
	if !ok {
		return
	}
	if _, err := h.Sessions.Get(r.Context(), id); errors.Is(err, sessionstore.ErrNotFound) {
		v.Session = id.Hash()
		h.sweep(w, v.Host)
	}
}

// refuseLogout answers what ended nothing. The identity provider hears of it
// where it is certain that it asked. It returns false for a refusal; while nobody
// can tell, nobody is blamed.
func (h *Handler) refuseLogout(w http.ResponseWriter, r *http.Request, v *visit.Visit, err error) bool {
	refusal := h.noteRefusal(v, err)
	switch {
	case refusal == nil:
		h.unavailable(w, r, v, err)
	case refusal.Answer != nil:
		h.carry(w, r, *refusal.Answer)
	default:
		h.show(w, r, v, pages.Problem{
			Code: refusal.Code, Args: h.named(refusal.Args, v.IDP), Actions: []pages.Action{h.signOutButton()},
		})
	}
	return refusal == nil
}

// noteRefusal counts and records; nil means that the error is none, but a doubt.
func (h *Handler) noteRefusal(v *visit.Visit, err error) *Refusal {
	refusal := asRefusal(err)
	if refusal == nil {
		h.Observer.Logout(v.IDP, "received", "error")
		return nil
	}
	if refusal.Answer != nil {
		v.IDP = refusal.Answer.IDP
	}
	v.Reason, v.Err = refusal.Reason, refusal
	h.Observer.Logout(v.IDP, "received", "refused")
	h.Audit.Record(audit.Event{Type: audit.LogoutRefused, IDP: v.IDP, Addr: v.Client(), RequestID: v.ID, Reason: refusal.Reason, By: "idp"})
	return refusal
}

// soap is the single logout service of an identity of ours for identity
// providers that come without a browser (SAML Bindings §3.2).
func (h *Handler) soap(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	h.doubted(h.LogoutRate, func(w http.ResponseWriter, r *http.Request, v *visit.Visit) (proven bool) {
		if !h.method(w, r, v, http.MethodPost) {
			return false
		}
		in, err := h.receiveSOAP(w, r)
		if err == nil && h.crowded(h.LogoutRate, w, r, v) {
			return false
		}
		return h.answerSOAP(w, r, v, in, err)
	})(w, r, v)
}

// receiveSOAP reads what an identity provider sends.
func (h *Handler) receiveSOAP(w http.ResponseWriter, r *http.Request) (Received, error) {
	if !isXML(r.Header.Get("Content-Type")) {
		return Received{}, &Refusal{Reason: "soap_type", Detail: "the body is not declared as text/xml"}
	}
	_ = http.NewResponseController(w).SetReadDeadline(h.Now().Add(bodyTime)) // not every writer can
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSOAP))
	if err != nil {
		return Received{}, &Refusal{Reason: "soap_body", Detail: "the body is too large or did not arrive"}
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return Received{SOAP: body}, nil
}

// answerSOAP does what was received, unless that failed, and says how it went.
func (h *Handler) answerSOAP(w http.ResponseWriter, r *http.Request, v *visit.Visit, in Received, err error) (proven bool) {
	var answer *LogoutAnswer
	if err == nil {
		answer, err = h.endBySOAP(r, v, in)
	}
	if err == nil {
		h.envelope(w, http.StatusOK, answer.Body)
		return true
	}
	refusal := h.noteRefusal(v, err)
	if refusal != nil && refusal.Answer != nil {
		h.envelope(w, http.StatusOK, refusal.Answer.Body)
		return false
	}
	v.Err = err
	h.envelope(w, http.StatusInternalServerError, h.fault(refusal != nil))
	return refusal == nil
}

func (h *Handler) endBySOAP(r *http.Request, v *visit.Visit, in Received) (*LogoutAnswer, error) {
	m, err := h.readLogout(v, in)
	if err != nil {
		return nil, err
	}
	answer, err := h.endNamed(r, v, m)
	if err == nil && answer == nil {
		err = errors.New("no answer could be written")
	}
	return answer, err
}

func (h *Handler) fault(refused bool) []byte {
	if h.Logouts == nil {
		return nil
	}
	return h.Logouts.Fault(refused)
}

// envelope writes a SOAP answer; none may be kept (SAML Bindings §3.2.3.2).
func (h *Handler) envelope(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
