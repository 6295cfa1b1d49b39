package pages

import "net/http"

// ConfirmPerson is the content of the page that asks before the person of a
// browser changes.
type ConfirmPerson struct {
	Now, Next string // e-mail addresses; an empty one is replaced by general words
	Action    string // address of the POST
	Fields    []Field
	Cancel    string   // where staying who one is leads
	Targets   []string // where the answer may redirect to, see Action.Targets
}

// ConfirmPerson answers 200 with a page whose button continues as another
// person. It stands where a sign-in came that this browser did not ask for.
func (p *Pages) ConfirmPerson(w http.ResponseWriter, r *http.Request, cp ConfirmPerson) {
	c := p.pick(r)
	page := p.page(c, c.Words.PersonTitle, glyphQuestion)
	page.What = c.fill(c.Words.PersonWhat, map[string]string{"now": cp.Now, "person": cp.Next})
	page.Next = c.fill(c.Words.PersonNext, nil)
	page.offer(c, []Action{
		{Kind: Cancel, URL: cp.Cancel},
		{Kind: Continue, URL: cp.Action, Post: true, Fields: cp.Fields, Targets: cp.Targets},
	})
	p.write(w, r, c, http.StatusOK, "message", page)
}
