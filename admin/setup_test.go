package admin

import (
	"context"
	"html"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/admin/setup"
	"github.com/samlgate/samlgate/pages"
)

// office is an admin listener on loopback whose set-up can change, as by a reload.
type office struct {
	testing.TB
	now     Setup
	handler http.Handler
}

func newOffice(t *testing.T, products ...string) *office {
	t.Helper()
	p, err := pages.New(pages.Config{})
	if err != nil {
		t.Fatal(err)
	}
	d := &office{TB: t, now: Setup{Pages: p}}
	d.configure(products...)
	d.handler = NewHandler(Config{
		Health:  NewHealth(func(context.Context) error { return nil }, time.Now),
		Metrics: NewMetrics("test"), Tokens: func() []Token { return nil }, Loopback: true,
		Setup: func() Setup { return d.now },
	})
	return d
}

// configure has one identity provider for each product, named after it.
func (d *office) configure(products ...string) {
	d.now.Guides = nil
	for _, product := range products {
		d.now.Guides = append(d.now.Guides, setup.For(setup.Facts{
			IDP: product, Name: "The <b>" + product, Product: product, Signed: "both",
			EntityID: "urn:gw", Metadata: "https://sso.example.com/m", ACS: "https://sso.example.com/acs",
			Attributes: []setup.Attribute{{Key: "email", Names: []string{"E-Mail & more"}, Required: true}},
		}))
	}
}

func (d *office) get(path, host string) *httptest.ResponseRecorder {
	d.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Host = host
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w
}

func (d *office) answers(path string, status int, texts ...string) {
	d.Helper()
	w := d.get(path, "127.0.0.1:9090")
	if w.Code != status {
		d.Errorf("%s: %d, want %d", path, w.Code, status)
	}
	body := w.Body.String()
	for _, text := range texts {
		if !strings.Contains(body, text) {
			d.Errorf("%s lacks %q:\n%s", path, text, body)
		}
	}
	h := w.Header()
	if h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" {
		d.Errorf("%s: headers %v", path, h)
	}
	if page := strings.HasPrefix(h.Get("Content-Type"), "text/html"); page != strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
		d.Errorf("%s: policy %q", path, h.Get("Content-Security-Policy"))
	}
}

// The page says what the command line says: every label, value and note.
func TestSetupShowsTheGuide(t *testing.T) {
	products := []string{"okta", "entra", "adfs", "google", "onelogin", "ping", "keycloak", "simplesamlphp", "shibboleth"}
	d := newOffice(t, products...)
	for i, product := range products {
		g := d.now.Guides[i]
		texts := append([]string{g.Title()}, g.Foot()...)
		for _, p := range g.Parts {
			texts = append(append(texts, p.Title, p.Where, p.Code), p.Text...)
			for _, f := range p.Fields {
				texts = append(texts, f.Label, f.Value, f.Note)
			}
		}
		body := html.UnescapeString(d.get("/setup/"+product, "localhost").Body.String())
		for _, text := range texts {
			if !strings.Contains(body, text) {
				t.Errorf("%s lacks %q", product, text)
			}
		}
	}
	d.answers("/setup/okta", 200, "The &lt;b&gt;okta", "E-Mail &amp; more")
}

func TestSetupListsAndRefuses(t *testing.T) {
	d := newOffice(t, "okta", "adfs")
	d.answers("/setup/", 200, `href="/setup/okta"`, `href="/setup/adfs"`, "AD FS")
	d.answers("/setup", 200, `href="/setup/okta"`)
	d.answers("/setup/entra", 404, "No such identity provider", `href="/setup/okta"`)
	d.answers("/setup/%3Cscript%3E", 404, "No such identity provider")
	if body := d.get("/setup/%3Cscript%3E", "localhost").Body.String(); strings.Contains(body, "script") {
		t.Errorf("what was asked for is shown: %s", body)
	}
	d.now.Guides[1].As = "old"
	d.answers("/setup/", 200, `href="/setup/adfs/old"`, "AD FS, for the service provider old")
	d.answers("/setup/adfs/old", 200, "for the service provider old")
	d.answers("/setup/adfs", 404)
	d.answers("/setup/okta/old", 404)
	d.configure("entra") // a reload
	d.answers("/setup/entra", 200)
	d.answers("/setup/okta", 404)
	d.now = Setup{}
	d.answers("/setup/", 503, "starting")
	d.answers("/setup/entra", 503, "starting")
}

// A page on another name that was rebound to 127.0.0.1 reads nothing.
func TestSetupAnswersToLoopbackNamesOnly(t *testing.T) {
	d := newOffice(t, "okta")
	if w := d.get("/setup/okta", "evil.example.com"); w.Code != http.StatusMisdirectedRequest || strings.Contains(w.Body.String(), "urn:gw") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		r := httptest.NewRequest(method, "/setup/okta", nil)
		r.Host = "localhost"
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}
