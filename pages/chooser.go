package pages

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

// Chooser is the content of the page on which a person picks an identity provider.
type Chooser struct {
	Route     string // display name of where the person is going; may be empty
	RequestID string // the support id; empty = not shown
	Choices   []Choice
	Form      *ChooserForm // nil = links alone
}

// Choice is one identity provider.
type Choice struct {
	Name string // display name
	Hint string // second line, such as its e-mail domain; may be empty
	URL  string // starts the login there
	ID   string // value of the form's field "idp"
	Logo string // path of its picture, see [Pages.Picture]; empty = the first letter of Name
}

// ChooserForm lets the person say more than a link can: it posts the field
// "idp" or "email", and "remember" where the box was ticked.
type ChooserForm struct {
	URL     string
	Fields  []Field // hidden
	Email   bool    // ask for an e-mail address
	Invalid bool    // what was sent was none: say so, with 400
}

// Initial returns the letter on the choice's mark.
func (c Choice) Initial() string { return initial(c.Name) }

// Chooser answers 200 with links to the identity providers, and the form.
func (p *Pages) Chooser(w http.ResponseWriter, r *http.Request, ch Chooser) {
	c := p.pick(r)
	page := p.page(c, c.Words.ChooserTitle, glyphKey)
	page.RequestID = clean(ch.RequestID)
	page.What = c.fill(c.Words.ChooserWhat, nil)
	if ch.Route != "" {
		page.What = c.fill(c.Words.ChooserRoute, map[string]string{"route": ch.Route})
	}
	for _, choice := range ch.Choices {
		if choice.Name, choice.Hint = clean(choice.Name), clean(choice.Hint); choice.Name != "" && isLink(choice.URL) {
			page.Choices = append(page.Choices, choice)
		}
	}
	status := http.StatusOK
	if ch.Form != nil && isLink(ch.Form.URL) {
		page.Ask = ch.Form
		if ch.Form.Invalid {
			status = http.StatusBadRequest
		}
	}
	p.write(w, r, c, status, "chooser", page)
}

// initial returns the first character of a name as a capital.
func initial(name string) string {
	r, _ := utf8.DecodeRuneInString(name)
	if r == utf8.RuneError {
		return ""
	}
	return strings.ToUpper(string(r))
}
