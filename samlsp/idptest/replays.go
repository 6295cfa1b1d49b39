package idptest

import (
	"context"
	"maps"
	"sync"
	"time"
)

// Replays is a replay cache for one test: a map. The zero value remembers
// nothing yet.
type Replays struct {
	mu    sync.Mutex
	until map[string]time.Time // :: key → until; guarded by mu
	away  error                // guarded by mu
}

// Claim reports whether nobody claimed key before.
func (r *Replays) Claim(_ context.Context, key string, until time.Time) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away != nil {
		return false, r.away
	}
	if r.until == nil {
		r.until = make(map[string]time.Time)
	}
	_, used := r.until[key]
	r.until[key] = until
	return !used, nil
}

// Claimed reports whether somebody claimed key.
func (r *Replays) Claimed(_ context.Context, key string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, used := r.until[key]
	return used, r.away
}

// Until returns what was claimed, and until when it is remembered.
func (r *Replays) Until() map[string]time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.until)
}

// Forget forgets everything.
func (r *Replays) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until = nil
}

// Fail lets every question fail from now on.
func (r *Replays) Fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = err
}
