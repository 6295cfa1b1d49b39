package pages

import (
	"net/http"
	"time"
)

// Account is the content of the page that shows people their own session. Empty
// parts and zero times are left out.
type Account struct {
	Name, Email, IDP string
	Since            time.Time // when the person signed in
	IdleEnds         time.Time // when the session ends if nothing happens
	Ends             time.Time // when it ends whatever happens
	Apps             []App
	SignOut          string   // address of the POST; empty = the logout page
	Targets          []string // where its answer may redirect to, see Action.Targets
}

// App is an application that the person may open.
type App struct{ Name, URL string }

// person is Account for the template.
type person struct {
	Name, Email, IDP, Initial string
	Since, IdleEnds, Ends     *moment
	Apps                      []App
}

// Account answers 200 with who is signed in, until when, and a button to sign out.
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
	if a.SignOut == "" {
		a.SignOut = p.prefix + "/logout"
	}
	page.offer(c, []Action{{Kind: SignOut, URL: a.SignOut, Post: true, Targets: a.Targets}})
	p.write(w, r, c, http.StatusOK, "account", page)
}
