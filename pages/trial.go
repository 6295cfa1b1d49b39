package pages

import "net/http"

// TrialStart answers 200 with a page whose button, a POST to action, begins a
// dry run of a sign-in. It says who will see the outcome.
func (p *Pages) TrialStart(w http.ResponseWriter, r *http.Request, action string) {
	c := p.pick(r)
	page := p.page(c, c.Words.TrialTitle, glyphKey)
	page.What, page.Next = c.fill(c.Words.TrialWhat, nil), c.fill(c.Words.TrialNext, nil)
	page.offer(c, []Action{{Kind: Continue, URL: action, Post: true}})
	p.write(w, r, c, http.StatusOK, "message", page)
}

// TrialOver answers 200 with a page that says that a dry run has ended. The
// outcome is for whoever began it, and is not on the page.
func (p *Pages) TrialOver(w http.ResponseWriter, r *http.Request) {
	c := p.pick(r)
	page := p.page(c, c.Words.TrialOver, glyphCheck)
	page.What, page.Next = c.fill(c.Words.TrialDone, nil), c.fill(c.Words.TrialRead, nil)
	p.write(w, r, c, http.StatusOK, "message", page)
}

// Onward answers 200 with a page that goes on to an absolute web address by
// itself, and has a link for where it does not. It stands where a redirect is
// held to the form-action of the page before, see [Action]. Another address is
// an internal error.
func (p *Pages) Onward(w http.ResponseWriter, r *http.Request, url, idpName string) {
	if !isWebURL(url) {
		p.Error(w, r, Problem{Code: Internal})
		return
	}
	c := p.pick(r)
	page := p.page(c, c.Words.PostTitle, glyphKey)
	page.What = c.fill(c.Words.PostWhat, map[string]string{"idp": idpName})
	page.offer(c, []Action{{Kind: Continue, URL: url}})
	w.Header().Set("Refresh", "0; url="+url) // HTML, "shared declarative refresh steps": the last field, taken whole
	p.write(w, r, c, http.StatusOK, "message", page)
}
