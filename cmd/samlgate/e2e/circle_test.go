package e2e

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"text/template"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// cookieEater is a proxy in front of a site that loses the session cookie on the
// way to one app. It returns the site as browsers see it, and counts the cookies.
func cookieEater(t *testing.T, site *testenv.Site, app string) (outside testenv.Site, eaten *atomic.Int64) {
	t.Helper()
	eaten = new(atomic.Int64)
	inside := &url.URL{Scheme: "http", Host: "127.0.0.1:" + site.Port}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(inside)
			r.Out.Host = r.In.Host
		},
		ModifyResponse: func(res *http.Response) error {
			if strings.HasPrefix(res.Request.Host, app+".") {
				all := len(res.Header["Set-Cookie"])
				res.Header["Set-Cookie"] = slices.DeleteFunc(res.Header["Set-Cookie"], func(c string) bool { return strings.HasPrefix(c, "samlgate=") })
				eaten.Add(int64(all - len(res.Header["Set-Cookie"])))
			}
			return nil
		},
	})
	t.Cleanup(proxy.Close)
	outside = *site
	_, port, err := net.SplitHostPort(proxy.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	outside.Port = port
	return outside, eaten
}

var eatenConfig = template.Must(template.New("config").Parse(`
server: {listen: "127.0.0.1:{{.Site.Port}}", external_url: "{{.Outside.Origin}}", admin_listen: "{{.Site.Admin}}", drain: {delay: 0s, timeout: 1s}}
session: {cookie_keys: ["${file:cookie.key}"]}
saml:
  keys: [{cert_file: sp.crt, key_file: sp.key}]
  idps: [{name: corp, display_name: Example Corp, metadata_file: corp.xml}]
headers: {signing: {keys: [{id: k1, file: signing.key}]}}
routes: [{name: wiki, host: wiki.localhost, upstream: "{{.Wiki.URL}}"}]
`))

// A lost cookie would send a browser that is signed in at the gateway origin
// round and round, without a page on which it could rest.
func TestBrowserDoesNotGoRound(t *testing.T) {
	wiki := testenv.LegacyApp(t, "wiki")
	site := testenv.NewSite(t)
	site.Keygen(t)
	outside, eaten := cookieEater(t, site, "wiki")
	idp := startIDP(t, &outside)
	metadata, err := idp.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	var config strings.Builder
	if err := eatenConfig.Execute(&config, map[string]any{"Site": site, "Outside": &outside, "Wiki": wiki}); err != nil {
		t.Fatal(err)
	}
	gateway := testenv.StartGateway(t, site, config.String(), map[string][]byte{"corp.xml": metadata})

	b := testenv.NewBrowser(t)
	b.Open(outside.App("wiki") + "/deep")
	b.ClickText("ana@example.com")
	b.WaitText("your browser did not send back the cookie")
	for _, dark := range []bool{false, true} {
		b.Phone(dark)
		b.Screenshot(map[bool]string{false: "circle-light", true: "circle-dark"}[dark])
	}
	b.NoProblems(strings.TrimSuffix(idp.SSOURL(), "/sso"))
	if n := eaten.Load(); n != 5 {
		t.Errorf("she was handed over %d times, want five: the sixth round is stopped as it begins", n)
	}
	if requests := wiki.Requests(); len(requests) != 0 {
		t.Errorf("%d requests reached the app", len(requests))
	}
	if !strings.Contains(gateway.Log(), "login_loop_cookie_missing") {
		t.Error("the log does not say what was measured")
	}
}
