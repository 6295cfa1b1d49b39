package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"text/template"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/headers"
)

// company is a whole installation: an identity provider, Redis, two legacy apps
// and the gateway between them.
type company struct {
	site     *testenv.Site
	idp      *testenv.SSP
	redis    *testenv.Redis
	wiki, hr *testenv.App
}

// companyConfig is what the operator of the company has written.
var companyConfig = template.Must(template.New("config").Parse(`
server:
  listen: 127.0.0.1:{{.Site.Port}}
  external_url: {{.Site.Origin}}
  admin_listen: {{.Site.Admin}}
  drain: {delay: 0s, timeout: 5s}
store:
  driver: redis
  redis: {addresses: ["{{.Redis.Addr}}"]}
session:
  cookie_keys: ["${file:cookie.key}"]
{{.Session}}saml:
  entity_id: {{.Site.Origin}}/.samlgate/saml/metadata
  keys: [{cert_file: sp.crt, key_file: sp.key}]
  idps:
    - name: corp
      display_name: Example Corp
      metadata_file: idp.xml
headers:
  signing: {keys: [{id: k1, file: signing.key}]}
routes:
  - name: wiki
    host: wiki.localhost
    upstream: {{.Wiki.URL}}
    logout: {clear_cookies: [{{.AppCookie}}]}
  - name: hr
    host: hr.localhost
    upstream: {{.HR.URL}}
    logout: {clear_cookies: [{{.AppCookie}}]}
`))

// startCompany starts everything. The order is the operator's: keys first, then
// the two sides learn of each other, then the gateway runs. session are further
// lines of that block.
func startCompany(t *testing.T, session ...string) *company {
	t.Helper()
	c := &company{
		site:  testenv.NewSite(t),
		redis: testenv.StartRedis(t),
		wiki:  testenv.LegacyApp(t, "wiki"),
		hr:    testenv.LegacyApp(t, "hr"),
	}
	c.site.Keygen(t)
	c.idp = testenv.StartSimpleSAMLphp(t, testenv.SPInfo{
		EntityID:    c.site.Origin() + "/.samlgate/saml/metadata",
		ACS:         c.site.Origin() + "/.samlgate/saml/acs",
		SLO:         c.site.Origin() + "/.samlgate/saml/slo",
		Certificate: testenv.ReadCertificate(t, c.site.Path("sp.crt")),
	})
	var config strings.Builder
	err := companyConfig.Execute(&config, map[string]any{
		"Site": c.site, "Redis": c.redis, "Wiki": c.wiki, "HR": c.hr, "AppCookie": testenv.AppCookie, "Session": strings.Join(session, ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	testenv.StartGateway(t, c.site, config.String(), map[string][]byte{"idp.xml": c.idp.Metadata(t)})
	c.wiki.VerifyWith(c.verifier(t, "wiki"))
	c.hr.VerifyWith(c.verifier(t, "hr"))
	return c
}

// verifier is what a modern app does with the signed header: it trusts the keys
// that the gateway publishes, for its own audience.
func (c *company) verifier(t *testing.T, audience string) func(*http.Request) (string, error) {
	t.Helper()
	keys, err := headers.FetchKeySet(c.site.App(audience)+"/.samlgate/jwks.json", testenv.NewClient(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := headers.NewVerifier(headers.VerifierConfig{Issuer: c.site.Origin(), Audience: audience, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return func(r *http.Request) (string, error) {
		claims, err := v.Verify(r)
		return claims.Email, err
	}
}

// signIn opens an app with a client that is no browser, signs the person in at
// SimpleSAMLphp and returns the gateway's final answer.
func (c *company) signIn(t *testing.T, client *http.Client, url string, p testenv.PersonInfo) *http.Response {
	t.Helper()
	form := c.idp.Login(t, client, url, p)
	return browse(t, client, http.MethodPost, form.Action.String(), form.Values.Encode())
}

// ask sends a request of a program: it wants JSON and no login page.
func ask(t *testing.T, client *http.Client, url string, header http.Header) (int, http.Header, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	for name, values := range header {
		req.Header[name] = values // as spelled: an attacker is not canonical
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, body
}

// echo asks the wiki what it received.
func (c *company) echo(t *testing.T, client *http.Client, header http.Header) testenv.Echo {
	t.Helper()
	status, _, body := ask(t, client, c.site.App("wiki")+"/echo", header)
	var e testenv.Echo
	if err := json.Unmarshal(body, &e); status != http.StatusOK || err != nil {
		t.Fatalf("the wiki's echo: status %d, %v: %s", status, err, body)
	}
	return e
}
