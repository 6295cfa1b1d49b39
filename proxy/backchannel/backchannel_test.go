package backchannel

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
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
	n := New(Config{Sign: sign, Targets: []Target{
		{Route: "wiki", Audience: "wiki", URL: wiki.URL, Subject: true}, {Route: "hr", Audience: "hr", URL: hr.URL},
	}})
	n.Ended("ana@example.com", "s1")
	n.Close(t.Context())
	if got := wiki.got(); !slices.Equal(got, []string{"wiki|ana@example.com|s1"}) {
		t.Errorf("the wiki was told %q", got)
	}
	if got := hr.got(); !slices.Equal(got, []string{"hr||s1"}) {
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
		Sign: sign, Targets: []Target{{Route: "recovers", Audience: "a", URL: recovers.URL}, {Route: "broken", Audience: "b", URL: broken.URL}},
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
	n := New(Config{Sign: sign, Targets: []Target{{Route: "slow", Audience: "slow", URL: slow.URL}}, Failed: func(_ string, err error) { full <- err }})
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

// An app that hangs keeps no other waiting, and no worker after the end.
func TestAnAppThatHangsIsAlone(t *testing.T) {
	hang := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(hang) })
	told := make(chan struct{}, 100)
	quick := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { told <- struct{}{} }))
	t.Cleanup(quick.Close)
	var lost atomic.Int32
	n := New(Config{
		Sign: sign, Targets: []Target{{Route: "slow", Audience: "a", URL: slow.URL}, {Route: "quick", Audience: "b", URL: quick.URL}},
		Failed: func(route string, _ error) {
			if route == "slow" {
				lost.Add(1)
			}
		},
	})
	for range 100 {
		n.Ended("ana@example.com", "s")
	}
	for range 100 {
		<-told
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n.Close(ctx) // returns when the workers have ended
	if lost.Load() != 100 {
		t.Errorf("%d of 100 messages were reported as lost", lost.Load())
	}
	n.Ended("ana@example.com", "late")
	if lost.Load() != 101 {
		t.Error("a message that came too late went unnoticed")
	}
}

func TestNobodyToTell(t *testing.T) {
	n := New(Config{Sign: sign})
	n.Ended("ana@example.com", "s1")
	n.Close(t.Context())
	if n != nil {
		t.Error("workers without work")
	}
}
