package e2e

import (
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// TestAccountEndsSessions has a person find and end what they left open in other
// browsers, at the end without scripts.
func TestAccountEndsSessions(t *testing.T) {
	c := startCompany(t)
	account, app := c.site.Origin()+"/.samlgate/account", c.site.App("wiki")+"/"
	desk, phone := testenv.NewBrowser(t), testenv.NewBrowser(t)
	comes := func(b *testenv.Browser) {
		signIn(b, c.idp, app, testenv.Ana)
		b.WaitText("Legacy app wiki")
	}
	// alone checks that the page shows no other session.
	alone := func() {
		t.Helper()
		if n := strings.Count(phone.Source(), `class="this"`); n != 1 || strings.Contains(phone.Source(), `value="end"`) {
			t.Errorf("the page marks %d sessions as its own, or still offers to end another", n)
		}
	}
	comes(desk)
	comes(phone)

	phone.Open(account)
	phone.WaitText("This browser")
	phone.Screenshot("account-desk")
	for _, dark := range []bool{false, true} {
		phone.Phone(dark)
		phone.Screenshot(map[bool]string{false: "account-phone", true: "account-phone-dark"}[dark])
	}
	phone.Click(".held form button")
	phone.WaitText("Done.")
	alone()
	phone.NoProblems(c.idp.URL)

	comes(testenv.NewBrowser(t))
	phone.WithoutScripts()
	phone.Open(account)
	phone.Click(".held + .actions form:first-child button")
	phone.WaitText("Done.")
	alone()
	comes(testenv.NewBrowser(t))
	phone.Open(account)
	phone.Click(".held + .actions form:last-child button")
	phone.WaitText("signed out")
	phone.Open(account)
	phone.WaitURL(c.idp.URL)
}
