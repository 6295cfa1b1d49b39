package signin

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
)

// maxChoice bounds what the chooser's form posts.
const maxChoice = 16 << 10

// discovery finds out which identity provider it is to be: the chooser itself,
// what its form posts, and the discovery service of the protocol of that name.
func (h *Handler) discovery(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	switch {
	case !h.method(w, r, v, http.MethodGet, http.MethodHead, http.MethodPost):
	case r.Method == http.MethodPost:
		h.chosen(w, r, v)
	case h.Federation != nil && r.URL.Query().Has("entityID"):
		h.discover(w, r, v)
	default:
		h.login(w, r, v)
	}
}

// chosen answers the chooser's form. It answers with pages only: an e-mail
// address never gets into an address, and a redirect after a form would be held
// to our form-action.
func (h *Handler) chosen(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if !h.Deliberate(r, v) { // another site must not make this browser remember its choice
		h.problem(w, r, v, pages.CSRF)
		return
	}
	form, ok := h.form(w, r, v)
	if !ok {
		return
	}
	q, ok := h.questionOf(w, r, v, form)
	if !ok {
		return
	}
	if form.Has("idp") {
		h.goOn(w, r, v, q, form)
		return
	}
	domain, ok := domainOf(form.Get("email"))
	if !ok || !q.byAddress() {
		h.choose(w, r, v, q, q.byAddress())
		return
	}
	v.Reason = "home_realm"
	idp := h.realm(domain, q.choices)
	onward := pages.Onward{IDP: idp.DisplayName, Go: pages.Action{URL: q.to(idp)}, Choose: q.again, RequestID: v.ID}
	if form.Get("remember") == "yes" { // what is not confirmed is not remembered
		onward.Go = pages.Action{URL: h.below("discovery"), Post: true, Fields: append(q.fields,
			pages.Field{Name: "idp", Value: idp.Name}, pages.Field{Name: "remember", Value: "yes"})}
	}
	h.Pages.Suggest(w, r, onward)
}

// goOn leads to the identity provider that the form names.
func (h *Handler) goOn(w http.ResponseWriter, r *http.Request, v *visit.Visit, q question, form url.Values) {
	idp, ok := q.choice(form.Get("idp"))
	if !ok {
		h.problem(w, r, v, pages.UnknownIDP)
		return
	}
	v.IDP, v.Reason = idp.Name, "chosen"
	if form.Get("remember") == "yes" {
		if err := h.Jar.keepChoice(w, h.Host, idp.Name); err != nil {
			h.failed(w, r, v, err)
			return
		}
	}
	h.Pages.Forward(w, r, pages.Onward{IDP: idp.DisplayName, Go: pages.Action{URL: q.to(idp)}, RequestID: v.ID})
}

// form reads what was posted, and nothing of the address.
func (h *Handler) form(w http.ResponseWriter, r *http.Request, v *visit.Visit) (url.Values, bool) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(h.Now().Add(bodyTime)) // not every writer can
	r.Body = http.MaxBytesReader(w, r.Body, maxChoice)
	err := r.ParseForm()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		h.problem(w, r, v, pages.TooLarge)
		return nil, false
	case err != nil:
		h.problem(w, r, v, pages.BadRequest, h.startAgain(v))
		return nil, false
	}
	_ = control.SetReadDeadline(time.Time{})
	return r.PostForm, true
}

// questionOf is the question that the form answers.
func (h *Handler) questionOf(w http.ResponseWriter, r *http.Request, v *visit.Visit, form url.Values) (question, bool) {
	if h.Federation != nil && form.Has("entityID") {
		d, err := h.discoveryRequest(form)
		if err != nil {
			h.refuseDiscovery(w, r, v, err)
			return question{}, false
		}
		return h.discovering(d), true
	}
	a := aim{host: form.Get("host"), route: form.Get("route"), state: form.Get("state"), other: asksForOther(form)}
	if !h.reachable(a) {
		h.problem(w, r, v, pages.BadRequest, h.startAgain(v))
		return question{}, false
	}
	return h.asking(a, h.choices(a.route)), true
}
