package pages

import (
	"html/template"
	"net/http"
)

// submit sends the only form of the page. It calls the prototype's method, since
// a field named "submit" would hide the form's own.
const submit template.JS = `HTMLFormElement.prototype.submit.call(document.forms[0])`

// PostForm answers 200 with a page that posts fields to action, an absolute web
// address: SAML Bindings §3.5.4, the HTTP POST binding. The browser sends it by
// itself where scripts run; the button is there for everyone else. An action
// that is no web address is an internal error.
func (p *Pages) PostForm(w http.ResponseWriter, r *http.Request, action string, fields []Field, idpName string) {
	p.postForm(w, r, action, fields, idpName, false)
}

// Relay answers 200 with a page like [Pages.PostForm] that passes a form on to
// another origin of ours. From there the way goes on to the app, and on to
// wherever that redirects. Chromium would stop at the first origin that our
// policy does not name, and to name all would tell a stranger which there are:
// the form may end up at any web address.
func (p *Pages) Relay(w http.ResponseWriter, r *http.Request, action string, fields []Field, name string) {
	p.postForm(w, r, action, fields, name, true)
}

func (p *Pages) postForm(w http.ResponseWriter, r *http.Request, action string, fields []Field, idpName string, anywhere bool) {
	if _, ok := origin(action); !ok {
		p.Error(w, r, Problem{Code: Internal})
		return
	}
	c := p.pick(r)
	args := map[string]string{"idp": idpName}
	page := p.page(c, c.Words.PostTitle, glyphKey)
	page.What, page.Next = c.fill(c.Words.PostWhat, args), c.fill(c.Words.PostNoScript, args)
	page.Form = &Action{Label: c.Actions[Continue], URL: action, Post: true, Fields: fields}
	page.targets, page.anywhere = []string{action}, anywhere
	page.Script = submit
	p.write(w, r, c, http.StatusOK, "post", page)
}
