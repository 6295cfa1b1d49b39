package admin

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/admin/logins"
)

// document is openapi.json as far as these tests read it.
type document struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	Responses map[string]struct {
		Content map[string]struct{ Schema schema }
	}
	RequestBody *struct {
		Content map[string]struct{ Schema schema }
	}
}

type schema struct {
	Ref        string `json:"$ref"`
	Type       string
	Enum       []string
	Properties map[string]schema
	Required   []string
	Items      *schema
	Additional json.RawMessage `json:"additionalProperties"`
	Format     string
}

func openDocument(t *testing.T) document {
	t.Helper()
	raw, err := documents.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// fits reports what of a value is not as the schema says.
func (d document) fits(s schema, v any, at string) (wrong []string) {
	if s.Ref != "" {
		s = d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	bad := func(format string, args ...any) { wrong = append(wrong, at+": "+fmt.Sprintf(format, args...)) }
	switch v := v.(type) {
	case map[string]any:
		if s.Type != "object" {
			bad("an object")
		}
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				bad("lacks %s", name)
			}
		}
		for name, member := range v {
			if p, ok := s.Properties[name]; ok {
				wrong = append(wrong, d.fits(p, member, at+"."+name)...)
			} else if string(s.Additional) == "false" {
				bad("has %s", name)
			}
		}
	case []any:
		if s.Type != "array" || s.Items == nil {
			bad("an array")
			return wrong
		}
		for i, e := range v {
			wrong = append(wrong, d.fits(*s.Items, e, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case string:
		if _, err := time.Parse(time.RFC3339, v); s.Type != "string" || s.Format == "date-time" && err != nil || s.Enum != nil && !slices.Contains(s.Enum, v) {
			bad("%q", v)
		}
	case bool:
		if s.Type != "boolean" {
			bad("a boolean")
		}
	case float64:
		if s.Type != "number" && (s.Type != "integer" || v != float64(int64(v))) {
			bad("a number")
		}
	default:
		bad("%T", v)
	}
	return wrong
}

// bureau is an API whose parts answer what the test likes.
type bureau struct {
	err     error
	verdict logins.Trial
	asked   LevelChange
	by      Operation // who acted last
}

func (o *bureau) Begin(_ context.Context, idp, sp string) (TrialBegun, error) {
	switch {
	case idp != "corp":
		return TrialBegun{}, ErrUnknownIDP
	case sp != "" && sp != "old":
		return TrialBegun{}, ErrUnknownServiceProvider
	}
	return TrialBegun{"id", "https://sso.example.com/.samlgate/try/x", time.Now()}, o.err
}
func (o *bureau) Verdict(context.Context, string) (logins.Trial, error) { return o.verdict, o.err }
func (o *bureau) Raise(c LevelChange) (time.Time, error) {
	o.asked = c
	if c.IDP != "" && c.IDP != "corp" {
		return time.Time{}, ErrUnknownIDP
	}
	return time.Now().Add(c.For), nil
}
func (o *bureau) Append(context.Context, string, []byte, int, time.Duration) error { return o.err }
func (o *bureau) Recent(context.Context, string) ([][]byte, error)                 { return nil, o.err }

const (
	viewer   = "viewer-token-viewer-token-viewer"
	operator = "operator-token-operator-token-op"
)

func newBureau() (*bureau, Config) {
	o := &bureau{}
	book := logins.NewBook(func() logins.Shared { return o }, func() {}, time.Now)
	book.Add(logins.Attempt{RequestID: "abc", Time: time.Now(), IDP: "corp", Result: "refused", Reason: "audience", StartedBy: "gateway",
		Checks: []logins.Check{{Name: "destination", Passed: true}, {Name: "audience", Detail: "another"}}, Attributes: []string{"Email"}, Sources: map[string]string{"email": "Email"}})
	return o, Config{API: API{Logins: book, Trials: o, LogLevel: o, Sessions: clerk{o}, Users: registry{o}, Backups: o}, Tokens: func() []Token {
		return []Token{{sha256.Sum256([]byte(viewer)), Viewer}, {sha256.Sum256([]byte(operator)), Operator}}
	}}
}

// The document lists what is served, and nothing else.
func TestDocumentListsTheResources(t *testing.T) {
	d := openDocument(t)
	var documented, served []string
	for path, operations := range d.Paths {
		for method := range operations {
			documented = append(documented, strings.ToUpper(method)+" "+path)
		}
	}
	for _, r := range (Config{}).resources() {
		served = append(served, r.method+" "+r.path)
	}
	slices.Sort(documented)
	slices.Sort(served)
	if !slices.Equal(documented, served) {
		t.Errorf("documented %q, served %q", documented, served)
	}
}

// Every answer is one that the document describes.
func TestAnswersAreAsDocumented(t *testing.T) {
	d := openDocument(t)
	o, cfg := newBureau()
	h := cfg.apiHandler()
	a := logins.Clean(logins.Attempt{Result: "accepted", StartedBy: "idp"})
	full := logins.Trial{Done: true, Attempt: &a, Person: &logins.Person{Email: "a@b", Roles: []string{"x"}, Attributes: map[string][]string{"k": {"v"}}}}
	seen := map[string]bool{}
	for _, c := range []struct {
		token, method, path, at, body string
		status                        int
		away                          bool
		verdict                       logins.Trial
	}{
		{viewer, "GET", "/api/v1/openapi.json", "", "", 200, false, full},
		{"", "GET", "/api/v1/openapi.json", "", "", 401, false, full},
		{viewer, "GET", "/api/v1/logins", "", "", 200, false, full},
		{viewer, "GET", "/api/v1/logins", "?failed=true&idp=corp&limit=5", "", 200, false, full},
		{viewer, "GET", "/api/v1/logins", "", "", 200, true, full},
		{viewer, "GET", "/api/v1/logins", "?limit=0", "", 400, false, full},
		{viewer, "GET", "/api/v1/logins", "?surprise=1", "", 400, false, full},
		{viewer, "GET", "/api/v1/logins", "?idp=a&idp=b", "", 400, false, full},
		{"wrong", "GET", "/api/v1/logins", "", "", 401, false, full},
		{viewer, "GET", "/api/v1/logins/{request_id}", "abc", "", 200, false, full},
		{operator, "GET", "/api/v1/logins/{request_id}", "x", "", 404, false, full},
		{viewer, "GET", "/api/v1/logins/{request_id}", "x", "", 503, true, full},
		{operator, "POST", "/api/v1/tries", "", `{"idp": "corp"}`, 201, false, full},
		{operator, "POST", "/api/v1/tries", "", `{"idp": "nobody"}`, 404, false, full},
		{operator, "POST", "/api/v1/tries", "", `{"idp": "corp", "service_provider": "old"}`, 201, false, full},
		{operator, "POST", "/api/v1/tries", "", `{"idp": "corp", "service_provider": "nobody"}`, 404, false, full},
		{operator, "POST", "/api/v1/tries", "", `{"idp": "corp"}`, 503, true, full},
		{operator, "POST", "/api/v1/tries", "", `{"surprise": 1}`, 400, false, full},
		{viewer, "POST", "/api/v1/tries", "", `{"idp": "corp"}`, 403, false, full},
		{operator, "GET", "/api/v1/tries/{id}", "x", "", 200, false, full},
		{operator, "GET", "/api/v1/tries/{id}", "x", "", 200, false, logins.Trial{}},
		{viewer, "GET", "/api/v1/tries/{id}", "x", "", 403, false, full},
		{operator, "PUT", "/api/v1/log/level", "", `{"level": "debug", "for": "10m"}`, 200, false, full},
		{operator, "PUT", "/api/v1/log/level", "", `{"level": "debug", "for": "24h", "idp": "corp"}`, 200, false, full},
		{operator, "PUT", "/api/v1/log/level", "", `{"level": "debug", "for": "10m", "idp": "x"}`, 404, false, full},
		{operator, "PUT", "/api/v1/log/level", "", `{"level": "debug", "for": "25h"}`, 400, false, full},
		{operator, "PUT", "/api/v1/log/level", "", `{"level": "loud", "for": "1m"}`, 400, false, full},
		{viewer, "PUT", "/api/v1/log/level", "", `{"level": "debug", "for": "10m"}`, 403, false, full},
		{viewer, "GET", "/api/v1/sessions", "", "", 200, false, full},
		{viewer, "GET", "/api/v1/sessions", "?user=ana@example.com&idp=corp&route=wiki&limit=1000&cursor=next", "", 200, false, full},
		{viewer, "GET", "/api/v1/sessions", "?limit=1001", "", 400, false, full},
		{viewer, "GET", "/api/v1/sessions", "?user=", "", 400, false, full},
		{viewer, "GET", "/api/v1/sessions", "?user=%ff", "", 400, false, full},
		{viewer, "GET", "/api/v1/sessions", "?cursor=elsewhere", "", 400, false, full},
		{viewer, "GET", "/api/v1/sessions", "?user=nobody", "", 400, false, full},
		{viewer, "GET", "/api/v1/sessions", "?route=x", "", 404, false, full},
		{viewer, "GET", "/api/v1/sessions", "", "", 503, true, full},
		{"wrong", "GET", "/api/v1/sessions", "", "", 401, false, full},
		{"wrong", "DELETE", "/api/v1/sessions", "?all=true", "", 401, false, full},
		{viewer, "DELETE", "/api/v1/sessions", "?all=true", "", 403, false, full},
		{operator, "DELETE", "/api/v1/sessions", "?all=true", "", 200, false, full},
		{operator, "DELETE", "/api/v1/sessions", "?user=ana@example.com&reason=left%20the%20company", "", 200, false, full},
		{operator, "DELETE", "/api/v1/sessions", "?idp=corp&cursor=next", "", 200, false, full},
		{operator, "DELETE", "/api/v1/sessions", "", "", 400, false, full},
		{operator, "DELETE", "/api/v1/sessions", "?user=", "", 400, false, full},
		{operator, "DELETE", "/api/v1/sessions", "?all=false", "", 400, false, full},
		{operator, "DELETE", "/api/v1/sessions", "?all=1", "", 400, false, full},
		{operator, "DELETE", "/api/v1/sessions", "?reason=x", "", 400, false, full},
		{operator, "DELETE", "/api/v1/sessions", "?all=true&user=ana@example.com", "", 400, false, full},
		{operator, "DELETE", "/api/v1/sessions", "?all=true&limit=3", "", 400, false, full},
		{operator, "DELETE", "/api/v1/sessions", "?all=true;x", "", 400, false, full},
		{operator, "DELETE", "/api/v1/sessions", "?all=true&reason=a%0ab", "", 400, false, full},
		{operator, "DELETE", "/api/v1/sessions", "?all=true&reason=" + strings.Repeat("x", 201), "", 400, false, full},
		{operator, "DELETE", "/api/v1/sessions", "?all=true", "", 503, true, full},
		{viewer, "GET", "/api/v1/sessions/{id}", "b042.known", "", 200, false, full},
		{viewer, "GET", "/api/v1/sessions/{id}", "x", "", 404, false, full},
		{viewer, "DELETE", "/api/v1/sessions/{id}", "b042.known", "", 403, false, full},
		{operator, "DELETE", "/api/v1/sessions/{id}", "b042.known?reason=stolen", "", 200, false, full},
		{operator, "DELETE", "/api/v1/sessions/{id}", "b042.known?all=true", "", 400, false, full},
		{operator, "DELETE", "/api/v1/sessions/{id}", "x", "", 404, false, full},
		{viewer, "GET", "/api/v1/users", "", "", 200, false, full},
		{viewer, "GET", "/api/v1/users", "?limit=5&cursor=next", "", 200, false, full},
		{viewer, "GET", "/api/v1/users", "?idp=corp", "", 400, false, full},
		{viewer, "GET", "/api/v1/users/{id}", "ana@example.com", "", 200, false, full},
		{viewer, "GET", "/api/v1/users/{id}", "nobody", "", 400, false, full},
		{viewer, "PATCH", "/api/v1/users/{id}", "ana@example.com", `{"idle_timeout": "10m"}`, 403, false, full},
		{operator, "PATCH", "/api/v1/users/{id}", "ana@example.com", `{"idle_timeout": "10m", "max_concurrent": null, "reason": "asked for it"}`, 200, false, full},
		{operator, "PATCH", "/api/v1/users/{id}", "ana@example.com", `{"max_concurrent": 0}`, 200, false, full},
		{operator, "PATCH", "/api/v1/users/{id}", "ana@example.com", `{}`, 400, false, full},
		{operator, "PATCH", "/api/v1/users/{id}", "ana@example.com", `{"idle_timeout": "soon"}`, 400, false, full},
		{operator, "PATCH", "/api/v1/users/{id}", "ana@example.com", `{"idle_timeout": 600}`, 400, false, full},
		{operator, "PATCH", "/api/v1/users/{id}", "ana@example.com", `{"max_concurrent": 1.5}`, 400, false, full},
		{operator, "PATCH", "/api/v1/users/{id}", "ana@example.com", `{"max_concurrent": 3, "reason": "\u001b[2J"}`, 400, false, full},
		{operator, "PATCH", "/api/v1/users/{id}", "ana@example.com", `{"max_concurrent": 3, "roles": ["admin"]}`, 400, false, full},
		{operator, "POST", "/api/v1/backup", "", "", 200, false, full},
		{operator, "POST", "/api/v1/backup", "", "", 503, true, full},
		{viewer, "POST", "/api/v1/backup", "", "", 403, false, full},
		{operator, "POST", "/api/v1/restore", "", "the copy", 200, false, full},
		{operator, "POST", "/api/v1/restore", "", "no copy", 400, false, full},
		{viewer, "POST", "/api/v1/restore", "", "the copy", 403, false, full},
	} {
		o.err, o.verdict = nil, c.verdict
		if c.away {
			o.err = errors.New("away")
		}
		path := c.path + c.at
		if i := strings.IndexByte(c.path, '{'); i > 0 {
			path = c.path[:i] + c.at
		}
		r := httptest.NewRequest(c.method, path, strings.NewReader(c.body))
		r.Header.Set("Authorization", "Bearer "+c.token)
		r.Header.Set("Content-Type", binary)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		name := fmt.Sprintf("%s %s %s -> %d", c.method, path, c.body, w.Code)
		if w.Code != c.status || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s, want %d: %s", name, c.status, w.Body)
		}
		described, ok := d.Paths[c.path][strings.ToLower(c.method)].Responses[fmt.Sprint(w.Code)]
		if !ok {
			t.Errorf("%s is not documented", name)
			continue
		}
		seen[fmt.Sprint(c.method, c.path, w.Code)] = true
		if _, ok := described.Content[binary]; ok && w.Header().Get("Content-Type") == binary {
			continue
		}
		var v any
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, wrong := range d.fits(described.Content["application/json"].Schema, v, "answer") {
			t.Errorf("%s: %s", name, wrong)
		}
	}
	for path, operations := range d.Paths {
		for method, op := range operations {
			for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
				if shared := status == "401" || status == "409" || status == "429" || status == "503"; !shared && !seen[strings.ToUpper(method)+path+status] {
					t.Errorf("nothing has tried %s %s -> %s", method, path, status)
				}
			}
		}
	}
}

func TestWhatTheAPIDoesNotHave(t *testing.T) {
	_, cfg := newBureau()
	h := cfg.apiHandler()
	ask := func(method, path, token string) int {
		t.Helper()
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var p problem
		if json.Unmarshal(w.Body.Bytes(), &p) != nil || p.Error == "" {
			t.Errorf("%s %s: %s", method, path, w.Body)
		}
		return w.Code
	}
	if got := ask("GET", "/api/v1/nothing", viewer); got != 404 {
		t.Errorf("%d", got)
	}
	if got := ask("DELETE", "/api/v1/logins", viewer); got != 405 {
		t.Errorf("%d", got)
	}
	if got := ask("GET", "/api/v1/nothing", "wrong"); got != 401 {
		t.Errorf("without a token %d", got)
	}
	for range 40 {
		ask("GET", "/api/v1/logins", "wrong")
	}
	if got := ask("GET", "/api/v1/logins", "wrong"); got != 429 {
		t.Errorf("whoever tries tokens gets %d", got)
	}
	r := httptest.NewRequest("GET", "/api/v1/logins", nil)
	r.Header.Set("Authorization", "Bearer "+viewer)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 200 {
		t.Errorf("and locks the others out: %d", w.Code)
	}
}
