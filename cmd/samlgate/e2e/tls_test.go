package e2e

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"text/template"

	"github.com/chromedp/cdproto/network"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

// tlsConfig is an installation as it should be: TLS, __Host- cookies, and an
// identity provider that is asked by POST.
var tlsConfig = template.Must(template.New("config").Parse(`
server:
  listen: 127.0.0.1:{{.Site.Port}}
  external_url: {{.Site.Origin}}
  admin_listen: {{.Site.Admin}}
  drain: {delay: 0s, timeout: 5s}
  tls: {cert_file: tls.crt, key_file: tls.key, hsts: 1h}
session: {cookie_keys: ["${file:cookie.key}"]}
saml:
  keys: [{cert_file: sp.crt, key_file: sp.key}]
  idps: [{name: corp, display_name: Example Corp, metadata_file: idp.xml, request_binding: post}]
headers:
  signing: {keys: [{id: k1, file: signing.key}]}
routes:
  - {name: wiki, host: wiki.localhost, upstream: {{.Wiki.URL}}}
  - {name: hr, host: hr.localhost, upstream: {{.HR.URL}}}
`))

// TestPostBindingOverTLS signs in with the cookies that a real installation
// has: the answer of the identity provider is a cross-site POST, and the login
// cookie must come along where the session cookie does not.
func TestPostBindingOverTLS(t *testing.T) {
	site := testenv.NewSite(t)
	site.TLS = true
	site.Keygen(t)
	site.TLSFiles(t)
	idp := startIDP(t, site)
	document, err := idp.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	var config strings.Builder
	err = tlsConfig.Execute(&config, map[string]any{
		"Site": site, "Wiki": testenv.LegacyApp(t, "wiki"), "HR": testenv.LegacyApp(t, "hr"),
	})
	if err != nil {
		t.Fatal(err)
	}
	testenv.StartGateway(t, site, config.String(), map[string][]byte{"idp.xml": document})

	b := testenv.NewBrowser(t)
	b.Open(site.App("wiki") + "/deep?q=1")
	b.ClickText("ana@example.com")
	b.WaitURL(site.App("wiki") + "/deep?q=1")
	b.WaitText("ana@example.com")
	expectSealed(t, b.Cookies())
	b.Open(site.App("hr") + "/")
	b.WaitURL(site.App("hr"))
	b.WaitText("ana@example.com")

	// The button of the account page is a POST of our own page.
	b.Open(site.Origin() + "/.samlgate/account")
	b.WaitText("ana@example.com")
	b.Screenshot("account")
	b.ClickText("Sign out")
	b.WaitText("This identity provider has forgotten who you were") // it does not come back with an answer
	b.Open(site.App("hr") + "/")
	b.WaitURL(strings.TrimSuffix(idp.SSOURL(), "/sso"))
	b.NoProblems()
}

func startIDP(t *testing.T, site *testenv.Site) *idptest.IDP {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	base := strings.Replace(server.URL, "127.0.0.1", "idp.localhost", 1) + "/idp"
	idp, err := idptest.New(idptest.Config{
		EntityID: base + "/metadata", BaseURL: base,
		People: []idptest.Person{{Email: "ana@example.com", First: "Ana", Last: "Souza"}},
		SPs: []idptest.SP{{
			EntityID: site.Origin() + "/.samlgate/saml/metadata", ACSURL: site.Origin() + "/.samlgate/saml/acs",
			Certificates: []*x509.Certificate{testenv.ReadCertificate(t, site.Path("sp.crt"))},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/idp/", idp)
	return idp
}

// expectSealed looks at the gateway's cookies as the browser keeps them.
func expectSealed(t *testing.T, cookies []*network.Cookie) {
	t.Helper()
	found := 0
	for _, c := range cookies {
		if !strings.Contains(c.Name, "samlgate") {
			continue
		}
		found++
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HTTPOnly || c.Path != "/" || strings.HasPrefix(c.Domain, ".") {
			t.Errorf("cookie %s: secure %v, http-only %v, path %s, domain %s", c.Name, c.Secure, c.HTTPOnly, c.Path, c.Domain)
		}
		want := network.CookieSameSiteLax
		if c.Name == "__Host-samlgate-login" {
			want = network.CookieSameSiteNone
		}
		if c.SameSite != want {
			t.Errorf("cookie %s: SameSite is %q, want %q", c.Name, c.SameSite, want)
		}
	}
	if found < 3 { // the session on two hosts, and the login
		t.Errorf("only %d cookies of the gateway", found)
	}
}
