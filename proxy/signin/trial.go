package signin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// Trials keeps the verdict of a dry run for whoever asked for it.
type Trials interface {
	// Verdict keeps how the trial called id ended. v.Login tells the checks; who
	// is nil where nobody was proven.
	Verdict(ctx context.Context, id string, v visit.Visit, who *identity.Identity) error
}

// Trial is a dry run of a sign-in. Whoever holds the URL may try; whoever holds
// the ID may read the verdict: neither leads to the other.
type Trial struct {
	ID, URL string
	Until   time.Time // when the URL is good for nothing any more
}

// Errors of [Handler.BeginTrial].
var (
	ErrUnknownIDP             = errors.New("no such identity provider")
	ErrUnknownServiceProvider = errors.New("no such service provider")
)

const (
	trialKind = "trial"
	trialLife = 10 * time.Minute
)

// trialTicket is what the code in the URL stands for.
type trialTicket struct {
	ID  string `json:"i"`
	IDP string `json:"d"`
	SP  string `json:"e,omitempty"`
}

// BeginTrial makes a URL of one use for a dry run at the identity provider
// called idp, with the SP identity called sp, empty for the gateway's own:
// [ErrUnknownIDP], [ErrUnknownServiceProvider], or the store's errors.
func (h *Handler) BeginTrial(ctx context.Context, idp, sp string) (Trial, error) {
	if _, known := h.idps[idp]; !known {
		return Trial{}, ErrUnknownIDP
	}
	if !h.is(sp) {
		return Trial{}, ErrUnknownServiceProvider
	}
	id, code := nonce(), nonce()
	value, err := json.Marshal(trialTicket{ID: id, IDP: idp, SP: sp})
	if err != nil {
		return Trial{}, err
	}
	if err := h.Sessions.PutOnce(ctx, trialKind, code, value, trialLife); err != nil {
		return Trial{}, err
	}
	return Trial{ID: id, URL: h.origin + h.below("try/") + code, Until: h.Now().Add(trialLife)}, nil
}

// is reports whether sp is one of our SP identities; empty is the gateway's own.
func (h *Handler) is(sp string) bool {
	return sp == "" || slices.ContainsFunc(h.Further, func(f ServiceProvider) bool { return f.Name == sp })
}

// trialCode is the code in try/{code}, empty on other paths.
func (h *Handler) trialCode(v *visit.Visit) string {
	if dir, code := path.Split(v.Path.Decoded()); dir == h.below("try/") && validState(code) {
		return code
	}
	return ""
}

// Printed is the path as it may stand in a log: without the code of a dry run.
func (h *Handler) Printed(v *visit.Visit) string {
	if tries := h.below("try/"); strings.HasPrefix(v.Path.Decoded(), tries) {
		return tries + "…"
	}
	return v.Path.Escaped()
}

// beginTrial shows what is about to happen; only the button spends the code, so
// that a page which is fetched ahead, or a link that a mail server looks at,
// does not.
func (h *Handler) beginTrial(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	switch {
	case !h.method(w, r, v, http.MethodGet, http.MethodHead, http.MethodPost):
		return
	case r.Method != http.MethodPost:
		v.Reason = "trial_asked"
		h.Pages.TrialStart(w, r, h.below("try/")+h.trialCode(v))
		return
	case !h.Deliberate(r, v):
		h.problem(w, r, v, pages.CSRF)
		return
	}
	var t trialTicket
	value, err := h.Sessions.TakeOnce(r.Context(), trialKind, h.trialCode(v))
	if err == nil {
		err = json.Unmarshal(value, &t)
	}
	idp, known := h.idps[t.IDP]
	switch {
	case errors.Is(err, sessionstore.ErrNotFound), err == nil && !(known && h.is(t.SP)): // a reload took it away meanwhile
		h.problem(w, r, v, pages.LoginExpired)
	case err != nil:
		h.unavailable(w, r, v, err)
	default:
		h.askTrial(w, r, v, idp, t)
	}
}

// askTrial sends the browser to the identity provider. A redirect would not do:
// Chromium holds it to the form-action of the page whose button was pressed.
func (h *Handler) askTrial(w http.ResponseWriter, r *http.Request, v *visit.Visit, idp IDP, t trialTicket) {
	v.IDP, v.ServiceProvider, v.Reason = idp.Name, t.SP, "trial_begun"
	req, err := h.Provider.Request(idp.Name, h.Jar.ticket(h.Now()), Demand{ServiceProvider: t.SP})
	if err != nil {
		h.refuse(w, r, v, err)
		return
	}
	known, _ := h.Jar.readLogins(r, h.Host)
	known.add(pending{Request: req.ID, IDP: idp.Name, ServiceProvider: t.SP, Host: h.Host, Trial: t.ID, Began: h.Now().Unix()}, h.Now())
	if err := h.Jar.writeLogins(w, h.Host, known); err != nil {
		h.failed(w, r, v, err)
		return
	}
	if len(req.Fields) == 0 {
		h.Pages.Onward(w, r, req.URL, idp.DisplayName)
		return
	}
	fields := make([]pages.Field, len(req.Fields))
	for i, f := range req.Fields {
		fields[i] = pages.Field(f)
	}
	h.Pages.PostForm(w, r, req.URL, fields, idp.DisplayName)
}

// try judges the answer to a dry run as any other, keeps the verdict for whoever
// asked for it, and signs nobody in.
func (h *Handler) try(w http.ResponseWriter, r *http.Request, v *visit.Visit, response string, p pending, began logins) {
	began.take(p.Request, h.Now())
	v.Login.Known, v.Login.Trial, v.Login.Result = true, true, "accepted"
	id, report, err := h.proveTrial(r.Context(), v, response, p)
	v.Login.Report = report
	var refusal *Refusal
	who := &id
	switch roles, denied := h.idps[p.IDP].Roles.Apply(id.Roles); {
	case errors.As(err, &refusal):
		v.Login.Result, v.Login.Reason, v.Login.Detail, who = "refused", refusal.Reason, refusal.Detail, nil
	case err != nil:
		h.untried(w, r, v, err)
		return
	case denied != "":
		v.Login.Result, v.Login.Reason = "refused", "role_denied"
	default:
		id.Roles = roles
	}
	var kept error
	if h.Trials != nil {
		kept = h.Trials.Verdict(r.Context(), p.Trial, *v, who)
	}
	if err := errors.Join(kept, h.Jar.writeLogins(w, h.Host, began)); err != nil {
		h.untried(w, r, v, err)
		return
	}
	h.tried(v, who)
	h.Pages.TrialOver(w, r)
}

// untried: the store is away, so that there is no verdict.
func (h *Handler) untried(w http.ResponseWriter, r *http.Request, v *visit.Visit, err error) {
	v.Login.Result, v.Login.Reason, v.Login.Detail = "error", "unavailable", ""
	h.tried(v, nil)
	h.unavailable(w, r, v, err)
}

func (h *Handler) proveTrial(ctx context.Context, v *visit.Visit, response string, p pending) (identity.Identity, visit.Report, error) {
	if refusal := misdirected(v, p); refusal != nil {
		return identity.Identity{}, visit.Report{}, refusal
	}
	return h.Provider.Verify(ctx, response, Asked{IDP: p.IDP, ServiceProvider: p.ServiceProvider, RequestID: p.Request, At: time.Unix(p.Began, 0)})
}

func (h *Handler) tried(v *visit.Visit, who *identity.Identity) {
	v.Reason = "tried_" + v.Login.Result
	h.Observer.Login(v.IDP, "trial", v.Login.Reason)
	if h.Attempts != nil {
		h.Attempts.Attempt(*v)
	}
	event := audit.Event{Type: audit.LoginTried, IDP: v.IDP, Addr: v.Client(), RequestID: v.ID, Reason: v.Reason}
	if who != nil {
		event.Person = who.Person
	}
	h.Audit.Record(event)
}
