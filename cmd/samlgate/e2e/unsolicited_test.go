package e2e

import (
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

const continueAs = "Continue as someone else?"

// startsItself begins at the identity provider's portal, in the two ways in
// which a gateway may let it.
func startsItself(t *testing.T, idp *testenv.PySAML2) {
	idp.Answer(t, testenv.PySAML2Options{SignAssertion: true})
	again := openOffice(t, idp, "redirect, idp_initiated: reinitiate, default_route: wiki")
	accepts := openOffice(t, idp, "redirect, idp_initiated: accept, default_route: wiki")
	b := testenv.NewBrowser(t)

	// Only a hint: the person comes back by a proper login, and notices nothing.
	signInAtPySAML2(b, idp.UnsolicitedURL(again.entityID(), again.site.App("wiki")+"/deep?q=1"), testenv.Ana)
	b.WaitText("Legacy app wiki")
	expectText(t, b, "#url", "/deep?q=1")
	expectText(t, b, "#X-Auth-Email", testenv.Ana.Email)

	// Accepted as it is; a foreign RelayState leads to the default route.
	b.Open(idp.UnsolicitedURL(accepts.entityID(), "https://evil.example/"))
	b.WaitText("Legacy app wiki")
	b.WaitURL(accepts.site.App("wiki") + "/")
	expectText(t, b, "#X-Auth-Email", testenv.Ana.Email)

	// Another person is never put in her place silently.
	b.Open(idp.ForgetURL())
	signInAtPySAML2(b, idp.UnsolicitedURL(accepts.entityID(), accepts.site.App("wiki")+"/"), testenv.Bob)
	b.WaitText(continueAs)
	b.Screenshot("continue-as")
	b.Open(accepts.site.App("wiki") + "/")
	b.WaitText("Legacy app wiki")
	expectText(t, b, "#X-Auth-Email", testenv.Ana.Email)
	b.Open(idp.UnsolicitedURL(accepts.entityID(), accepts.site.App("wiki")+"/"))
	b.WaitText(continueAs)
	b.ClickText("Continue")
	b.WaitText("Legacy app wiki")
	expectText(t, b, "#X-Auth-Email", testenv.Bob.Email)
	b.NoProblems(idp.URL)
}
