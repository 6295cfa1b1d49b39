package pages

import (
	"net/http"
	"strconv"
	"time"
)

// SignedInPlace is one session of a person at their limit. What is empty is left out.
type SignedInPlace struct {
	ID      string // value of the form's field "end"
	Device  string // in words for people; empty gets general words
	Addr    string // network address
	Since   time.Time
	LastUse time.Time
}

// Limit is the content of the page on which a person at the limit of their
// sessions picks the one to end.
type Limit struct {
	Places    []SignedInPlace
	Action    string   // address of the POST
	Fields    []Field  // hidden
	Actions   []Action // what to do instead
	Targets   []string
	RequestID string
}

// LimitReachedPage is the content of the page that refuses a sign-in at the limit.
type LimitReachedPage struct {
	Max       int
	Places    []SignedInPlace
	Actions   []Action
	RequestID string
}

// place is SignedInPlace for the template.
type place struct {
	ID, Device, Addr string
	Since, LastUse   *moment
}

func (p *Pages) places(c *catalogue, all []SignedInPlace) []place {
	var out []place
	for _, s := range all {
		one := place{ID: s.ID, Device: clean(s.Device), Addr: clean(s.Addr), Since: p.moment(c, s.Since), LastUse: p.moment(c, s.LastUse)}
		if one.Device == "" {
			one.Device = c.Words.UnknownDevice
		}
		out = append(out, one)
	}
	return out
}

// Limit answers 200 with one button for each session. Without any, which all
// ended meanwhile, it offers to go on.
func (p *Pages) Limit(w http.ResponseWriter, r *http.Request, l Limit) {
	c := p.pick(r)
	page := p.page(c, c.Words.LimitTitle, glyphQuestion)
	page.What, page.Next = c.fill(c.Words.LimitWhat, nil), c.fill(c.Words.LimitNext, nil)
	page.RequestID = clean(l.RequestID)
	page.Places = p.places(c, l.Places)
	page.Form = &Action{URL: l.Action, Fields: l.Fields, Label: c.Actions[Continue]}
	page.targets = append([]string{l.Action}, l.Targets...)
	page.offer(c, l.Actions)
	p.write(w, r, c, http.StatusOK, "limit", page)
}

// LimitReached answers 403 with where the person is signed in, and since when.
func (p *Pages) LimitReached(w http.ResponseWriter, r *http.Request, l LimitReachedPage) {
	c := p.pick(r)
	words := c.Problems[LimitReached]
	args := map[string]string{"max": strconv.Itoa(l.Max)}
	page := p.page(c, words.Title, glyphLock)
	page.What, page.Next = c.fill(words.What, args), c.fill(words.Next, args)
	page.RequestID = clean(l.RequestID)
	page.Places = p.places(c, l.Places)
	page.offer(c, l.Actions)
	p.write(w, r, c, http.StatusForbidden, "limit", page)
}
