package e2e

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"text/template"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// officeConfig is a small installation: one app and one identity provider.
var officeConfig = template.Must(template.New("config").Parse(`
server:
  listen: 127.0.0.1:{{.Listen}}
  external_url: {{.Site.Origin}}
  admin_listen: {{.Site.Admin}}
  admin_tokens: [{token: {{.Token}}, role: operator}]
  drain: {delay: 0s, timeout: 1s}
  rate_limits: {login: "off", acs: "off"} # one address for everybody
{{if .Site.TLS}}  tls: {cert_file: tls.crt, key_file: tls.key}
{{end}}store: {{.Store}}
session: {cookie_keys: ["${file:cookie.key}"]{{.Session}}}
saml:
  entity_id: {{.Site.Origin}}/.samlgate/saml/metadata
  keys: [{cert_file: sp.crt, key_file: sp.key}]
  idps: [{name: office, display_name: Example Office, metadata_file: idp.xml, request_binding: {{.Binding}}}]
headers: {signing: {keys: [{id: k1, file: signing.key}]}}
routes:
  - {name: wiki, host: wiki.{{.Site.Domain}}, upstream: {{.Wiki.URL}}, logout: {clear_cookies: [{{.AppCookie}}]}}
`))

// What the gateway's pages say.
const (
	startHere   = "Please start from here" // to unsolicited answers
	notAccepted = "could not be accepted"  // to answers that are wrong
	usedBefore  = "This sign-in was already used"
	everywhere  = "has signed you out as well"
	partly      = "but not of every other application"
	unconfirmed = "as well is not known"
	continueAs  = "Continue as someone else?"
)

// peer is an identity provider as somebody else's library makes it.
type peer interface {
	Origin() string
	Metadata(testing.TB) []byte
	Trust(t testing.TB, metadata []byte)
	TrustURL(t testing.TB, url string)
	Answer(testing.TB, testenv.AnswerOptions)
	Login(testing.TB, *http.Client, string, testenv.PersonInfo) testenv.Form
	UnsolicitedURL(entityID, relay string) string
	ForgetURL() string
	LogoutBy(t testing.TB, entityID, binding string)
	LogoutURL() string
	SignedOutText() string
	LogoutAnswers(testing.TB) []string
	Forgot(t testing.TB, c *http.Client, entityID string) bool
}

// office is a gateway and the identity provider that it shares with others.
type office struct {
	site    *testenv.Site
	idp     peer
	session string // further settings of session, each after a comma

	replicas [2]*testenv.Site // of [house.openReplicas]
}

// openOffice starts a gateway with the embedded store that asks by the given
// binding; more settings of the identity provider may follow it after a comma.
func openOffice(t *testing.T, idp peer, binding string) office {
	t.Helper()
	return openOfficeOn(t, "{driver: embedded}", idp, binding)
}

// openOfficeOn does the same with a store of the caller's choice. The identity
// provider learns of the gateway from the metadata that the gateway publishes.
func openOfficeOn(t *testing.T, store string, idp peer, binding string) office {
	t.Helper()
	return openOfficeAt(t, testenv.NewSite(t), store, idp, binding)
}

func openOfficeAt(t *testing.T, site *testenv.Site, store string, idp peer, binding string) office {
	t.Helper()
	o := office{site: site, idp: idp}
	o.site.Keygen(t)
	if o.site.TLS {
		o.site.TLSFiles(t)
	}
	o.serve(t, o.site, o.site.Port, store, binding)
	idp.TrustURL(t, o.entityID())
	return o
}

// serve starts a gateway of the office that listens on a port of its own.
func (o office) serve(t *testing.T, at *testenv.Site, listen, store, binding string) {
	t.Helper()
	var config strings.Builder
	err := officeConfig.Execute(&config, map[string]any{
		"Site": at, "Listen": listen, "Store": store, "Binding": binding, "Wiki": testenv.LegacyApp(t, "wiki"), "AppCookie": testenv.AppCookie,
		"Token": operatorToken, "Session": o.session,
	})
	if err != nil {
		t.Fatal(err)
	}
	testenv.StartGateway(t, at, config.String(), map[string][]byte{"idp.xml": o.idp.Metadata(t)})
}

func (o office) entityID() string { return o.site.Origin() + "/.samlgate/saml/metadata" }

// visit follows a link into the wiki, signs in and returns the last answer.
func (o office) visit(t *testing.T, c *http.Client, p testenv.PersonInfo) *http.Response {
	t.Helper()
	return submit(t, c, o.idp.Login(t, c, o.site.App("wiki")+"/echo?q=1", p))
}

// arrive does the same and expects the wiki there.
func (o office) arrive(t *testing.T, c *http.Client, p testenv.PersonInfo) {
	t.Helper()
	e := echoed(t, o.visit(t, c, p))
	if e.URL != "/echo?q=1" {
		t.Errorf("%s arrives at %s", p.Login, e.URL)
	}
	expectHeaders(t, e, p)
}

func (o office) expectWelcome(t *testing.T, p testenv.PersonInfo) {
	t.Helper()
	o.arrive(t, testenv.NewClient(t), p)
}

// echoed reads the wiki's echo out of an answer.
func echoed(t *testing.T, res *http.Response) testenv.Echo {
	t.Helper()
	var e testenv.Echo
	body, err := io.ReadAll(res.Body)
	if err != nil || json.Unmarshal(body, &e) != nil {
		t.Fatalf("this is not the wiki: status %d at %s, %v: %s", res.StatusCode, res.Request.URL, err, body)
	}
	return e
}

func expectHeaders(t *testing.T, e testenv.Echo, p testenv.PersonInfo) {
	t.Helper()
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
	o.expectRefusal(t, c, o.visit(t, c, p), reason)
}

// expectRefusal checks that an answer says why somebody may not come in, and
// that the wiki is indeed closed.
func (o office) expectRefusal(t *testing.T, c *http.Client, res *http.Response, reason string) {
	t.Helper()
	page, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusForbidden || !strings.Contains(string(page), reason) {
		t.Errorf("nobody is told %q: status %d at %s, %v", reason, res.StatusCode, res.Request.URL, err)
	}
	o.expectSignedOut(t, c)
}

// expectSignedOut asks the wiki as a program does.
func (o office) expectSignedOut(t *testing.T, c *http.Client) {
	t.Helper()
	if status, _, _ := ask(t, c, o.site.App("wiki")+"/echo", nil); status != http.StatusUnauthorized {
		t.Errorf("the wiki answers with %d, want 401", status)
	}
}

// expectSignedIn asks the wiki as a program does, and who it thinks that is.
func (o office) expectSignedIn(t *testing.T, c *http.Client, p testenv.PersonInfo) {
	t.Helper()
	var e testenv.Echo
	status, _, body := ask(t, c, o.site.App("wiki")+"/echo", nil)
	if err := json.Unmarshal(body, &e); status != http.StatusOK || err != nil {
		t.Fatalf("the wiki answers %s with %d, %v: %s", p.Login, status, err, body)
	}
	expectHeaders(t, e, p)
}

// signInAt opens an address that leads to an identity provider's login page and
// fills it in.
func signInAt(b *testenv.Browser, idp peer, url string, p testenv.PersonInfo) {
	b.Open(url)
	b.WaitURL(idp.Origin())
	b.Fill("#username", p.Login)
	b.Fill("#password", p.Password)
	b.Click("#submit_button button, button[type=submit], input[type=submit]")
}

// document is the XML of a form's SAMLResponse.
func document(t *testing.T, f testenv.Form) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(f.Values.Get("SAMLResponse"))
	if err != nil {
		t.Fatalf("decoding a SAMLResponse: %v", err)
	}
	return string(raw)
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

// browse sends a form as a page does.
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
