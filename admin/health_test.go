package admin

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// desk is a Health whose store and clock the test moves.
type desk struct {
	*testing.T
	*Health
	store error
	now   time.Time
}

func newDesk(t *testing.T) *desk {
	d := &desk{T: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	d.Health = NewHealth(func(context.Context) error { return d.store }, func() time.Time { return d.now })
	return d
}

// red checks that /readyz says why no traffic should come.
func (d *desk) red(why string) {
	d.Helper()
	w := httptest.NewRecorder()
	d.readyz(w, httptest.NewRequest("GET", "/readyz", nil))
	if w.Code != 503 || !strings.Contains(w.Body.String(), why) {
		d.Errorf("readyz: %d %q, want 503 and %q", w.Code, w.Body, why)
	}
}

func (d *desk) green() {
	d.Helper()
	w := httptest.NewRecorder()
	d.readyz(w, httptest.NewRequest("GET", "/readyz", nil))
	if w.Code != 200 {
		d.Errorf("readyz: %d %q, want 200", w.Code, w.Body)
	}
}

func TestReadyOnceStarted(t *testing.T) {
	d := newDesk(t)
	d.red("starting")
	d.Started()
	d.green()
	d.Draining()
	d.red("draining")
}

// A failover of the store must not empty the load balancer.
func TestStoreMayBeAwayForTenSeconds(t *testing.T) {
	d := newDesk(t)
	d.Started()
	d.store = errors.New("connection to 10.0.0.9 refused")
	d.green()
	d.now = d.now.Add(10*time.Second - 1)
	d.green()
	d.now = d.now.Add(1)
	d.red("the session store does not answer")
	d.store = nil
	d.green()
	d.store = errors.New("again")
	d.now = d.now.Add(time.Hour)
	d.green() // a new absence, since now
}

func TestFaultIsTakenBack(t *testing.T) {
	d := newDesk(t)
	d.Started()
	d.Fault("the store evicts")
	d.red("the store evicts")
	d.Fault("")
	d.green()
}

// /livez asks nobody: a process whose store is away must not be restarted.
func TestLivez(t *testing.T) {
	d := newDesk(t)
	d.ping = func(context.Context) error { t.Error("livez asked the store"); return nil }
	w := httptest.NewRecorder()
	d.livez(w, httptest.NewRequest("GET", "/livez", nil))
	if w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("livez: %d %v", w.Code, w.Header())
	}
}
