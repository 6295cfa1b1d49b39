package e2e

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/beevik/etree"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// TestPySAML2 looks at the identity provider itself, which [TestPeers] relies on,
// and makes the main journey in a browser.
func TestPySAML2(t *testing.T) {
	idp := testenv.StartPySAML2(t)
	byRedirect, byPost := openOffice(t, idp, "redirect"), openOffice(t, idp, "post")
	t.Run("checks requests", byRedirect.checksRequests)
	t.Run("says what it was told to say", byRedirect.answersAsTold)
	t.Run("in a browser", func(t *testing.T) { inBrowser(t, byRedirect, byPost) })
}

// checksRequests changes the gateway's AuthnRequest on its way.
func (o office) checksRequests(t *testing.T) {
	res := open(t, testenv.NewClient(t), o.site.App("wiki")+"/")
	for what, change := range map[string]func(url.Values){
		"":                    func(url.Values) {},
		"without a signature": func(q url.Values) { q.Del("Signature"); q.Del("SigAlg") },
		"with another state":  func(q url.Values) { q.Set("RelayState", "other") },
	} {
		u := *res.Request.URL
		q := u.Query()
		change(q)
		u.RawQuery = q.Encode()
		answer := open(t, testenv.NewClient(t), u.String())
		if accepted := answer.StatusCode == http.StatusOK; accepted != (what == "") {
			t.Errorf("a request %s is answered with %d", what, answer.StatusCode)
		}
	}
}

// answersAsTold makes sure that the variants are what their names say.
func (o office) answersAsTold(t *testing.T) {
	for _, options := range []testenv.AnswerOptions{
		{SignAssertion: true}, {SignResponse: true}, {SignAssertion: true, SignResponse: true},
		{SignAssertion: true, Encrypt: testenv.AES128GCM}, {SignResponse: true, Encrypt: testenv.AES256GCM},
		{SignResponse: true, Encrypt: testenv.AES256CBC}, {SignAssertion: true, Encrypt: testenv.TripleDES},
	} {
		o.idp.Answer(t, options)
		form := o.idp.Login(t, testenv.NewClient(t), o.site.App("wiki")+"/", testenv.Ana)
		doc := etree.NewDocument()
		if err := doc.ReadFromString(document(t, form)); err != nil {
			t.Fatal(err)
		}
		has := func(path string) bool { return doc.FindElement(path) != nil }
		if has("/Response/Signature") != options.SignResponse {
			t.Errorf("%+v: wrong about the response's signature", options)
		}
		cipher := ""
		if e := doc.FindElement("/Response/EncryptedAssertion/EncryptedData/EncryptionMethod"); e != nil {
			cipher = e.SelectAttrValue("Algorithm", "")
		}
		if cipher != options.Encrypt {
			t.Errorf("%+v: encrypted with %q", options, cipher)
		}
		if cipher == "" && has("/Response/Assertion/Signature") != options.SignAssertion {
			t.Errorf("%+v: wrong about the assertion's signature", options)
		}
	}
	o.idp.Answer(t, testenv.AnswerOptions{SignAssertion: true})
}

// inBrowser is the main job in short, and then the same desk at another gateway.
func inBrowser(t *testing.T, byRedirect, byPost office) {
	b := testenv.NewBrowser(t)
	idp, wiki := byRedirect.idp, byRedirect.site.App("wiki")

	// Ana follows a deep link.
	signInAt(b, idp, wiki+"/deep/link?q=1&name=caf%C3%A9", testenv.Ana)
	b.WaitText("Legacy app wiki")
	expectText(t, b, "#url", "/deep/link?q=1&name=caf%C3%A9")
	expectText(t, b, "#X-Auth-Email", testenv.Ana.Email)
	expectText(t, b, "#X-Auth-Last-Name", testenv.Ana.Last)
	b.Screenshot("wiki-ana")

	b.Open(wiki + "/.samlgate/logout")
	b.WaitText(everywhere)                                          // pySAML2 knows her no more
	signInAt(b, idp, byPost.site.App("wiki")+"/other", testenv.Ana) // by POST too
	b.WaitText("Legacy app wiki")
	expectText(t, b, "#X-Auth-Email", testenv.Ana.Email)

	b.Open(byPost.site.App("wiki") + "/.samlgate/logout")
	b.WaitText(everywhere)
	signInAt(b, idp, wiki+"/", testenv.Bob)
	b.WaitText("Legacy app wiki")
	expectText(t, b, "#X-Auth-Email", testenv.Bob.Email)
	expectNothingOf(t, b, testenv.Ana, "on Bob's wiki page")
	b.NoProblems(idp.Origin())
}
