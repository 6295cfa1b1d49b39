package pages

import "net/http"

// ConfirmLogout is the content of the page that asks before signing out.
type ConfirmLogout struct {
	Action  string   // address of the POST; empty = the logout page
	Fields  []Field  // hidden fields
	Cancel  string   // where "stay signed in" leads; empty = no such link
	Targets []string // where the answer may redirect to, see Action.Targets
}

// ConfirmLogout answers 200 with a page whose button signs out. It stands where
// a GET is not certainly the person's own wish.
func (p *Pages) ConfirmLogout(w http.ResponseWriter, r *http.Request, l ConfirmLogout) {
	c := p.pick(r)
	if l.Action == "" {
		l.Action = p.prefix + "/logout"
	}
	page := p.page(c, c.Words.LogoutTitle, glyphQuestion)
	page.What, page.Next = c.fill(c.Words.LogoutWhat, nil), c.fill(c.Words.LogoutNext, nil)
	page.offer(c, []Action{
		{Kind: SignOut, URL: l.Action, Post: true, Fields: l.Fields, Targets: l.Targets},
		{Kind: Cancel, URL: l.Cancel},
	})
	p.write(w, r, c, http.StatusOK, "message", page)
}
