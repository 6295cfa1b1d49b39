package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// legacy is a gateway in the place of mod_auth_mellon. SimpleSAMLphp knows only
// what that module's own script wrote, and its administrator changes nothing.
type legacy struct {
	site     *testenv.Site
	idp      *testenv.SSP
	entityID string
	acs      string
}

const legacyConfig = `
server:
  listen: 127.0.0.1:%[1]s
  external_url: %[2]s
  admin_listen: %[3]s
  drain: {delay: 0s, timeout: 1s}
session: {cookie_keys: ["${file:cookie.key}"]}
saml:
  keys:
    - {cert_file: mellon.cert, key_file: mellon.key}
    - {cert_file: sp.crt, key_file: sp.key}
  service_providers:
    - name: old
      entity_id: %[4]s
      origin: %[5]s
      paths: {metadata: /mellon/metadata, acs: /mellon/postResponse, slo: /mellon/logout}
  idps: [{name: office, metadata_file: idp.xml, idp_initiated: %[6]s}]
headers: {signing: {keys: [{id: k1, file: signing.key}]}}
routes:
  - {name: wiki, host: wiki.localhost, upstream: %[7]s, service_provider: old}
  - {name: hr, host: hr.localhost, upstream: %[8]s}
`

func startLegacy(t *testing.T, initiated string) legacy {
	t.Helper()
	l := legacy{site: testenv.NewSite(t), idp: testenv.StartSimpleSAMLphp(t)}
	l.site.Keygen(t)
	wiki := l.site.App("wiki")
	l.entityID, l.acs = wiki+"/mellon/metadata", wiki+"/mellon/postResponse"
	old := testenv.NewMellon(t, l.entityID, wiki+"/mellon")
	l.idp.Trust(t, old.Metadata)
	config := fmt.Sprintf(legacyConfig, l.site.Port, l.site.Origin(), l.site.Admin, l.entityID, wiki, initiated,
		testenv.LegacyApp(t, "wiki").URL, testenv.LegacyApp(t, "hr").URL)
	testenv.StartGateway(t, l.site, config, map[string][]byte{
		"idp.xml": l.idp.Metadata(t), "mellon.cert": old.Certificate, "mellon.key": old.Key,
	})
	return l
}

// Requests are signed with the old key, or SimpleSAMLphp would refuse them, and
// assertions that it encrypts for the old certificate are read.
func TestInThePlaceOfMellon(t *testing.T) {
	l := startLegacy(t, "deny")
	for name, o := range map[string]testenv.AnswerOptions{
		"signed": {SignAssertion: true}, "encrypted": {SignResponse: true, SignAssertion: true, Encrypt: testenv.AES256GCM},
	} {
		l.idp.Answer(t, o)
		c := testenv.NewClient(t)
		form := l.idp.Login(t, c, l.site.App("wiki")+"/echo?q=1", testenv.Ana)
		if form.Action.String() != l.acs {
			t.Fatalf("%s: the answer goes to %s", name, form.Action)
		}
		e := echoed(t, submit(t, c, testenv.ReadForm(t, submit(t, c, form))))
		if e.URL != "/echo?q=1" {
			t.Errorf("%s: Ana arrives at %s", name, e.URL)
		}
		expectHeaders(t, e, testenv.Ana)
	}
}

// An answer to the old identity opens nothing else, whatever door it takes.
func TestAnswersToMellonOpenNothingElse(t *testing.T) {
	l := startLegacy(t, "accept")
	c := testenv.NewClient(t)
	form := l.idp.Login(t, c, l.idp.UnsolicitedURL(l.entityID, ""), testenv.Ana)
	own := form
	own.Action = form.Action.ResolveReference(form.Action)
	own.Action.Host, own.Action.Path = strings.TrimPrefix(l.site.Origin(), "http://"), "/.samlgate/saml/acs"
	page, err := io.ReadAll(submit(t, c, own).Body)
	if err != nil || !strings.Contains(string(page), notAccepted) {
		t.Errorf("our own ACS takes what was made out to the old one: %v %s", err, page)
	}
	submit(t, c, testenv.ReadForm(t, submit(t, c, form))) // the twin, made out to where it goes
	for host, want := range map[string]int{"wiki": http.StatusOK, "hr": http.StatusUnauthorized} {
		if status, _, _ := ask(t, c, l.site.App(host)+"/echo", nil); status != want {
			t.Errorf("%s answers %d, want %d", host, status, want)
		}
	}
}

func TestBrowserSignsInWhereMellonWas(t *testing.T) {
	l := startLegacy(t, "reinitiate")
	link := l.site.App("wiki") + "/deep/link?q=1"
	b := testenv.NewBrowser(t)
	signIn(b, l.idp, link, testenv.Ana)
	b.WaitText("Legacy app wiki")
	b.WaitURL(link)
	b.NoProblems(l.idp.URL)

	// From the identity provider's side, by way of the relay page and back to it.
	b = testenv.NewBrowser(t)
	signIn(b, l.idp, l.idp.UnsolicitedURL(l.entityID, link), testenv.Bob)
	b.WaitText("Legacy app wiki")
	b.WaitURL(link)
	b.NoProblems(l.idp.URL)
}

func TestBrowserWithoutScriptsWhereMellonWas(t *testing.T) {
	l := startLegacy(t, "deny")
	b := testenv.NewBrowser(t)
	b.WithoutScripts()
	b.Open(l.site.App("wiki") + "/deep")
	b.WaitURL(l.idp.URL)
	b.Fill("#username", testenv.Ana.Login)
	b.Fill("#password", testenv.Ana.Password)
	b.Click("#submit_button button, button[type=submit], input[type=submit]")
	b.Click("noscript button, noscript input") // SimpleSAMLphp's own page
	b.WaitURL(l.acs)
	b.WaitText("sso.localhost")
	b.Screenshot("relay")
	b.Click("button")
	b.WaitText("Legacy app wiki")
}

// Single logout goes by the address in the old metadata, both ways.
func TestBrowserSignsOutWhereMellonWas(t *testing.T) {
	l := startLegacy(t, "deny")
	b := testenv.NewBrowser(t)
	wiki := l.site.App("wiki")
	signedOut := func() {
		t.Helper()
		b.Open(wiki + "/")
		b.WaitURL(l.idp.URL)
		b.WaitText("Enter your username and password") // it has forgotten her, too
	}
	signIn(b, l.idp, wiki+"/", testenv.Ana)
	b.WaitText("Legacy app wiki")
	b.Open(wiki + "/mellon/logout") // as the app's own link does
	b.WaitURL(wiki + "/mellon/logout?SAMLResponse=")
	b.WaitText("has signed you out as well")
	signedOut()

	signIn(b, l.idp, wiki+"/", testenv.Bob)
	b.WaitText("Legacy app wiki")
	b.Open(l.idp.LogoutURL())
	b.WaitText(testenv.SSPSignedOut)
	signedOut()
}
