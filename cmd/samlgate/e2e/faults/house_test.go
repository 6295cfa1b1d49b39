package faults

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

const (
	limit         = 3 // sessions of one person
	operatorToken = "0123456789abcdef0123456789abcdef"
	idpOrigin     = "http://idp.localhost"
	appSays       = "the app sees " // in front of the e-mail address that it is told
	hurry         = 4 * time.Second // that a client waits for an answer
)

// config is that of one gateway. People with the role of a policy live under it.
var config = template.Must(template.New("config").Parse(`
server:
  listen: 127.0.0.1:{{.Listen}}
  external_url: {{.Site.Origin}}
  admin_listen: {{.Site.Admin}}
  admin_tokens: [{token: {{.Token}}, role: operator}]
  drain: {delay: 200ms, timeout: 1s}
  rate_limits: {login: "off", acs: "off"}
store: {{.Store}}
session:
  cookie_keys: ["${file:cookie.key}"]
  idle_timeout: 5m
  max_concurrent: 3
{{- if not .Plain}}
  overrides:
{{- range .Policies}}
    - {roles: [{{.}}], max_concurrent: 3, on_limit: {{.}}}
{{- end}}{{end}}
saml:
  entity_id: {{.Site.Origin}}/.samlgate/saml/metadata
  keys: [{cert_file: sp.crt, key_file: sp.key}]
  idps: [{name: corp, metadata_file: idp.xml}]
headers: {signing: {keys: [{id: k1, file: signing.key}]}}
routes:
  - {name: wiki, host: wiki.localhost, upstream: {{.App}}}
`))

var policies = []string{"evict_oldest", "evict_idle", "deny", "ask"}

// house is some gateways behind one address, an identity provider that signs in
// anybody, and an app.
type house struct {
	testing.TB
	site     *testenv.Site // as people see it
	idp      *idptest.IDP
	app      string
	gateways []*gateway
}

// gateway is one of them, with the way that clients take to it.
type gateway struct {
	*testenv.Gateway
	number int
	road   *http.Transport
	admin  string // address
	build  build
}

// build is what a gateway is made of, where it is not like the others.
type build struct {
	program string // empty = this source
	plain   bool   // knows no overrides, and has no sessions in its API for operators
}

// newHouse prepares everything but the gateways.
func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{TB: t, site: testenv.NewSite(t)}
	h.site.Keygen(t)
	origin := h.site.Origin() + "/.samlgate/saml/"
	key, err := idptest.NewRSAKey(2048, time.Now())
	h.must(err)
	h.idp, err = idptest.New(idptest.Config{EntityID: idpOrigin + "/metadata", BaseURL: idpOrigin, Key: &key, Also: []idptest.Key{},
		SPs: []idptest.SP{{EntityID: origin + "metadata", ACSURL: origin + "acs", Certificates: []*x509.Certificate{testenv.ReadCertificate(t, h.site.Path("sp.crt"))}}}})
	h.must(err)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, appSays+r.Header.Get("X-Auth-Email"))
	}))
	t.Cleanup(app.Close)
	h.app = app.URL
	return h
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// open starts one more gateway with a store, in the words of its configuration.
func (h *house) open(store string, b build) *gateway {
	h.Helper()
	at := testenv.NewSite(h)
	listen := at.Port
	at.Port, at.Program = h.site.Port, b.program
	files := make(map[string][]byte)
	for _, name := range []string{"sp.crt", "sp.key", "cookie.key", "signing.key"} {
		data, err := os.ReadFile(h.site.Path(name))
		h.must(err)
		files[name] = data
	}
	metadata, err := h.idp.Metadata()
	h.must(err)
	files["idp.xml"] = metadata
	var text strings.Builder
	h.must(config.Execute(&text, map[string]any{"Site": at, "Listen": listen, "Token": operatorToken, "Store": store, "App": h.app,
		"Policies": policies[1:], "Plain": b.plain}))
	g := &gateway{number: len(h.gateways), admin: at.Admin, build: b, road: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", listen))
		},
		MaxIdleConnsPerHost: 64, IdleConnTimeout: 5 * time.Second,
	}}
	h.Cleanup(g.road.CloseIdleConnections)
	g.Gateway = testenv.StartGateway(h, at, text.String(), files)
	h.gateways = append(h.gateways, g)
	return g
}
