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
// that is no web address is an internal error. Name the further origins that
// the provider's endpoint redirects to as targets, see [Action]: without them
// Chromium stops at that redirect.
func (p *Pages) PostForm(w http.ResponseWriter, r *http.Request, action string, fields []Field, idpName string, targets ...string) {
	if _, ok := origin(action); !ok {
		p.Error(w, r, Problem{Code: Internal})
		return
	}
	c := p.pick(r)
	args := map[string]string{"idp": idpName}
	page := p.page(c, c.Words.PostTitle, glyphKey)
	page.What, page.Next = c.fill(c.Words.PostWhat, args), c.fill(c.Words.PostNoScript, args)
	page.Form = &Action{Label: c.Actions[Continue], URL: action, Post: true, Fields: fields}
	page.targets = append([]string{action}, targets...)
	page.Script = submit
	p.write(w, r, c, http.StatusOK, "post", page)
}
