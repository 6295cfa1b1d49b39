package gateway_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/admin/logins"
)

// api asks the administration API and reads the answer into out.
func (s *site) api(method, path, body string, status int, out any) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.adminURL("/api/v1/"+path), strings.NewReader(body))
	s.must(err)
	r.Header.Set("Authorization", "Bearer "+adminToken)
	a := s.do(http.DefaultClient, r)
	if a.status != status {
		s.Fatalf("%s %s: %d, want %d: %s", method, path, a.status, status, a.body)
	}
	if out != nil {
		s.must(json.Unmarshal([]byte(a.body), out))
	}
}

type listed struct{ Logins []logins.Attempt }

// listed waits until so many attempts are on record: they get there a moment
// after the person was answered.
func (s *site) listed(query string, n int) []logins.Attempt {
	s.Helper()
	var l listed
	for range 200 {
		if s.api("GET", "logins"+query, "", 200, &l); len(l.Logins) == n {
			return l.Logins
		}
		<-time.After(10 * time.Millisecond)
	}
	s.Fatalf("%d attempts, want %d: %+v", len(l.Logins), n, l.Logins)
	return nil
}

func operating(t *testing.T) *site {
	return prepare(t).change("admin_tokens: [{token: "+adminToken+"}]", "admin_tokens: [{token: "+adminToken+", role: operator}]").run()
}

// nobody checks that a text speaks of no person.
func (s *site) nobody(what, text string) {
	s.Helper()
	for _, value := range []string{"ana@", "Souza", "staff"} {
		if strings.Contains(text, value) {
			s.Errorf("%s speaks of a person: %s", what, text)
		}
	}
}

func TestLoginsAreOnRecord(t *testing.T) {
	s := operating(t)
	s.signIn()
	a := s.listed("", 1)[0]
	if a.Result != "accepted" || a.IDP != "corp" || !a.Signed || !a.Known || a.Session == "" || len(a.Checks) < 20 || len(a.Attributes) == 0 || a.Bytes == 0 || a.Sources["email"] == "" || a.Client == "" {
		t.Errorf("%+v", a)
	}
	all, _ := json.Marshal(a)
	s.nobody("the record", string(all))

	refused := s.post(answer{url: s.url("sso", "/"), body: `<form action="/.samlgate/saml/acs"><input name="SAMLResponse" value="AAAA">`})
	if refused.status != 403 && refused.status != 400 {
		t.Errorf("%d", refused.status)
	}
	one := s.listed("?failed=true", 1)[0]
	if one.Result != "refused" || one.Reason == "" || !strings.Contains(refused.body, one.RequestID) {
		t.Errorf("%+v does not have the support id of %s", one, refused.body)
	}
	var shown logins.Attempt
	s.api("GET", "logins/"+one.RequestID, "", 200, &shown)
	if shown.RequestID != one.RequestID {
		t.Errorf("%+v", shown)
	}
	s.api("GET", "logins/nothing", "", 404, nil)
}

func TestTryShowsTheVerdictAndMakesNoSession(t *testing.T) {
	s := operating(t)
	var begun struct{ ID, URL string }
	s.api("POST", "tries", `{"idp": "corp"}`, 201, &begun)
	var verdict logins.Trial
	if s.api("GET", "tries/"+begun.ID, "", 200, &verdict); verdict.Done {
		t.Error("a verdict before anybody came")
	}
	page := s.get(begun.URL)
	onward := s.post(page)
	_, to, ok := strings.Cut(onward.header.Get("Refresh"), "url=")
	if !ok {
		t.Fatalf("%d %s", onward.status, onward.body)
	}
	over := s.post(s.post(s.get(to), "person", "ana@example.com"))
	if over.status != 200 || !strings.Contains(over.body, "trial is over") {
		t.Fatalf("%d %s", over.status, over.body)
	}
	s.nobody("the page", over.body)
	for range 2 { // whoever lost the answer asks again
		if s.api("GET", "tries/"+begun.ID, "", 200, &verdict); !verdict.Done || verdict.Person == nil || verdict.Person.Email != "ana@example.com" || verdict.Attempt.Result != "accepted" || !verdict.Attempt.Trial {
			t.Errorf("%+v", verdict)
		}
	}
	if s.in() {
		t.Error("a session")
	}
	a := s.listed("", 1)[0]
	text, _ := json.Marshal(a)
	if !a.Trial || a.Session != "" {
		t.Errorf("%+v", a)
	}
	s.nobody("the record", string(text))
	s.nobody("the log", s.log.String())
	code := begun.URL[strings.LastIndex(begun.URL, "/")+1:]
	if s.api("GET", "tries/"+code, "", 200, &verdict); strings.Contains(s.log.String(), begun.ID) {
		t.Error("the id is in the log")
	}
	if u, err := url.Parse(begun.URL); err != nil || u.Host != "sso.localhost:"+s.port {
		t.Errorf("%s", begun.URL)
	}
}

func TestLogLevelForAWhile(t *testing.T) {
	s := operating(t)
	s.signIn()
	if strings.Contains(s.log.String(), "sign-in attempt") {
		t.Error("told before anybody asked")
	}
	s.api("PUT", "log/level", `{"level": "debug", "for": "1m", "idp": "nobody"}`, 404, nil)
	s.api("PUT", "log/level", `{"level": "debug", "for": "1m", "idp": "corp"}`, 200, nil)
	s.get(s.url("wiki", "/.samlgate/logout"))
	s.post(s.get(s.url("wiki", "/"))) // the identity provider remembers Ana
	s.listed("", 2)
	log := s.log.String()
	for _, want := range []string{"sign-in attempt", "audience=passed", "attributes=", "result=accepted"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
	s.nobody("the log", log)
	if !strings.Contains(s.audit.String(), `"log_level_changed"`) {
		t.Error("no audit record")
	}
}

// Whoever may look may not act, and a page of another site gets nowhere: it has
// no token, and a name that was rebound to this machine is not served.
func TestTheOperatorsDoorIsShut(t *testing.T) {
	s := operating(t)
	for name, change := range map[string]func(*http.Request){
		"no token":          func(r *http.Request) { r.Header.Del("Authorization") },
		"basic":             func(r *http.Request) { r.SetBasicAuth("operator", adminToken) },
		"a token too short": func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+adminToken[:31]) },
		"a token twice":     func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+adminToken+" "+adminToken) },
		"another name":      func(r *http.Request) { r.Host = "evil.example" },
		"a name like ours":  func(r *http.Request) { r.Host = "127.0.0.1.evil.example" },
	} {
		for _, path := range []string{"POST tries", "PUT log/level", "GET logins", "GET openapi.json"} {
			method, path, _ := strings.Cut(path, " ")
			r, err := http.NewRequestWithContext(t.Context(), method, s.adminURL("/api/v1/"+path), strings.NewReader(`{"idp": "corp"}`))
			s.must(err)
			r.Header.Set("Authorization", "Bearer "+adminToken)
			change(r)
			if a := s.do(http.DefaultClient, r); a.status != 401 && a.status != 421 {
				t.Errorf("%s: %s %s: %d", name, method, path, a.status)
			}
		}
	}
	viewing := prepare(t).run() // the only token there has the role viewer
	viewing.api("POST", "tries", `{"idp": "corp"}`, 403, nil)
	viewing.api("PUT", "log/level", `{"level": "debug", "for": "1m"}`, 403, nil)
	viewing.api("GET", "tries/x", "", 403, nil)
	viewing.api("GET", "logins", "", 200, nil)
	if strings.Contains(s.log.String()+s.audit.String(), adminToken[:31]) {
		t.Error("a token is in the log")
	}
}
