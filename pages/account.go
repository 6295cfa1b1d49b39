package pages

import (
	"net/http"
	"time"
)

// Account is the content of the page that shows people their own session, and
// where else they are signed in. Empty parts and zero times are left out.
type Account struct {
	Name, Email, IDP string
	Since            time.Time // when the person signed in
	IdleEnds         time.Time // when the session ends if nothing happens
	Ends             time.Time // when it ends whatever happens
	Apps             []App
	SignOut          string           // address of the POST; empty = the logout page
	Targets          []string         // where its answer may redirect to, see Action.Targets
	Manage           string           // address of the forms that end sessions; empty = none are shown
	Sessions         []AccountSession // in the order shown
	Choice           *AccountChoice   // nil = people may not choose
	Done             bool             // what the person asked for has just been done
}

// App is an application that the person may open.
type App struct{ Name, URL string }

// AccountSession is one session of the person.
type AccountSession struct {
	Key               string // names it in a form; opens nothing
	Device, Addr, IDP string
	Current           bool // of the browser that looks at the page
	Created, Used     time.Time
}

// person is Account for the template.
type person struct {
	Name, Email, IDP, Initial string
	Since, IdleEnds, Ends     *moment
	Apps                      []App
	Manage                    string
	Sessions                  []heldSession
	Done                      bool
	Choice                    *choiceForm
	Others                    bool // there are other sessions than this one
}

// heldSession is AccountSession for the template.
type heldSession struct {
	Key, Device, Addr, IDP string
	Current                bool
	Created, Used          *moment
}

// Account answers 200 with who is signed in, until when, where else, and buttons
// to sign out.
func (p *Pages) Account(w http.ResponseWriter, r *http.Request, a Account) {
	c := p.pick(r)
	page := p.page(c, c.Words.AccountTitle, glyphCheck)
	page.What = c.fill(c.Words.AccountWhat, nil)
	page.Person = &person{
		Name: clean(a.Name), Email: clean(a.Email), IDP: clean(a.IDP),
		Since: p.moment(c, a.Since), IdleEnds: p.moment(c, a.IdleEnds), Ends: p.moment(c, a.Ends),
	}
	page.Person.Initial = initial(page.Person.Name + page.Person.Email)
	for _, app := range a.Apps {
		if app.Name = clean(app.Name); app.Name != "" && isLink(app.URL) {
			page.Person.Apps = append(page.Person.Apps, app)
		}
	}
	if isLink(a.Manage) {
		p.addSessions(page, c, a)
	}
	if a.SignOut == "" {
		a.SignOut = p.prefix + "/logout"
	}
	page.offer(c, []Action{{Kind: SignOut, URL: a.SignOut, Post: true, Targets: a.Targets}})
	p.write(w, r, c, http.StatusOK, "account", page)
}

func (p *Pages) addSessions(page *page, c *catalogue, a Account) {
	page.Person.Manage, page.Person.Done = a.Manage, a.Done
	page.Person.Choice = c.choices(a.Choice)
	page.targets = append(page.targets, a.Manage)
	for _, s := range a.Sessions {
		row := heldSession{
			Key: clean(s.Key), Device: clean(s.Device), Addr: clean(s.Addr), IDP: clean(s.IDP), Current: s.Current,
			Created: p.moment(c, s.Created), Used: p.moment(c, s.Used),
		}
		if row.Device == "" {
			row.Device = c.Words.SessionDevice
		}
		page.Person.Others = page.Person.Others || !s.Current
		page.Person.Sessions = append(page.Person.Sessions, row)
	}
}

// ConfirmSelf answers 200 with a page that asks somebody who is signed in to sign
// in once more at signIn before what they asked for is done, or to go back.
func (p *Pages) ConfirmSelf(w http.ResponseWriter, r *http.Request, signIn, back string) {
	c := p.pick(r)
	page := p.page(c, c.Words.SelfTitle, glyphKey)
	page.What, page.Next = c.fill(c.Words.SelfWhat, nil), c.fill(c.Words.SelfNext, nil)
	page.offer(c, []Action{{Kind: SignInAgain, URL: signIn}, {Kind: AccountPage, URL: back}})
	p.write(w, r, c, http.StatusOK, "message", page)
}
