package e2e

import (
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// onPhone takes pictures of a page as a phone shows it, by day and at night.
func onPhone(b *testenv.Browser, name string) {
	b.Phone(false)
	b.Screenshot(name)
	b.Phone(true)
	b.Screenshot(name + "-dark")
}

// TestLimitAsks has a person who is signed in elsewhere choose, without scripts, what
// ends, and go on where they meant to; the other browser hears why, once.
func TestLimitAsks(t *testing.T) {
	c := startCompany(t, "  max_concurrent: 1\n  on_limit: ask\n")
	app := c.site.App("wiki") + "/"
	desk, phone := testenv.NewBrowser(t), testenv.NewBrowser(t)
	signIn(desk, c.idp, app, testenv.Ana)
	desk.WaitText("Legacy app wiki")
	signIn(phone, c.idp, app+"deep?q=1", testenv.Ana)
	phone.WaitText("Which session should end?")
	phone.WaitText("on Linux")
	phone.WaitText("127.0.0.1")
	onPhone(phone, "ask")
	phone.WithoutScripts()
	phone.Click(`button[name="end"]`)
	phone.WaitText("Legacy app wiki")
	phone.WaitURL(app + "deep?q=1")
	desk.Open(app)
	desk.WaitText("You ended this session from another browser.")
	onPhone(desk, "ended")
	phone.NoProblems(c.idp.URL)
	desk.NoProblems(c.idp.URL)
	desk.Open(app) // told once: now it is an ordinary sign-in, and the limit holds
	desk.WaitText("Which session should end?")
}

// TestLimitEvicts and TestLimitDenies: who comes too often takes the place of the
// oldest, whose browser is told by which device and when; or stays outside and is
// told where the person is signed in.
func TestLimitEvicts(t *testing.T) {
	c := startCompany(t, "  max_concurrent: 1\n")
	app := c.site.App("wiki") + "/"
	desk, phone := testenv.NewBrowser(t), testenv.NewBrowser(t)
	for _, b := range []*testenv.Browser{desk, phone} {
		signIn(b, c.idp, app, testenv.Ana)
		b.WaitText("Legacy app wiki")
	}
	desk.Open(app)
	desk.WaitText("on Linux")
	onPhone(desk, "evicted")
	desk.NoProblems(c.idp.URL)
}

func TestLimitDenies(t *testing.T) {
	c := startCompany(t, "  max_concurrent: 1\n  on_limit: deny\n")
	app := c.site.App("wiki") + "/"
	desk, phone := testenv.NewBrowser(t), testenv.NewBrowser(t)
	signIn(desk, c.idp, app, testenv.Ana)
	desk.WaitText("Legacy app wiki")
	signIn(phone, c.idp, app, testenv.Ana)
	phone.WaitText("on Linux")
	phone.WaitText("signed in")
	onPhone(phone, "deny")
	desk.Open(c.site.Origin() + "/.samlgate/logout") // as the page says
	desk.WaitText("signed out")
	phone.ClickText("Try again")
	phone.WaitText("Legacy app wiki")
}
