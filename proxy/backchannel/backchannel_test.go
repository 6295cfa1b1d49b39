package backchannel

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// app collects the tokens that it was sent.
type app struct {
	*httptest.Server
	mu     sync.Mutex
	tokens []string
}

func newApp(t *testing.T, statuses ...int) *app {
	t.Helper()
	a := &app{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if r.Method == http.MethodPost {
			a.tokens = append(a.tokens, r.PostFormValue("logout_token"))
		}
		if n := len(a.tokens); n > 0 && n <= len(statuses) {
			w.WriteHeader(statuses[n-1])
		}
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *app) got() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.tokens)
}

func sign(audience, subject, sessionID string) (string, error) {
	return audience + "|" + subject + "|" + sessionID, nil
}

func TestEveryAppIsTold(t *testing.T) {
	wiki, hr := newApp(t), newApp(t)
	n := New(Config{Sign: sign, Targets: []Target{{"wiki", "wiki", wiki.URL}, {"hr", "hr", hr.URL}}})
	n.Ended("ana@example.com", "s1")
	n.Close(t.Context())
	if got := wiki.got(); !slices.Equal(got, []string{"wiki|ana@example.com|s1"}) {
		t.Errorf("the wiki was told %q", got)
	}
	if got := hr.got(); !slices.Equal(got, []string{"hr|ana@example.com|s1"}) {
		t.Errorf("HR was told %q", got)
	}
	n.Ended("ana@example.com", "s2") // after the end: nothing, and no panic
	n.Close(t.Context())
}

func TestAnAppThatFailsIsAskedOnceMore(t *testing.T) {
	recovers := newApp(t, 500)
	broken := newApp(t, 500, 302, 500)
	var mu sync.Mutex
	var failed []string
	n := New(Config{
		Sign: sign, Targets: []Target{{"recovers", "a", recovers.URL}, {"broken", "b", broken.URL}},
		Failed: func(route string, err error) { mu.Lock(); failed = append(failed, route); mu.Unlock() },
	})
	n.Ended("ana@example.com", "s1")
	n.Close(t.Context())
	if len(recovers.got()) != 2 || len(broken.got()) != attempts || !slices.Equal(failed, []string{"broken"}) {
		t.Errorf("asked %d and %d times, gave up on %v", len(recovers.got()), len(broken.got()), failed)
	}
}

func TestEndsNeverWaitForApps(t *testing.T) {
	hang := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(hang) })
	full := make(chan error, 10_000)
	n := New(Config{Sign: sign, Targets: []Target{{"slow", "slow", slow.URL}}, Failed: func(_ string, err error) { full <- err }})
	for range waiting + workers + 100 {
		n.Ended("ana@example.com", "s")
	}
	if err := <-full; err != errFull {
		t.Errorf("gave up because of %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n.Close(ctx)
}

func TestNobodyToTell(t *testing.T) {
	n := New(Config{Sign: sign})
	n.Ended("ana@example.com", "s1")
	n.Close(t.Context())
	if n != nil {
		t.Error("workers without work")
	}
}
