package e2e

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"text/template"

	"github.com/beevik/etree"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// officeConfig is a small installation: the embedded store, one app, and an
// identity provider on pysaml2.
var officeConfig = template.Must(template.New("config").Parse(`
server:
  listen: 127.0.0.1:{{.Site.Port}}
  external_url: {{.Site.Origin}}
  admin_listen: {{.Site.Admin}}
  drain: {delay: 0s, timeout: 5s}
store: {driver: embedded}
session: {cookie_keys: ["${file:cookie.key}"]}
saml:
  keys: [{cert_file: sp.crt, key_file: sp.key}]
  idps: [{name: office, display_name: Example Office, metadata_file: idp.xml, request_binding: {{.Binding}}}]
headers: {signing: {keys: [{id: k1, file: signing.key}]}}
routes:
  - {name: wiki, host: wiki.localhost, upstream: {{.Wiki.URL}}, logout: {clear_cookies: [{{.AppCookie}}]}}
`))

const startHere = "Please start from here" // the gateway's, to unsolicited answers

// office is a gateway and the identity provider that it shares with others.
type office struct {
	site *testenv.Site
	idp  *testenv.PySAML2
}

// openOffice starts a gateway that asks by the given binding; more settings of
// the identity provider may follow it after a comma. pySAML2 learns of
// it from the metadata that the gateway itself publishes.
func openOffice(t *testing.T, idp *testenv.PySAML2, binding string) office {
	t.Helper()
	o := office{testenv.NewSite(t), idp}
	o.site.Keygen(t)
	var config strings.Builder
	err := officeConfig.Execute(&config, map[string]any{
		"Site": o.site, "Binding": binding, "Wiki": testenv.LegacyApp(t, "wiki"), "AppCookie": testenv.AppCookie,
	})
	if err != nil {
		t.Fatal(err)
	}
	testenv.StartGateway(t, o.site, config.String(), map[string][]byte{"idp.xml": idp.Metadata(t)})
	idp.TrustURL(t, o.entityID())
	return o
}

func (o office) entityID() string { return o.site.Origin() + "/.samlgate/saml/metadata" }

// TestPySAML2 signs people in at an identity provider that is built on another
// SAML library than SimpleSAMLphp.
func TestPySAML2(t *testing.T) {
	idp := testenv.StartPySAML2(t)
	byRedirect, byPost := openOffice(t, idp, "redirect"), openOffice(t, idp, "post")

	t.Run("signs people in", func(t *testing.T) {
		for what, options := range map[string]testenv.PySAML2Options{
			"assertion signed":         {SignAssertion: true},
			"response signed":          {SignResponse: true},
			"both signed":              {SignAssertion: true, SignResponse: true},
			"persistent NameID":        {SignAssertion: true, NameIDFormat: testenv.Persistent},
			"transient NameID":         {SignAssertion: true, NameIDFormat: testenv.Transient},
			"e-mail address as NameID": {SignAssertion: true, NameIDFormat: testenv.EmailID},
		} {
			t.Run(what, func(t *testing.T) {
				idp.Answer(t, options)
				byRedirect.expectWelcome(t, testenv.Ana)
				byPost.expectWelcome(t, testenv.Bob)
			})
		}
	})
	t.Run("keeps out", func(t *testing.T) {
		idp.Answer(t, testenv.PySAML2Options{})
		byRedirect.expectKeptOut(t, testenv.Ana, "could not be accepted")
		idp.Answer(t, testenv.PySAML2Options{SignAssertion: true})
		byRedirect.expectKeptOut(t, testenv.Carla, "has a role that may not sign in")
	})
	t.Run("checks requests", byRedirect.checksRequests)
	t.Run("says what it was told to say", byRedirect.answersAsTold)
	t.Run("refuses unsolicited answers", byRedirect.refusesUnsolicited)
	t.Run("in a browser", func(t *testing.T) { inBrowser(t, byRedirect, byPost) })
	t.Run("may start the sign-in", func(t *testing.T) { startsItself(t, idp) })
}

// visit follows a link into the wiki, signs in and returns the last answer.
func (o office) visit(t *testing.T, c *http.Client, p testenv.PersonInfo) *http.Response {
	t.Helper()
	return submit(t, c, o.idp.Login(t, c, o.site.App("wiki")+"/echo?q=1", p))
}

func (o office) expectWelcome(t *testing.T, p testenv.PersonInfo) {
	t.Helper()
	res := o.visit(t, testenv.NewClient(t), p)
	var e testenv.Echo
	body, err := io.ReadAll(res.Body)
	if err != nil || json.Unmarshal(body, &e) != nil {
		t.Fatalf("%s does not reach the wiki: status %d at %s, %v: %s", p.Login, res.StatusCode, res.Request.URL, err, body)
	}
	if e.URL != "/echo?q=1" {
		t.Errorf("%s arrives at %s", p.Login, e.URL)
	}
	for name, want := range map[string]string{
		"X-Auth-Email": p.Email, "X-Auth-First-Name": p.First, "X-Auth-Last-Name": p.Last,
		"X-Auth-Employee-Id": p.EmployeeID, "X-Auth-Roles": strings.Join(p.Roles, ","),
	} {
		if got := e.Header.Get(name); got != want {
			t.Errorf("%s: the wiki received %s %q, want %q", p.Login, name, got, want)
		}
	}
}

func (o office) expectKeptOut(t *testing.T, p testenv.PersonInfo, reason string) {
	t.Helper()
	c := testenv.NewClient(t)
	res := o.visit(t, c, p)
	page, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusForbidden || !strings.Contains(string(page), reason) {
		t.Errorf("%s is not told %q: status %d at %s, %v", p.Login, reason, res.StatusCode, res.Request.URL, err)
	}
	if status, _, _ := ask(t, c, o.site.App("wiki")+"/echo", nil); status != http.StatusUnauthorized {
		t.Errorf("the wiki answers %s with %d afterwards", p.Login, status)
	}
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
	for _, options := range []testenv.PySAML2Options{
		{SignAssertion: true}, {SignResponse: true}, {SignAssertion: true, SignResponse: true},
		{SignAssertion: true, Encrypt: testenv.AES128GCM}, {SignResponse: true, Encrypt: testenv.AES256GCM},
		{SignResponse: true, Encrypt: testenv.AES256CBC}, {SignAssertion: true, Encrypt: testenv.TripleDES},
	} {
		o.idp.Answer(t, options)
		form := o.idp.Login(t, testenv.NewClient(t), o.site.App("wiki")+"/", testenv.Ana)
		raw, err := base64.StdEncoding.DecodeString(form.Values.Get("SAMLResponse"))
		if err != nil {
			t.Fatal(err)
		}
		doc := etree.NewDocument()
		if err := doc.ReadFromBytes(raw); err != nil {
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
	o.idp.Answer(t, testenv.PySAML2Options{SignAssertion: true})
}

// inBrowser is the main job in short, and then the same desk at another gateway.
func inBrowser(t *testing.T, byRedirect, byPost office) {
	b := testenv.NewBrowser(t)
	idp, wiki := byRedirect.idp, byRedirect.site.App("wiki")

	// Bob starts at pySAML2: the page that says no leads to a sign-in that works.
	signInAtPySAML2(b, idp.UnsolicitedURL(byRedirect.entityID(), ""), testenv.Bob)
	b.WaitText(startHere)
	b.Screenshot("unsolicited")
	b.ClickText("Start again")
	b.WaitURL(byRedirect.site.Origin() + "/.samlgate/account")
	b.WaitText(testenv.Bob.Email)
	b.ClickText("Sign out")
	b.WaitText(signedOut)
	b.Open(idp.ForgetURL())

	// Ana follows a deep link.
	signInAtPySAML2(b, wiki+"/deep/link?q=1&name=caf%C3%A9", testenv.Ana)
	b.WaitText("Legacy app wiki")
	expectText(t, b, "#url", "/deep/link?q=1&name=caf%C3%A9")
	expectText(t, b, "#X-Auth-Email", testenv.Ana.Email)
	expectText(t, b, "#X-Auth-Last-Name", testenv.Ana.Last)
	b.Screenshot("wiki-ana")

	b.Open(wiki + "/.samlgate/logout")
	b.WaitText(signedOut)
	b.Open(wiki + "/") // pySAML2 still knows her
	b.WaitText("Legacy app wiki")
	b.Open(byPost.site.App("wiki") + "/other") // by POST too
	b.WaitText("Legacy app wiki")
	expectText(t, b, "#X-Auth-Email", testenv.Ana.Email)

	b.Open(wiki + "/.samlgate/logout")
	b.WaitText(signedOut)
	b.Open(idp.ForgetURL())
	signInAtPySAML2(b, wiki+"/", testenv.Bob)
	b.WaitText("Legacy app wiki")
	expectText(t, b, "#X-Auth-Email", testenv.Bob.Email)
	expectNothingOf(t, b, testenv.Ana, "on Bob's wiki page")
	b.NoProblems(idp.URL)
}

func signInAtPySAML2(b *testenv.Browser, url string, p testenv.PersonInfo) {
	b.Open(url)
	b.WaitText(testenv.PySAML2LoginPage)
	b.Fill("#username", p.Login)
	b.Fill("#password", p.Password)
	b.Click("button[type=submit]")
}

// refusesUnsolicited starts at the identity provider. It does not help that a
// login was begun here.
func (o office) refusesUnsolicited(t *testing.T) {
	began := testenv.NewClient(t)
	open(t, began, o.site.App("wiki")+"/")
	for who, c := range map[string]*http.Client{"somebody": testenv.NewClient(t), "somebody who began a login": began} {
		res := submit(t, c, o.idp.Login(t, c, o.idp.UnsolicitedURL(o.entityID(), o.site.App("wiki")+"/"), testenv.Ana))
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("an unsolicited answer for %s: status %d", who, res.StatusCode)
		}
		if status, _, _ := ask(t, c, o.site.App("wiki")+"/echo", nil); status != http.StatusUnauthorized {
			t.Errorf("the wiki answers %s with %d afterwards", who, status)
		}
	}
}

// open goes to an address and submit sends a form, both as a browser does.
func open(t *testing.T, c *http.Client, url string) *http.Response {
	t.Helper()
	return browse(t, c, http.MethodGet, url, "")
}

func submit(t *testing.T, c *http.Client, f testenv.Form) *http.Response {
	t.Helper()
	return browse(t, c, http.MethodPost, f.Action.String(), f.Values.Encode())
}

func browse(t *testing.T, c *http.Client, method, url, form string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "text/html")
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}
