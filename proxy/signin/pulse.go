package signin

import (
	"context"
	"sync"
	"time"
)

// pulse knows whether the session store answers. Anybody may make us want to
// know, with every request for a page, so the store is asked by one of them at
// a time and once in a while.
type pulse struct {
	mu    sync.Mutex
	asked time.Time // guarded by mu: when the store was asked last
	err   error     // guarded by mu: what it said
}

const (
	pulseLife = time.Second     // how long an answer counts
	pulseTime = 2 * time.Second // to answer
)

// feel returns what ping said, now or just before. Whoever leaves meanwhile
// takes nothing from the others: ping has a time of its own.
func (p *pulse) feel(ctx context.Context, now func() time.Time, ping func(context.Context) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if age := now().Sub(p.asked); !p.asked.IsZero() && age >= 0 && age < pulseLife {
		return p.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pulseTime)
	defer cancel()
	p.err = ping(ctx)
	p.asked = now()
	return p.err
}
