package gateway

import (
	"context"
	"errors"
	"time"
)

var errNoStore = errors.New("no session store")

// Claim implements samlsp.ReplayCache.
func (r replay) Claim(ctx context.Context, key string, until time.Time) (bool, error) {
	if r.t.sessions == nil { // a service provider made for its metadata alone
		return false, errNoStore
	}
	return r.t.sessions.Claim(ctx, key, until)
}

// Claimed implements slo.ReplayCache.
func (r replay) Claimed(ctx context.Context, key string) (bool, error) {
	if r.t.sessions == nil {
		return false, errNoStore
	}
	return r.t.sessions.Claimed(ctx, key)
}
