package admin

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// Health answers whether this process lives and whether it should get traffic.
type Health struct {
	ping  func(context.Context) error
	now   func() time.Time
	grace time.Duration

	mu       sync.Mutex // guards what follows
	started  bool
	draining bool
	fault    string    // why it must not get traffic although it could
	lost     time.Time // since when the store has not answered; zero = it answers
}

// storeGrace is how long the store may be away before /readyz turns red: a
// failover must not empty the load balancer.
const storeGrace = 10 * time.Second

// NewHealth returns a Health that is not ready until [Health.Started].
func NewHealth(ping func(context.Context) error, now func() time.Time) *Health {
	return &Health{ping: ping, now: now, grace: storeGrace}
}

// Started says that the public listener accepts.
func (h *Health) Started() { h.mu.Lock(); h.started = true; h.mu.Unlock() }

// Draining says that no more traffic should come.
func (h *Health) Draining() { h.mu.Lock(); h.draining = true; h.mu.Unlock() }

// Fault says, in a sentence for operators, why this process must not get
// traffic; empty takes it back.
func (h *Health) Fault(why string) { h.mu.Lock(); h.fault = why; h.mu.Unlock() }

// Ready returns nil when traffic is welcome, or the reason why not.
func (h *Health) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	err := h.ping(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err == nil:
		h.lost = time.Time{}
	case h.lost.IsZero():
		h.lost = h.now()
	}
	switch {
	case h.draining:
		return errors.New("draining")
	case !h.started:
		return errors.New("starting")
	case h.fault != "":
		return errors.New(h.fault)
	case err != nil && h.now().Sub(h.lost) >= h.grace:
		return errors.New("the session store does not answer")
	}
	return nil
}

func (h *Health) livez(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") }

func (h *Health) readyz(w http.ResponseWriter, r *http.Request) {
	if err := h.Ready(r.Context()); err != nil {
		plain(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
		return
	}
	plain(w, http.StatusOK, "ok")
}

func plain(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}
