package pages

// ActionKind names what an action does; it picks the words on the button.
type ActionKind string

// The actions that have words in every language.
const (
	SignIn      ActionKind = "sign_in"
	SignInAgain ActionKind = "sign_in_again"
	SignInOther ActionKind = "sign_in_other" // "Sign in as someone else"
	StartAgain  ActionKind = "start_again"
	Retry       ActionKind = "retry"
	Continue    ActionKind = "continue"
	Cancel      ActionKind = "cancel"
	SignOut     ActionKind = "sign_out"
	AccountPage ActionKind = "account"
	HomePage    ActionKind = "home"
	ChooseOther ActionKind = "choose_other" // "Choose another sign-in service"
)

var actionKinds = map[ActionKind]bool{
	SignIn: true, SignInAgain: true, SignInOther: true, StartAgain: true, Retry: true, Continue: true,
	Cancel: true, SignOut: true, AccountPage: true, HomePage: true, ChooseOther: true,
}

// Action is a link or, with Post, a form with one button. One whose URL is no
// web address and no path of this host is left out.
type Action struct {
	Kind   ActionKind
	Label  string // words instead of Kind's, such as a configured name
	URL    string
	Post   bool
	Fields []Field // hidden fields of the form
	// Targets are further addresses at which the form may end up. Chromium holds
	// every redirect after a form to the form-action of our policy, and stays on
	// the page when one leads elsewhere. Where the way cannot be foretold, as
	// through an identity provider's own hosts, offer a link instead of a form.
	Targets []string
}

// Field is a hidden form field.
type Field struct{ Name, Value string }

// offer puts actions on the page; the first one is the prominent one.
func (g *page) offer(c *catalogue, actions []Action) {
	for _, a := range actions {
		a.Label = clean(a.Label)
		if a.Label == "" {
			a.Label = c.Actions[a.Kind]
		}
		if a.Label == "" || !isLink(a.URL) {
			continue
		}
		if a.Post {
			g.targets = append(append(g.targets, a.URL), a.Targets...)
		}
		g.Actions = append(g.Actions, a)
	}
}
