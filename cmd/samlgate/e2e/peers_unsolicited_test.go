package e2e

import (
	"net/http"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// idpInitiated begins at the identity provider, at gateways that let it do so
// in each of the three ways.
func (h house) idpInitiated(t *testing.T) {
	h.idp.Answer(t, testenv.AnswerOptions{SignAssertion: true})
	b := testenv.NewBrowser(t)
	t.Run("deny", func(t *testing.T) { h.open(t, "redirect, idp_initiated: deny").denies(t, b) })
	b.Open(h.idp.ForgetURL())
	t.Run("reinitiate", func(t *testing.T) {
		h.open(t, "redirect, idp_initiated: reinitiate, default_route: wiki").reinitiates(t, b)
	})
	b.Open(h.idp.ForgetURL())
	t.Run("accept", func(t *testing.T) { h.open(t, "redirect, idp_initiated: accept, default_route: wiki").accepts(t, b) })
	b.NoProblems(h.idp.Origin())
}

// unsolicited is an answer that nobody asked for.
func (o office) unsolicited(t *testing.T, c *http.Client, relay string) testenv.Form {
	t.Helper()
	return o.idp.Login(t, c, o.idp.UnsolicitedURL(o.entityID(), relay), testenv.Ana)
}

// denies shows a page that leads to a sign-in that works. It does not help that
// a login was begun here.
func (o office) denies(t *testing.T, b *testenv.Browser) {
	began := testenv.NewClient(t)
	open(t, began, o.site.App("wiki")+"/")
	for _, c := range []*http.Client{testenv.NewClient(t), began} {
		o.expectRefusal(t, c, submit(t, c, o.unsolicited(t, c, o.site.App("wiki")+"/")), startHere)
	}

	signInAt(b, o.idp, o.idp.UnsolicitedURL(o.entityID(), ""), testenv.Bob)
	b.WaitText(startHere)
	b.Screenshot("unsolicited")
	b.ClickText("Start again")
	b.WaitURL(o.site.Origin() + "/.samlgate/account")
	b.WaitText(testenv.Bob.Email)
}

// reinitiates takes the answer for a hint only: the person comes back by a proper
// login, and notices nothing.
func (o office) reinitiates(t *testing.T, b *testenv.Browser) {
	signInAt(b, o.idp, o.idp.UnsolicitedURL(o.entityID(), o.site.App("wiki")+"/deep?q=1"), testenv.Ana)
	b.WaitText("Legacy app wiki")
	expectText(t, b, "#url", "/deep?q=1")
	expectText(t, b, "#X-Auth-Email", testenv.Ana.Email)

	// A stolen answer is worth no more than an address: it leads to a login page.
	victim, thief := testenv.NewClient(t), testenv.NewClient(t)
	form := o.unsolicited(t, victim, o.site.App("wiki")+"/echo?q=2")
	res := submit(t, thief, form)
	if res.StatusCode != http.StatusOK || res.Request.URL.Host == form.Action.Host {
		t.Errorf("an unsolicited answer leads to %s, status %d", res.Request.URL, res.StatusCode)
	}
	o.expectSignedOut(t, thief)

	// And it is good for a login of whoever sits there.
	e := echoed(t, submit(t, thief, o.idp.Login(t, thief, res.Request.URL.String(), testenv.Bob)))
	if expectHeaders(t, e, testenv.Bob); e.URL != "/echo?q=2" {
		t.Errorf("the second round ends at %s", e.URL)
	}
}

// accepts lets people in without a question, once each, and never puts one
// person in the place of another.
func (o office) accepts(t *testing.T, b *testenv.Browser) {
	wiki := o.site.App("wiki")
	ana, thief := testenv.NewClient(t), testenv.NewClient(t)
	form := o.unsolicited(t, ana, wiki+"/echo?q=1")
	if e := echoed(t, submit(t, ana, form)); e.URL != "/echo?q=1" {
		t.Errorf("RelayState leads to %s", e.URL)
	}
	o.expectSignedIn(t, ana, testenv.Ana)
	o.expectRefusal(t, thief, submit(t, thief, form), usedBefore)
	// What answers a request is not unsolicited, whoever brings it.
	solicited := o.idp.Login(t, testenv.NewClient(t), wiki+"/", testenv.Ana)
	o.expectRefusal(t, thief, submit(t, thief, solicited), "")

	// A foreign RelayState leads to the default route.
	signInAt(b, o.idp, o.idp.UnsolicitedURL(o.entityID(), "https://evil.example/"), testenv.Ana)
	b.WaitText("Legacy app wiki")
	b.WaitURL(wiki + "/")
	expectText(t, b, "#X-Auth-Email", testenv.Ana.Email)

	b.Open(o.idp.ForgetURL())
	signInAt(b, o.idp, o.idp.UnsolicitedURL(o.entityID(), wiki+"/"), testenv.Bob)
	b.WaitText(continueAs)
	b.Screenshot("continue-as")
	b.Open(wiki + "/")
	b.WaitText("Legacy app wiki")
	expectText(t, b, "#X-Auth-Email", testenv.Ana.Email)
	b.Open(o.idp.UnsolicitedURL(o.entityID(), wiki+"/"))
	b.WaitText(continueAs)
	b.ClickText("Continue")
	b.WaitText("Legacy app wiki")
	expectText(t, b, "#X-Auth-Email", testenv.Bob.Email)
}
