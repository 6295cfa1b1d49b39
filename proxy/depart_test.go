package proxy_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

// exploding is a rate limiter that panics with a secret.
type exploding struct{}

func (exploding) Allow(netip.Addr) (bool, time.Duration) { panic("s3cret") }

func TestPanicIsAPage(t *testing.T) {
	w := newWorld(t, func(s *setup) { s.loginRate = exploding{} })
	a := w.browser().do(sso+"/.samlgate/login", ask{}).is(500)
	api := w.browser().do(sso+"/.samlgate/login", ask{kind: "api"}).is(500, `"internal"`, `"request_id"`)
	w.server.Close() // waits for the log lines
	for _, text := range []string{a.text, api.text, w.log.String()} {
		if contains(text, "s3cret") || contains(text, "goroutine") || contains(text, ".go") {
			t.Errorf("the panic leaks: %s", short(text))
		}
	}
	if !contains(w.log.String(), `"reason":"panic"`) {
		t.Errorf("log: %s", w.log.String())
	}
}

// An answer that broke off midway never looks whole.
func TestAnswerThatBreaksOff(t *testing.T) {
	w := newWorld(t)
	w.app.does(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, "half")
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	})
	res, err := client.Do(w.browser().request(wiki+"/open/", ask{}))
	w.must(err)
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("%q looks whole", text)
	}
}

// Every refusal has a line with its request id and reason, and no line, audit
// record included, holds a cookie, a query, a code or an answer of a provider.
func TestLogsKeepSecrets(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/page?token=s3cret-query", ann)
	journey(b, hr+"/x?token=s3cret-query")
	at := journey(b, "https://forced.example.com/x?token=s3cret-query")
	code, state := codeOf(t, at)
	b.do(at, ask{})
	b.do(at, ask{}).is(403)
	idp, request := w.browser().open(wiki + "/").asked()
	b.reply(saml{Request: "s3cret-request", IDP: idp, Email: ann})
	refused := []*answer{
		b.do(wiki+"/admin?token=s3cret-query", ask{kind: "api", header: []string{"Authorization: Bearer s3cret-header"}}).is(403),
		b.do(wiki+"/a//b?token=s3cret-query", ask{kind: "api"}).is(400),
		b.do(wiki+"/.samlgate/saml/acs?token=s3cret-query", ask{kind: "api"}).is(404),
		w.browser().do(wiki+"/x?token=s3cret-query", ask{kind: "api", header: []string{"Cookie: " + session + "=s3cret-cookie"}}).is(401),
		w.browser().do(sso+"/.samlgate/saml/acs", ask{method: "POST", kind: "api", body: url.Values{"SAMLResponse": {"s3cret-saml"}}.Encode()}).is(403),
		b.do("https://evil.example/?token=s3cret-query", ask{kind: "api"}).is(404),
	}
	w.server.Close() // waits for the log lines
	for _, a := range refused {
		var twin struct {
			RequestID string `json:"request_id"`
		}
		if err := json.Unmarshal([]byte(a.text), &twin); err != nil || twin.RequestID == "" {
			t.Errorf("%s: %s", a.at, a.text)
			continue
		}
		line := lineOf(w.log.String(), twin.RequestID)
		if !contains(line, `"reason":"`) || !contains(line, `"status":`) {
			t.Errorf("%s has the line %q", a.at, line)
		}
	}
	all := w.log.String() + w.audit.String()
	secrets := []string{"s3cret", code, state, request}
	for _, cookies := range b.jar {
		for _, c := range cookies {
			secrets = append(secrets, c.Value)
		}
	}
	for _, secret := range secrets {
		if secret != "" && contains(all, secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	if contains(w.log.String(), ann) {
		t.Error("a person's address is in the log")
	}
}

func lineOf(log, id string) string {
	for line := range strings.Lines(log) {
		if contains(line, id) {
			return line
		}
	}
	return ""
}

// RFC 9113 §8.3.1: two names for one host are two readings of one request.
func TestTwoHosts(t *testing.T) {
	w := newWorld(t)
	r := w.browser().request(wiki+"/open/", ask{kind: "api"})
	r.Header["Host"] = []string{"hr.example.com"}
	rec := httptest.NewRecorder()
	w.gateway.Load().ServeHTTP(rec, r)
	if rec.Code != 400 || !contains(rec.Body.String(), "host_mismatch") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}
