package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/admin/logins"
)

const adminToken = "0123456789abcdef0123456789abcdef"

// desk is an admin listener that says what a test likes, and remembers what it
// was asked.
type desk struct {
	*httptest.Server
	file    string // holds the token
	asked   []string
	answers []string // the last one again and again
}

func newDesk(t *testing.T, answers ...string) *desk {
	t.Helper()
	d := &desk{answers: answers, file: filepath.Join(t.TempDir(), "token")}
	write(t, d.file, adminToken+"\n")
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.asked = append(d.asked, r.Method+" "+r.URL.RequestURI()+" "+string(body))
		if r.Header.Get("Authorization") != "Bearer "+adminToken {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, d.answers[0])
		if len(d.answers) > 1 {
			d.answers = d.answers[1:]
		}
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *desk) flags(args ...string) []string {
	return append(args, "--admin", d.URL, "--token-file", d.file)
}

// evil is an attempt whose texts come from outside, and would like to command
// the terminal.
func evil() logins.Attempt {
	return logins.Attempt{
		RequestID: "m5k2xw7c3hq4zt6a", Time: time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC), IDP: strings.Repeat("corp", 20), Result: "refused",
		Reason: "audience", Detail: "\x1b[2Jmeant for another service: " + strings.Repeat("long ", 40), Client: "192.0.2.1", StartedBy: "gateway", Known: true, Signed: true,
		Bytes: 4711, ClockOff: -252, Checks: []logins.Check{{Name: "destination", Passed: true}, {Name: "audience", Detail: "\x1b]0;x\x07" + strings.Repeat("y", 200)}},
		Attributes: []string{"Email\x1b[31m", strings.Repeat("n", 120)}, Sources: map[string]string{"email": "Email\r\n"},
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// fitsTerminal checks columns and control characters.
func (s *said) fitsTerminal() *said {
	s.Helper()
	for line := range strings.Lines(s.out) {
		line = strings.TrimSuffix(line, "\n")
		if n := len([]rune(line)); n > 80 {
			s.Errorf("%s: %d columns: %s", s.line, n, line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			s.Errorf("%s: commands the terminal: %q", s.line, line)
		}
	}
	return s
}

func TestLoginsList(t *testing.T) {
	d := newDesk(t, asJSON(t, map[string]any{"logins": []logins.Attempt{evil()}, "complete": false}))
	samlgate(t, d.flags("logins", "list", "--failed", "--idp", "corp")...).exits(exitOK).fitsTerminal().
		prints("REQUEST ID", "03-03 12:00:00  refused   corpcorpcor…  audience", "m5k2xw7c3hq4zt6a").complains("store does not answer")
	if want := "GET /api/v1/logins?failed=true&idp=corp&limit=50 "; d.asked[0] != want {
		t.Errorf("asked %q, want %q", d.asked[0], want)
	}
	samlgate(t, d.flags("logins", "list", "--output", "json")...).exits(exitOK).prints(`"request_id": "m5k2xw7c3hq4zt6a"`)
	samlgate(t, d.flags("logins", "list", "--limit", "5000")...).exits(exitFailed).complains("--limit is 1 to 1000")
	empty := newDesk(t, `{"logins": [], "complete": true}`)
	if s := samlgate(t, empty.flags("logins", "list")...).exits(exitOK).prints("No attempt"); s.err != "" {
		t.Error(s.err)
	}
}

func TestLoginsShow(t *testing.T) {
	d := newDesk(t, asJSON(t, evil()))
	samlgate(t, d.flags("logins", "show", "m5k2xw7c3hq4zt6a")...).exits(exitOK).fitsTerminal().
		prints("Result       refused: audience", "4m12s behind ours", "Refused by   audience", "Passed       destination", "email from Email", "4711 bytes")
	samlgate(t, d.flags("logins", "show", "../../../metrics")...).exits(exitOK)
	if got := d.asked[1]; got != "GET /api/v1/logins/..%2F..%2F..%2Fmetrics " {
		t.Errorf("asked %q", got)
	}
}

func TestTry(t *testing.T) {
	begun := `{"id": "secret-id", "url": "https://sso.example.com/.samlgate/try/code", "expires": "2026-03-03T12:00:00Z"}`
	good := evil()
	good.Result, good.Reason, good.Detail, good.Trial = "accepted", "", "", true
	passed := logins.Trial{Done: true, Attempt: &good, Person: &logins.Person{Email: "ana@example.com", LastName: "S\x1b[2J", Roles: []string{strings.Repeat("role ", 50)}}}
	bad := evil()
	refused := logins.Trial{Done: true, Attempt: &bad}

	d := newDesk(t, begun, `{"done": false}`, asJSON(t, passed))
	s := samlgate(t, d.flags("try", "idp", "corp")...).exits(exitOK).fitsTerminal().prints("https://sso.example.com/.samlgate/try/code", "ana@example.com", "accepted", "first_name   (nothing)")
	if strings.Contains(s.out+s.err, "secret-id") {
		t.Error("the id is printed")
	}
	if d.asked[0] != `POST /api/v1/tries {"idp":"corp"}` || d.asked[1] != "GET /api/v1/tries/secret-id " {
		t.Errorf("%q", d.asked)
	}
	d = newDesk(t, begun, asJSON(t, passed))
	samlgate(t, d.flags("try", "idp", "corp", "--service-provider", "old")...).exits(exitOK)
	if d.asked[0] != `POST /api/v1/tries {"idp":"corp","service_provider":"old"}` {
		t.Errorf("%q", d.asked)
	}
	d = newDesk(t, begun, asJSON(t, refused))
	samlgate(t, d.flags("try", "idp", "corp")...).exits(exitFailed).fitsTerminal().prints("refused: audience").complains("would be refused: audience")
	d = newDesk(t, begun, `{"done": false}`)
	samlgate(t, d.flags("try", "idp", "corp", "--wait", "30ms")...).exits(exitFailed).complains("nobody came back")
}

func TestLogLevel(t *testing.T) {
	d := newDesk(t, `{"level": "debug", "until": "2026-03-03T12:10:00Z"}`)
	samlgate(t, d.flags("log", "level", "debug", "--for", "10m", "--idp", "corp")...).exits(exitOK).prints("debug for sign-ins at corp until 2026-03-03 12:10:00 UTC")
	if want := `PUT /api/v1/log/level {"for":"10m0s","idp":"corp","level":"debug"}`; d.asked[0] != want {
		t.Errorf("asked %q", d.asked[0])
	}
	samlgate(t, d.flags("log", "level", "loud", "--for", "10m")...).exits(exitConfig)
	samlgate(t, d.flags("log", "level", "debug")...).exits(exitConfig).complains("--for", `Run "samlgate log level --help"`)
}

func TestWhoMayAsk(t *testing.T) {
	d := newDesk(t, "{}")
	write(t, d.file, strings.Repeat("x", 32))
	samlgate(t, d.flags("logins", "list")...).exits(exitFailed).complains("does not know this token")
	samlgate(t, "logins", "list", "--admin", "http://192.0.2.1:9090", "--token-file", d.file).exits(exitFailed).complains("by https only")
	samlgate(t, "logins", "list", "--admin", d.URL, "--token-file", d.file+".gone").exits(exitFailed).complains("--token-file")
	t.Setenv("SAMLGATE_ADMIN_TOKEN", "")
	samlgate(t, "logins", "list", "--admin", d.URL).exits(exitFailed).complains("SAMLGATE_ADMIN_TOKEN")
	t.Setenv("SAMLGATE_ADMIN_TOKEN", adminToken)
	samlgate(t, "logins", "list", "--admin", d.URL).exits(exitOK)

	// By default the address is that of the configuration.
	dir := folder(t)
	file := initIn(t, dir)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, strings.Replace(string(text), "server:\n", "server:\n  admin_listen: "+strings.TrimPrefix(d.URL, "http://")+"\n", 1))
	samlgate(t, "logins", "list", "--config", file).exits(exitOK)
}
