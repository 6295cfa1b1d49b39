package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"text/template"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// severalConfig is an installation with two identity providers.
var severalConfig = template.Must(template.New("config").Parse(`
server:
  listen: 127.0.0.1:{{.Site.Port}}
  external_url: {{.Site.Origin}}
  admin_listen: {{.Site.Admin}}
  drain: {delay: 0s, timeout: 1s}
  rate_limits: {login: "off"} # every browser here has one address
session: {cookie_keys: ["${file:cookie.key}"]}
saml:
  keys: [{cert_file: sp.crt, key_file: sp.key}]
  idps:
    - {name: corp, display_name: Example Corp, logo_file: corp.svg, email_domains: [corp.test],
       entity_id: "urn:corp", sso_url: "{{.Corp}}/sso", certificates: [idp.crt]}
    - {name: partner, display_name: Partner Ltd, email_domains: [partner.test],
       entity_id: "urn:partner", sso_url: "{{.Partner}}/sso", certificates: [idp.crt]}
headers: {signing: {keys: [{id: k1, file: signing.key}]}}
routes:
  - {name: wiki, host: wiki.localhost, upstream: {{.Wiki.URL}}}
`))

// front is an identity provider of which only the first steps are needed: like
// the large ones it sends people on to a host that nobody was told of.
func front(t *testing.T, name string) (address, arrives string) {
	t.Helper()
	server := httptest.NewServer(nil)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	arrives = "http://login-" + name + ".localhost:" + u.Port() + "/"
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sso" {
			http.Redirect(w, r, arrives, http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, fmt.Sprintf("<h1>This is %s</h1>", name))
	})
	return server.URL, arrives
}

// TestChoosingAmongSeveralProviders needs no scripts, and is not stopped by
// what our policy says of forms, wherever the identity provider leads.
func TestChoosingAmongSeveralProviders(t *testing.T) {
	corp, atCorp := front(t, "corp")
	partner, atPartner := front(t, "partner")
	wiki := testenv.LegacyApp(t, "wiki")
	site := testenv.NewSite(t) // last: its ports are free until somebody else listens
	site.Keygen(t)
	certificate, err := os.ReadFile(site.Path("sp.crt"))
	if err != nil {
		t.Fatal(err)
	}
	var config strings.Builder
	err = severalConfig.Execute(&config, map[string]any{"Site": site, "Corp": corp, "Partner": partner, "Wiki": wiki})
	if err != nil {
		t.Fatal(err)
	}
	testenv.StartGateway(t, site, config.String(), map[string][]byte{
		"idp.crt":  certificate,
		"corp.svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script><circle cx="4" cy="4" r="4"/></svg>`),
	})
	for _, scripts := range []bool{true, false} {
		b := testenv.NewBrowser(t)
		if !scripts {
			b.WithoutScripts()
		}
		chooser := func() {
			t.Helper()
			b.Open(site.App("wiki") + "/deep")
			b.WaitText("Choose how to sign in")
		}
		chooser()
		b.ClickText("Partner Ltd")
		b.WaitURL(atPartner)
		chooser()
		b.Fill("#email", "ann@corp.test\r")
		b.WaitText("it does so at Example Corp")
		if strings.Contains(b.URL(), "corp.test") {
			t.Errorf("the address is in %s", b.URL())
		}
		b.ClickText("Continue")
		b.WaitURL(atCorp)
		chooser()
		b.Click("#remember")
		b.Click(".kept button[value=partner]")
		b.WaitURL(atPartner)
		b.Open(site.App("wiki") + "/other")
		b.WaitURL(atPartner) // remembered
		b.Open(site.Origin() + "/.samlgate/login?choose=1")
		b.WaitText("Choose how to sign in")
		chooser()
		b.Fill("#email", "nobody@unknown.test")
		b.ClickText("Continue")
		b.WaitText("If your address can sign in here")
		b.ClickText("Choose another sign-in service")
		b.WaitText("Choose how to sign in")
	}
}
