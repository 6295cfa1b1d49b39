package signin

import (
	"net/http"
	"slices"
	"strings"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
)

// question is what a chooser asks: with which of several identity providers a
// journey goes on. A login asks it, and so does a service provider that uses us
// as its discovery service.
type question struct {
	route   string
	choices []IDP
	to      func(IDP) string // where the journey goes on
	again   string           // asks anew, whatever this browser remembers
	fields  []pages.Field    // what a form brings along to ask the same
}

// asking is the question of a login.
func (h *Handler) asking(a aim, choices []IDP) question {
	q := question{
		route: a.route, choices: choices,
		to:     func(i IDP) string { return h.below("login/"+i.Name) + "?" + a.query() },
		again:  h.below("login") + "?" + a.query() + "&choose=1",
		fields: []pages.Field{{Name: "host", Value: a.host}, {Name: "route", Value: a.route}, {Name: "state", Value: a.state}},
	}
	if a.other {
		q.fields = append(q.fields, pages.Field{Name: "as", Value: "other"})
	}
	return q
}

// choice finds the identity provider of that name among those that may be chosen.
func (q question) choice(name string) (IDP, bool) {
	i := slices.IndexFunc(q.choices, func(i IDP) bool { return i.Name == name })
	if i < 0 {
		return IDP{}, false
	}
	return q.choices[i], true
}

// byAddress reports whether an e-mail address can say which one it is. Where one
// may speak for any domain it cannot: an unknown domain could be drawn to that
// one, a known one never, and who is sent there would learn that it is unknown.
func (q question) byAddress() bool {
	return !slices.ContainsFunc(q.choices, func(i IDP) bool { return len(i.EmailDomains) == 0 })
}

// choose lets the person pick. Each link goes on with one provider; the form
// asks for an e-mail address, and whether to remember the choice.
func (h *Handler) choose(w http.ResponseWriter, r *http.Request, v *visit.Visit, q question, invalid bool) {
	v.Reason = "chooser"
	page := pages.Chooser{
		Route: q.route, RequestID: v.ID,
		Form: &pages.ChooserForm{URL: h.below("discovery"), Fields: q.fields, Email: q.byAddress(), Invalid: invalid},
	}
	for _, i := range q.choices {
		page.Choices = append(page.Choices, pages.Choice{Name: i.DisplayName, ID: i.Name, URL: q.to(i), Logo: h.Pages.Picture(i.Name)})
	}
	h.Pages.Chooser(w, r, page)
}

// chooseURL asks whom to sign in with, whatever is remembered; empty where there
// is nothing to ask.
func (h *Handler) chooseURL() string {
	if len(h.IDPs) < 2 {
		return ""
	}
	return h.LoginURL() + "?choose=1"
}

// wayOut is what a person may do after a login that failed. Start again leads
// to the provider that this browser remembers, so the chooser is offered, too.
func (h *Handler) wayOut(v *visit.Visit) []pages.Action {
	again := h.startAgain(v)
	if len(h.IDPs) < 2 {
		return []pages.Action{again}
	}
	mark := "?"
	if strings.Contains(again.URL, mark) {
		mark = "&"
	}
	return []pages.Action{again, {Kind: pages.ChooseOther, URL: again.URL + mark + "choose=1"}}
}

// unknownIDP answers login/{idp} for a name that nobody has.
func (h *Handler) unknownIDP(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	h.problem(w, r, v, pages.UnknownIDP, h.startAgain(v))
}
