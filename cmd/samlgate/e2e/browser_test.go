package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }

func TestBrowserSignsInAtSimpleSAMLphp(t *testing.T) {
	sp := newTestSP(t)
	acs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "arrived by %s with %d bytes", r.Method, len(r.FormValue("SAMLResponse")))
	}))
	defer acs.Close()
	sp.acs = strings.Replace(acs.URL, "127.0.0.1", "sp.localhost", 1) + "/acs"
	ssp := testenv.StartSimpleSAMLphp(t, testenv.SPInfo{EntityID: sp.entityID, ACS: sp.acs})

	b := testenv.NewBrowser(t)
	signIn(b, ssp, sp.request(t, ssp, "id-1", false), testenv.Ana)
	b.WaitText("arrived by POST with")
	if b.Status() != http.StatusOK {
		t.Errorf("status is %d", b.Status())
	}
	b.Open(ssp.ForgetURL())
	b.Open(sp.request(t, ssp, "id-2", false))
	b.WaitText("Enter your username and password")
	b.Screenshot("login")
}

// signIn opens an address that leads to SimpleSAMLphp's login page and fills it in.
func signIn(b *testenv.Browser, ssp *testenv.SSP, url string, p testenv.PersonInfo) {
	b.Open(url)
	b.WaitURL(ssp.URL)
	b.Fill("#username", p.Login)
	b.Fill("#password", p.Password)
	b.Click("#submit_button button, button[type=submit], input[type=submit]")
}

func TestBrowserReportsViolatedPolicies(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		fmt.Fprint(w, `<p>page</p><script>document.title = "evil"</script>`)
	}))
	defer srv.Close()
	b := testenv.NewBrowser(t)
	b.Open(srv.URL)
	b.WaitText("page")
	if len(b.Problems()) == 0 {
		t.Error("a blocked script was not reported")
	}
	if got := b.Problems(srv.URL); len(got) != 0 {
		t.Errorf("ignored problems are reported: %v", got)
	}
}

func TestBrowserAndLegacyApp(t *testing.T) {
	app := testenv.LegacyApp(t, "wiki")
	b := testenv.NewBrowser(t)
	b.Open(app.URL + "/deep/link?q=1")
	if got := b.Text("#url"); got != "/deep/link?q=1" {
		t.Errorf("the app saw %q", got)
	}
	if got := b.Text("#app-session"); got != "new" {
		t.Errorf("the app has a session of %q", got)
	}
	if n := len(app.Requests()); n != 1 {
		t.Errorf("the app saw %d requests, want 1", n)
	}
	b.NoProblems()
}

func TestRedisComesBack(t *testing.T) {
	r := testenv.StartRedis(t)
	r.Kill()
	r.Start(t)
}
