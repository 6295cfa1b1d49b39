package pages

import "net/http"

// PostLogout is a logout message on its way to an identity provider.
type PostLogout struct {
	Action string // absolute web address
	Fields []Field
	IDP    string // display name
	// Frames are addresses of the identity provider whose pages may frame this
	// one: many carry a logout to their applications in frames.
	Frames []string
}

// PostLogout answers 200 with a page that posts a logout message, as
// [Pages.PostForm] does a login (SAML Bindings §3.5.4). An identity provider that
// has it sends the browser on through applications that nobody here knows, and
// Chromium would stop at the first of them: the form may end up at any web
// address.
func (p *Pages) PostLogout(w http.ResponseWriter, r *http.Request, m PostLogout) {
	if _, ok := origin(m.Action); !ok {
		p.Error(w, r, Problem{Code: Internal})
		return
	}
	c := p.pick(r)
	args := idpArgs(m.IDP)
	page := p.page(c, c.Words.LeavingTitle, glyphKey)
	page.What, page.Next = c.fill(c.Words.LeavingWhat, args), c.fill(c.Words.LeavingNoScript, args)
	page.Form = &Action{Label: c.Actions[Continue], URL: m.Action, Post: true, Fields: m.Fields}
	page.targets, page.anywhere, page.frames = []string{m.Action}, true, m.Frames
	page.Script = submit
	p.write(w, r, c, http.StatusOK, "post", page)
}

// Leaving is a page that goes on by itself.
type Leaving struct {
	URL string // absolute web address, of our own making
	IDP string // display name of where the way leads, if it is known
}

// Leaving answers 200 with a page that leads to o.URL at once, without a script
// and without a form: a redirect would still belong to the form that led here,
// and be held to the form-action of its page.
func (p *Pages) Leaving(w http.ResponseWriter, r *http.Request, o Leaving) {
	if _, ok := origin(o.URL); !ok {
		p.Error(w, r, Problem{Code: Internal})
		return
	}
	c := p.pick(r)
	page := p.page(c, c.Words.LeavingTitle, glyphKey)
	page.What = c.fill(c.Words.LeavingWhat, idpArgs(o.IDP))
	page.Refresh = o.URL
	page.offer(c, []Action{{Kind: Continue, URL: o.URL}})
	p.write(w, r, c, http.StatusOK, "message", page)
}

// idpArgs names an identity provider in a sentence; without a name the
// catalogue has general words.
func idpArgs(idp string) map[string]string {
	if idp == "" {
		return nil
	}
	return map[string]string{"idp": idp}
}
