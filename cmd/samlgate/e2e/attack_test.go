package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

func TestRestrictedPersonIsTurnedAway(t *testing.T) {
	c := startCompany(t)
	b := testenv.NewBrowser(t)
	signIn(b, c.idp, c.site.App("wiki")+"/", testenv.Carla)
	b.WaitText("Support ID")
	if b.Status() != http.StatusForbidden {
		t.Errorf("the status is %d, want 403", b.Status())
	}
	b.Screenshot("restricted")
	if n := len(c.wiki.Requests()); n != 0 {
		t.Errorf("%d requests reached the app", n)
	}
	b.NoProblems(c.idp.URL)
}

func TestProgramsAreToldWhereToSignIn(t *testing.T) {
	c := startCompany(t)
	status, header, body := ask(t, testenv.NewClient(t), c.site.App("wiki")+"/echo", nil)
	if status != http.StatusUnauthorized || !strings.HasPrefix(header.Get("Content-Type"), "application/json") {
		t.Fatalf("status %d with %s, want 401 with JSON", status, header.Get("Content-Type"))
	}
	var twin struct {
		LoginURL string `json:"login_url"`
	}
	if err := json.Unmarshal(body, &twin); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(twin.LoginURL, "http://") || !strings.Contains(twin.LoginURL, "/.samlgate/") {
		t.Errorf("login_url is %q", twin.LoginURL)
	}
	if n := len(c.wiki.Requests()); n != 0 {
		t.Errorf("%d requests reached the app", n)
	}
}

func TestForgedHeadersNeverReachTheApp(t *testing.T) {
	c := startCompany(t)
	client := testenv.NewClient(t)
	c.signIn(t, client, c.site.App("wiki")+"/", testenv.Bob)

	const forged = "forged-7f3a"
	header := http.Header{}
	for _, name := range []string{
		"X-Auth-Email", "x-auth-email", "X_Auth_Email", "X-AUTH_ROLES", "X-Auth-First-Name", "X-Auth-Assertion", "X-Auth-Audience",
		"X-Auth.Email", "Remote-User", "Remote_User", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X-Original-Url", "Proxy",
	} {
		header[name] = []string{forged}
	}
	header["Connection"] = []string{"X-Auth-Email, X-Auth-Assertion"} // asks to drop what the gateway adds
	got := c.echo(t, client, header)
	for name, values := range got.Header {
		if strings.Contains(strings.Join(values, " "), forged) {
			t.Errorf("the app received the forged header %s", name)
		}
	}
	if email := got.Header.Get("X-Auth-Email"); email != testenv.Bob.Email {
		t.Errorf("the app received the e-mail %q, want %q", email, testenv.Bob.Email)
	}
	if strings.Contains(strings.ToLower(got.Header.Get("Cookie")), "samlgate") {
		t.Error("the app received a cookie of the gateway")
	}
	assertion := http.Header{"X-Auth-Assertion": got.Header["X-Auth-Assertion"]}
	if _, err := c.verifier(t, "hr")(&http.Request{Method: http.MethodGet, Header: assertion}); err == nil {
		t.Error("the second app believed an assertion that was made for the first")
	}
}

func TestRedisGoneAndBack(t *testing.T) {
	c := startCompany(t)
	client := testenv.NewClient(t)
	c.signIn(t, client, c.site.App("wiki")+"/", testenv.Ana)
	wiki := c.site.App("wiki") + "/echo"
	c.echo(t, client, nil)
	if c.redis.Keys(t) == 0 {
		t.Error("Ana is signed in, and Redis holds nothing")
	}

	c.redis.Kill()
	// Until the loss is noticed the memory still answers, for the length of a lease.
	killed := time.Now()
	testenv.Eventually(t, "the gateway notices that Redis is gone", func() bool {
		status, _, _ := ask(t, client, wiki, nil)
		return status == http.StatusServiceUnavailable
	})
	if took := time.Since(killed); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	before := len(c.wiki.Requests())
	status, header, _ := ask(t, client, wiki, nil)
	if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
		t.Errorf("without Redis the answer is %d with Retry-After %q, want 503 with one", status, header.Get("Retry-After"))
	}
	if after := len(c.wiki.Requests()); after != before {
		t.Error("a request reached the app while nobody could check its session")
	}

	c.redis.Start(t)
	testenv.Eventually(t, "the session works again after Redis came back", func() bool {
		status, _, _ := ask(t, client, wiki, nil)
		return status == http.StatusOK
	})
	if got := c.echo(t, client, nil).Header.Get("X-Auth-Email"); got != testenv.Ana.Email {
		t.Errorf("after Redis came back the app sees %q", got)
	}
}
