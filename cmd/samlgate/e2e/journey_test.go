package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

const (
	loginPage = "Enter your username and password" // SimpleSAMLphp's
	signedOut = "You are signed out"               // the gateway's
)

// TestSimpleSAMLphpJourney is the main job from end to end: two people at one
// desk, a real identity provider, a real browser, sessions in a real Redis.
func TestSimpleSAMLphpJourney(t *testing.T) {
	c := startCompany(t)
	b := testenv.NewBrowser(t)
	wiki, hr := c.site.App("wiki"), c.site.App("hr")

	// Ana follows a deep link and signs in.
	signIn(b, c.idp, wiki+"/deep/link?q=1&name=caf%C3%A9", testenv.Ana)
	b.WaitText("Legacy app wiki")
	expectText(t, b, "#url", "/deep/link?q=1&name=caf%C3%A9")
	expectPerson(t, b, testenv.Ana)
	expectText(t, b, "#app-session", "new")
	b.Screenshot("wiki-ana")
	if c.redis.Keys(t) == 0 {
		t.Error("Ana is signed in, and Redis holds nothing")
	}

	// The second app knows her without another password.
	b.Open(hr + "/")
	b.WaitText("Legacy app hr")
	expectPerson(t, b, testenv.Ana)
	b.Open(wiki + "/again")
	b.WaitText("Legacy app wiki")
	expectText(t, b, "#app-session", testenv.Ana.Email)
	stolen := b.CookiesOf("wiki.localhost")

	// She signs out, of the company too.
	b.Open(wiki + "/.samlgate/logout")
	b.WaitText(everywhere)
	b.Screenshot("signed-out")
	expectNoAppCookie(t, b, "wiki.localhost")

	expectRefused(t, wiki, stolen)
	for _, app := range []string{wiki, hr} {
		b.Open(app + "/")
		b.WaitText(loginPage)
	}
	expectNothingOf(t, b, testenv.Ana, "after the logout")
	b.Back()
	expectNothingOf(t, b, testenv.Ana, "after going back")

	// Bob sits down at the same desk.
	signIn(b, c.idp, wiki+"/", testenv.Bob)
	b.WaitText("Legacy app wiki")
	expectPerson(t, b, testenv.Bob)
	expectText(t, b, "#app-session", "new")
	expectNothingOf(t, b, testenv.Ana, "on Bob's wiki page")
	b.Open(hr + "/")
	b.WaitText("Legacy app hr")
	expectPerson(t, b, testenv.Bob)
	expectText(t, b, "#app-session", "new")
	expectNothingOf(t, b, testenv.Ana, "on Bob's hr page")

	b.NoProblems(c.idp.URL)
}

// TestNextPersonSeesNoCachedPage opens a page that a careless app lets the
// browser keep, and looks at the same address after the logout.
func TestNextPersonSeesNoCachedPage(t *testing.T) {
	c := startCompany(t)
	b := testenv.NewBrowser(t)
	page := c.site.App("hr") + testenv.CarelessPath + "salary"
	signIn(b, c.idp, page, testenv.Ana)
	b.WaitText("Legacy app hr")
	b.Open(page)
	expectPerson(t, b, testenv.Ana)
	b.Open(c.site.App("wiki") + "/") // the logout happens on another app's host
	b.WaitText("Legacy app wiki")
	b.Open(c.site.App("wiki") + "/.samlgate/logout")
	b.WaitText(everywhere)

	b.Open(page)
	expectNothingOf(t, b, testenv.Ana, "after the logout")
}

func expectText(t *testing.T, b *testenv.Browser, selector, want string) {
	t.Helper()
	if got := b.Text(selector); got != want {
		t.Errorf("%s says %q, want %q", selector, got, want)
	}
}

// expectPerson checks what the app received, and that a verified signature says
// the same.
func expectPerson(t *testing.T, b *testenv.Browser, p testenv.PersonInfo) {
	t.Helper()
	expectText(t, b, "#X-Auth-Email", p.Email)
	expectText(t, b, "#X-Auth-First-Name", p.First)
	expectText(t, b, "#X-Auth-Last-Name", p.Last)
	expectText(t, b, "#X-Auth-Employee-Id", p.EmployeeID)
	expectText(t, b, "#X-Auth-Roles", strings.Join(p.Roles, ","))
	expectText(t, b, "#verified", "yes: "+p.Email)
}

// expectNothingOf checks that no part of the page, visible or not, speaks of a
// person who has left.
func expectNothingOf(t *testing.T, b *testenv.Browser, p testenv.PersonInfo, when string) {
	t.Helper()
	source := b.Source()
	for _, secret := range []string{p.Email, p.Last, p.EmployeeID} {
		if strings.Contains(source, secret) {
			t.Errorf("%s the page at %s still shows %q", when, b.URL(), secret)
		}
	}
}

func expectNoAppCookie(t *testing.T, b *testenv.Browser, host string) {
	t.Helper()
	for _, cookie := range b.CookiesOf(host) {
		if cookie.Name == testenv.AppCookie {
			t.Errorf("the app's own cookie is still there on %s after the logout", host)
		}
	}
}

// expectRefused replays cookies that somebody copied before the logout.
func expectRefused(t *testing.T, origin string, stolen []*network.Cookie) {
	t.Helper()
	if len(stolen) == 0 {
		t.Error("there was no cookie to steal")
	}
	var pairs []string
	for _, cookie := range stolen {
		pairs = append(pairs, cookie.Name+"="+cookie.Value)
	}
	header := http.Header{"Cookie": {strings.Join(pairs, "; ")}}
	if status, _, _ := ask(t, testenv.NewClient(t), origin+"/echo", header); status != http.StatusUnauthorized {
		t.Errorf("cookies from before the logout are answered with %d, want 401", status)
	}
}
