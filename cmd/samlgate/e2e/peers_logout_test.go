package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// singleLogout ends sessions from both sides. The browser goes through every
// binding that it carries; the rest needs none.
func (h house) singleLogout(t *testing.T) {
	h.idp.Answer(t, testenv.AnswerOptions{SignAssertion: true})
	t.Run("from_sp", h.logoutFromSP)
	t.Run("from_idp", h.logoutFromIDP)
}

func (h house) logoutFromSP(t *testing.T) {
	b := testenv.NewBrowser(t)
	t.Run("redirect", func(t *testing.T) { h.open(t, "redirect").leaves(t, b, testenv.ByRedirect) })
	t.Run("post", func(t *testing.T) {
		h := house{byPostOnly{h.idp}, h.redis}
		h.open(t, "redirect").leaves(t, b, testenv.ByPost)
	})
	t.Run("post over TLS", func(t *testing.T) { // with cookies that other sites' forms do not bring along
		h := house{byPostOnly{h.idp}, h.redis}
		h.openTLS(t, "redirect").leaves(t, b, testenv.ByPost)
	})
	b.NoProblems(h.idp.Origin())

	o := h.open(t, "redirect")
	t.Run("NameID echoed", o.echoesNameID)
	t.Run("request signed", o.signsLogout)
	t.Run("answer checked", o.checksAnswer)
	t.Run("partial", o.leavesPartly)
	t.Run("other gateway told", func(t *testing.T) { o.tells(t, h.openAt(t, "elsewhere.localhost", "redirect")) })
}

// leaves signs out of everything, at an app and on the account page.
func (o office) leaves(t *testing.T, b *testenv.Browser, binding string) {
	o.idp.LogoutBy(t, o.entityID(), binding)
	wiki := o.site.App("wiki")
	signInAt(b, o.idp, wiki+"/", testenv.Ana)
	b.WaitText("Legacy app wiki")
	stolen := b.CookiesOf("wiki.localhost")
	b.Open(wiki + "/.samlgate/logout")
	b.WaitText(everywhere)
	b.WaitURL(o.site.Origin())
	b.Screenshot("everywhere-" + binding)
	expectNothingOf(t, b, testenv.Ana, "after the logout")
	expectNoAppCookie(t, b, "wiki.localhost")
	expectRefused(t, wiki, stolen)

	signInAt(b, o.idp, wiki+"/", testenv.Bob) // who is asked for his password
	b.WaitText("Legacy app wiki")
	expectText(t, b, "#X-Auth-Email", testenv.Bob.Email)
	expectText(t, b, "#app-session", "new")
	b.Open(o.site.Origin() + "/.samlgate/account")
	b.WaitText(testenv.Bob.Email)
	b.ClickText("Sign out")
	b.WaitText(everywhere)
	b.Open(wiki + "/")
	b.WaitURL(o.idp.Origin())
}

// byPostOnly is an identity provider whose metadata offers no logout by redirect.
type byPostOnly struct{ peer }

var redirectLogout = regexp.MustCompile(`<(?:\w+:)?SingleLogoutService [^>]*HTTP-Redirect"[^>]*/>`)

func (p byPostOnly) Metadata(t testing.TB) []byte {
	t.Helper()
	all := p.peer.Metadata(t)
	kept := redirectLogout.ReplaceAll(all, nil)
	if bytes.Equal(all, kept) || !bytes.Contains(kept, []byte("SingleLogoutService")) {
		t.Fatalf("the metadata does not offer logout by redirect and by post:\n%s", all)
	}
	return kept
}

// signOut signs a client out at the wiki and returns where that ends.
func (o office) signOut(t *testing.T, c *http.Client) *http.Response {
	t.Helper()
	return testenv.Follow(t, c, testenv.Navigate(t, c, o.site.App("wiki")+"/.samlgate/logout"))
}

func expectPage(t *testing.T, res *http.Response, text string) {
	t.Helper()
	page, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(page), text) {
		t.Errorf("the page at %s does not say %q: status %d, %v\n%s", res.Request.URL, text, res.StatusCode, err, page)
	}
}

// echoesNameID signs out people whom the identity provider calls by names of
// every format: it knows them by exactly what it said.
func (o office) echoesNameID(t *testing.T) {
	o.idp.LogoutBy(t, o.entityID(), testenv.ByRedirect)
	for _, format := range []string{testenv.Transient, testenv.EmailID, testenv.Persistent} {
		o.idp.Answer(t, testenv.AnswerOptions{SignAssertion: true, NameIDFormat: format})
		c := testenv.NewClient(t)
		o.arrive(t, c, testenv.Ana)
		expectPage(t, o.signOut(t, c), everywhere)
		o.expectSignedOut(t, c)
		if !o.idp.Forgot(t, c, o.entityID()) {
			t.Errorf("%s: the identity provider still knows her", format)
		}
	}
}

// signsLogout takes the signature off the request: nobody is signed out by what
// anybody can write.
func (o office) signsLogout(t *testing.T) {
	o.idp.LogoutBy(t, o.entityID(), testenv.ByRedirect)
	c := testenv.NewClient(t)
	o.arrive(t, c, testenv.Ana)
	request := o.signOut(t, stopAt(c, o.idp.Origin())).Header.Get("Location")
	if !strings.Contains(request, "SAMLRequest=") || !strings.Contains(request, "&SigAlg=") {
		t.Fatalf("the gateway does not ask for a logout by redirect: %s", request)
	}
	o.expectSignedOut(t, c) // here it ended before the request left
	testenv.Navigate(t, c, request[:strings.Index(request, "&SigAlg=")]).Body.Close()
	if o.idp.Forgot(t, c, o.entityID()) {
		t.Error("the identity provider believes a request without a signature")
	}
	expectPage(t, testenv.Follow(t, c, testenv.Navigate(t, c, request)), everywhere)
}

// checksAnswer takes the signature off the answer, and then brings it whole.
func (o office) checksAnswer(t *testing.T) {
	o.idp.LogoutBy(t, o.entityID(), testenv.ByRedirect)
	c := testenv.NewClient(t)
	o.arrive(t, c, testenv.Ana)
	answer := o.signOut(t, stopAt(c, o.site.Origin()+"/.samlgate/saml/slo")).Header.Get("Location")
	if !strings.Contains(answer, "SAMLResponse=") || !strings.Contains(answer, "&SigAlg=") || !strings.Contains(answer, "&RelayState=") {
		t.Fatalf("the identity provider does not answer by redirect: %s", answer)
	}
	expectPage(t, testenv.Navigate(t, c, answer[:strings.Index(answer, "&SigAlg=")]), unconfirmed)
	expectPage(t, testenv.Navigate(t, c, strings.Replace(answer, "RelayState=", "RelayState=x", 1)), unconfirmed)
	expectPage(t, testenv.Navigate(t, testenv.NewClient(t), answer), unconfirmed) // in another browser
	expectPage(t, testenv.Navigate(t, c, answer), everywhere)
	o.expectSignedOut(t, c)
}

// stopAt returns a copy of c that does not follow redirects to an address that
// begins so.
func stopAt(c *http.Client, prefix string) *http.Client {
	stopping := *c
	stopping.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), prefix) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &stopping
}

// silent is a service provider without a logout service.
const silent = "http://silent.localhost/sp"

// leavesPartly was at an application that cannot be told of the logout.
func (o office) leavesPartly(t *testing.T) {
	o.idp.Trust(t, fmt.Appendf(nil, `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="%s">
<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="%s/acs" index="0" isDefault="true"/>
</SPSSODescriptor></EntityDescriptor>`, silent, silent))
	o.idp.LogoutBy(t, o.entityID(), testenv.ByRedirect)
	c := testenv.NewClient(t)
	o.arrive(t, c, testenv.Ana)
	o.idp.Login(t, c, o.idp.UnsolicitedURL(silent, ""), testenv.Ana)
	expectPage(t, o.signOut(t, c), partly)
	o.expectSignedOut(t, c)
}

// tells signs out at one gateway, and is signed out at another one by the
// identity provider.
func (o office) tells(t *testing.T, other office) {
	c := testenv.NewClient(t)
	o.arrive(t, c, testenv.Ana)
	other.arrive(t, c, testenv.Ana)
	other.expectSignedIn(t, c, testenv.Ana)
	expectPage(t, o.signOut(t, c), everywhere)
	o.expectSignedOut(t, c)
	other.expectSignedOut(t, c)
}
