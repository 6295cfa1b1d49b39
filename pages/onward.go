package pages

import "net/http"

// Onward is the content of a page between the chooser and an identity provider.
// It stands there because Chromium holds every redirect after a form to the
// form-action of our policy, and where an identity provider redirects to cannot
// be foretold: from a page, the way is an ordinary one.
type Onward struct {
	IDP       string // display name
	Go        Action // goes on there
	Choose    string // goes back to the chooser; empty = no way back
	RequestID string
}

// Forward answers 200 with a page that follows the link o.Go by itself, without
// a script, and shows it to whoever has to press it.
func (p *Pages) Forward(w http.ResponseWriter, r *http.Request, o Onward) {
	c := p.pick(r)
	page := p.page(c, c.Words.PostTitle, glyphKey)
	page.What = c.fill(c.Words.PostWhat, map[string]string{"idp": o.IDP})
	if isLink(o.Go.URL) {
		page.Refresh = o.Go.URL
	}
	p.onward(w, r, c, page, o)
}

// Suggest answers 200 with a page that names where an e-mail address signs in,
// if it does. Its words are true of every address, known or not.
func (p *Pages) Suggest(w http.ResponseWriter, r *http.Request, o Onward) {
	c := p.pick(r)
	page := p.page(c, c.Words.RealmTitle, glyphKey)
	page.What = c.fill(c.Words.RealmWhat, map[string]string{"idp": o.IDP})
	page.Next = c.fill(c.Words.RealmNext, nil)
	p.onward(w, r, c, page, o)
}

func (p *Pages) onward(w http.ResponseWriter, r *http.Request, c *catalogue, page *page, o Onward) {
	if o.Go.Kind == "" {
		o.Go.Kind = Continue
	}
	page.offer(c, []Action{o.Go, {Kind: ChooseOther, URL: o.Choose}})
	page.RequestID = clean(o.RequestID)
	p.write(w, r, c, http.StatusOK, "onward", page)
}
