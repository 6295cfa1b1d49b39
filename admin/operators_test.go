package admin

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// clerk and registry answer for sessions and people.
type clerk struct{ *bureau }

func (c clerk) List(_ context.Context, q SessionQuery) (SessionList, error) {
	now := time.Now()
	s := Session{ID: "b042.known", User: "ana@example.com", IDP: "corp", ServiceProvider: "old", Roles: []string{"x"}, Created: now, LastUsed: now, Expires: now}
	switch {
	case q.Cursor == "next":
		return SessionList{}, c.err
	case q.Cursor != "":
		return SessionList{}, ErrCursor
	case q.User != "" && !strings.Contains(q.User, "@"):
		return SessionList{}, ErrUser
	case q.Route != "" && q.Route != "wiki":
		return SessionList{}, ErrUnknownRoute
	}
	return SessionList{Sessions: []Session{s}, Cursor: "next"}, c.err
}

func (c clerk) Show(_ context.Context, id string) (Session, error) {
	if id != "b042.known" {
		return Session{}, ErrNoSession
	}
	return Session{ID: id, Roles: []string{}}, c.err
}

func (c clerk) End(ctx context.Context, id string, by Operation) error {
	_, err := c.Show(ctx, id)
	c.by = by
	return err
}

func (c clerk) EndMany(_ context.Context, q EndQuery, by Operation) (SessionsEnded, error) {
	c.by = by
	if q.All {
		return SessionsEnded{}, c.err
	}
	n := 3
	return SessionsEnded{Ended: &n, Cursor: q.Cursor}, c.err
}

type registry struct{ *bureau }

func (g registry) List(context.Context, string, int) (UserList, error) {
	return UserList{Users: []User{someone("ana@example.com")}, Cursor: "next"}, g.err
}

func (g registry) Show(_ context.Context, id string) (User, error) {
	if !strings.Contains(id, "@") {
		return User{}, ErrUser
	}
	return someone(id), g.err
}

func (g registry) Set(ctx context.Context, id string, c UserChange, by Operation) (User, error) {
	g.by = by
	return g.Show(ctx, id)
}

func someone(id string) User {
	idle, now := "10m0s", time.Now()
	return User{ID: id, Sessions: 1, LastUsed: &now, IDPs: []string{"corp"}, Operator: UserLimits{IdleTimeout: &idle}}
}

// Who acts is known by a mark of the token, never by the token.
func TestOperationsAreMarked(t *testing.T) {
	o, cfg := newBureau()
	h := cfg.apiHandler()
	ask(h, "DELETE", "/api/v1/sessions?all=true&reason=incident%2042", operator)
	if o.by.Reason != "incident 42" || len(o.by.Token) != 8 || strings.Contains(operator, o.by.Token) || o.by.Addr != "192.0.2.1" {
		t.Errorf("%+v", o.by)
	}
	first := o.by.Token
	ask(h, "DELETE", "/api/v1/sessions/b042.known", operator)
	if o.by.Token != first || o.by.Reason != "" {
		t.Errorf("%+v", o.by)
	}
	o.by = Operation{}
	ask(h, "DELETE", "/api/v1/sessions?all=true", viewer)
	ask(h, "DELETE", "/api/v1/sessions/b042.known", viewer)
	if o.by != (Operation{}) {
		t.Error("a viewer has ended something")
	}
}

// A page on the operator's machine that rebinds its name to 127.0.0.1 reaches
// nothing, token or not.
func TestRebindingReachesNoSessions(t *testing.T) {
	o, cfg := newBureau()
	cfg.Health, cfg.Metrics, cfg.Loopback = NewHealth(func(context.Context) error { return nil }, time.Now), NewMetrics("test"), true
	h := NewHandler(cfg)
	for host, want := range map[string]int{"evil.example.com": 421, "127.0.0.1:9090": 200} {
		if got := askAt(h, host, "DELETE", "/api/v1/sessions?all=true", operator); got != want {
			t.Errorf("%s: %d, want %d", host, got, want)
		}
		if acted := o.by != (Operation{}); acted != (want == 200) {
			t.Errorf("%s: acted %v", host, acted)
		}
		o.by = Operation{}
	}
}

func ask(h http.Handler, method, path, token string) int {
	return askAt(h, "127.0.0.1", method, path, token)
}

func askAt(h http.Handler, host, method, path, token string) int {
	r := httptest.NewRequest(method, path, nil)
	r.Host = host
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}
