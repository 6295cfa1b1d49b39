package gateway_test

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/admin"
	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// office is a site whose sessions are in a Redis, and a second gateway at it
// that shares its keys.
func office(t *testing.T) (s, other *site) {
	addr := storetest.StartRedis(t)
	s = prepare(t).change("admin_tokens: [{token: "+adminToken+"}]", "admin_tokens: [{token: "+adminToken+", role: operator}, {token: "+viewerToken+"}]").
		change("saml:\n", "store: {driver: redis, redis: {addresses: ['"+addr+"']}}\nsaml:\n")
	twin := *s
	other = &twin
	other.dir, other.port, other.admin = t.TempDir(), testenv.FreePort(t), testenv.FreePort(t)
	for _, name := range []string{"sp.crt", "sp.key", "signing.key", "corp.xml"} {
		other.write(name, s.read(name))
	}
	text := strings.ReplaceAll(s.read("config.yaml"), "127.0.0.1:"+s.port, "127.0.0.1:"+other.port)
	other.write("config.yaml", strings.ReplaceAll(text, "127.0.0.1:"+s.admin, "127.0.0.1:"+other.admin))
	return s.run(), other.run()
}

const viewerToken = "viewer-token-viewer-token-viewer"

// sessions lists what lives, as the gateway at s sees it.
func (s *site) sessions(query string) []admin.Session {
	s.Helper()
	var list admin.SessionList
	s.api("GET", "sessions"+query, "", 200, &list)
	return list.Sessions
}

// as asks with another token and returns the status.
func (s *site) as(token, method, path string) int {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.adminURL("/api/v1/"+path), nil)
	s.must(err)
	r.Header.Set("Authorization", "Bearer "+token)
	return s.do(http.DefaultClient, r).status
}

// What an operator ends at one gateway is over at the other at once, its open
// connection too, and the record says who did it and why.
func TestOperatorEndsOnEveryReplica(t *testing.T) {
	s, other := office(t)
	s.app = func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "hello "+r.Header.Get("X-Auth-Email"))
		if r.URL.Path == "/stream" {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
	}
	s.signIn()
	all := other.sessions("")
	if len(all) != 1 || all[0].User != "ana@example.com" || all[0].IDP != "corp" || len(all[0].ID) != 21 {
		t.Fatalf("%+v", all)
	}
	for _, none := range []string{"?idp=other", "?user=nobody@example.com"} {
		if got := s.sessions(none); len(got) != 0 {
			t.Errorf("%s: %+v", none, got)
		}
	}
	for _, one := range []string{"?idp=corp&route=wiki", "?user=ANA@Example.com", "?route=wiki&limit=1"} {
		if got := s.sessions(one); len(got) != 1 || got[0].ID != all[0].ID {
			t.Errorf("%s: %+v", one, got)
		}
	}
	s.cookieIsNone(all[0].ID)

	r, err := http.NewRequestWithContext(t.Context(), "GET", s.url("wiki", "/stream"), nil)
	s.must(err)
	stream, err := s.client.Do(r)
	s.must(err)
	defer stream.Body.Close()
	cut := make(chan time.Time, 1)
	go func() { _, _ = io.Copy(io.Discard, bufio.NewReader(stream.Body)); cut <- time.Now() }() // ends with the body

	for _, refused := range []int{other.as(viewerToken, "DELETE", "sessions/"+all[0].ID), other.as(viewerToken, "DELETE", "sessions?all=true")} {
		if refused != 403 {
			t.Errorf("a viewer gets %d", refused)
		}
	}
	if got := other.as("nobody", "GET", "sessions"); got != 401 || other.as(viewerToken, "GET", "sessions/"+all[0].ID) != 200 {
		t.Errorf("%d", got)
	}
	if !s.in() {
		t.Fatal("the session is over before anybody ended it")
	}
	began := time.Now()
	other.api("DELETE", "sessions/"+all[0].ID+"?reason=stolen+laptop", "", 200, nil)
	storetest.Eventually(t, 2*time.Second, "the session is over at the other gateway", func() bool { return !s.in() })
	select {
	case at := <-cut:
		t.Logf("cut after %v", at.Sub(began))
	case <-time.After(5 * time.Second):
		t.Error("the open connection goes on")
	}
	other.api("DELETE", "sessions/"+all[0].ID, "", 404, nil)
	for _, part := range []string{`"type":"operator_ended"`, `"type":"session_ended"`, `"reason":"operator"`, `"by":"operator `, `"note":"stolen laptop"`, `"person":"ana@example.com"`} {
		if !strings.Contains(other.audit.String(), part) {
			t.Errorf("the audit record lacks %s:\n%s", part, other.audit)
		}
	}
	if record := other.audit.String(); strings.Contains(record, adminToken) || strings.Count(record, "stolen laptop") != 2 {
		t.Errorf("%s", record)
	}
}

// cookieIsNone: what the API shows of a session opens nothing.
func (s *site) cookieIsNone(id string) {
	s.Helper()
	own, err := url.Parse(s.url("wiki", "/"))
	s.must(err)
	for _, c := range s.client.Jar.Cookies(own) {
		if strings.Contains(c.Value, id) || strings.Contains(c.Value, id[5:]) {
			s.Errorf("the cookie %s holds what operators see", c.Name)
		}
		r, err := http.NewRequestWithContext(s.Context(), "GET", own.String(), nil)
		s.must(err)
		r.AddCookie(&http.Cookie{Name: c.Name, Value: id})
		if a := s.do(testenv.NewClient(s), r); strings.Contains(a.body, "hello") {
			s.Errorf("the id of a session, sent as %s, is let in", c.Name)
		}
	}
}

// Everything, a person and an identity provider.
func TestOperatorEndsMany(t *testing.T) {
	s := operating(t)
	for _, which := range []string{"user=Ana@example.com", "idp=corp", "all=true"} {
		s.client = testenv.NewClient(t) // the identity provider has forgotten too
		s.signIn()
		s.api("DELETE", "sessions?user=other@example.com", "", 200, nil)
		s.api("DELETE", "sessions?idp=other", "", 200, nil)
		if !s.in() {
			t.Fatalf("%s: over too early", which)
		}
		s.api("DELETE", "sessions?"+which+"&reason=drill", "", 200, nil)
		if s.in() {
			t.Errorf("%s ends nothing", which)
		}
	}
	s.api("DELETE", "sessions", "", 400, nil)
	s.api("DELETE", "sessions?user=nobody", "", 400, nil)
	s.api("GET", "sessions?cursor=AAAA", "", 400, nil)
	s.api("GET", "sessions?route=nowhere", "", 404, nil)
}

// The limits of one person hold for sessions that live, and are taken back.
func TestOperatorSetsLimits(t *testing.T) {
	s := operating(t)
	s.signIn()
	var u admin.User
	s.api("PATCH", "users/ana@example.com", `{"idle_timeout": "10m", "max_concurrent": 2, "reason": "shared desk"}`, 200, &u)
	if u.Sessions != 1 || u.Operator.IdleTimeout == nil || *u.Operator.IdleTimeout != "10m0s" || *u.Operator.MaxConcurrent != 2 {
		t.Errorf("%+v", u)
	}
	if all := s.sessions(""); len(all) != 1 || all[0].IdleTimeout != "10m0s" {
		t.Errorf("%+v", all)
	}
	var list admin.UserList
	if s.api("GET", "users", "", 200, &list); len(list.Users) != 1 || list.Users[0].ID != "ana@example.com" || *list.Users[0].Operator.MaxConcurrent != 2 {
		t.Errorf("%+v", list)
	}
	s.api("PATCH", "users/ana@example.com", `{"idle_timeout": "1ms"}`, 400, nil)
	s.api("PATCH", "users/nobody", `{"idle_timeout": "1m"}`, 400, nil)
	u = admin.User{}
	s.api("PATCH", "users/ana@example.com", `{"idle_timeout": null, "max_concurrent": null}`, 200, &u)
	if u.Operator != (admin.UserLimits{}) || !s.in() {
		t.Errorf("%+v", u)
	}
	for _, part := range []string{`"type":"operator_set_limits"`, `"note":"shared desk"`} {
		if !strings.Contains(s.audit.String(), part) {
			t.Errorf("the audit record lacks %s:\n%s", part, s.audit)
		}
	}
}
