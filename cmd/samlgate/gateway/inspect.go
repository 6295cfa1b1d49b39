package gateway

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/samlgate/samlgate/sessionstore/redis"
)

// inspectEvery is how often the store is looked at.
const inspectEvery = 10 * time.Second

// looks is what the last look at the store found, so that the log tells what is
// new alone.
type looks struct {
	mu    sync.Mutex
	said  string
	fault string
}

// watchStore looks at the store until ctx is done: what is mended needs no reload.
func (r *Runner) watchStore(ctx context.Context) {
	tick := time.NewTicker(inspectEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.inspectStore(ctx, false)
			r.publish(ctx, r.current.Load())
		}
	}
}

// inspectStore tells the operator what the store lacks. What breaks a promise
// turns /readyz red until it is mended: at once where it is asked for, and else
// when it is found twice, since a failover shows a replica for a moment. A store
// that is away now does not, since it may come back.
func (r *Runner) inspectStore(ctx context.Context, asked bool) {
	store, ok := r.raw.(*redis.Store)
	if !ok {
		return
	}
	r.looks.mu.Lock()
	defer r.looks.mu.Unlock()
	findings, err := store.Prerequisites(ctx)
	stranger := ""
	if err == nil {
		stranger, err = r.meetRings(ctx)
	}
	if err != nil {
		if asked {
			r.log.Error("the session store does not answer; sign-ins wait until it does", "err", err)
		}
		return
	}
	if stranger != "" {
		findings = append(findings, redis.Finding{Severity: redis.Fatal, Code: "keys", Message: stranger})
	}
	fault := r.say(findings, asked)
	if asked || fault == "" || fault == r.looks.fault {
		r.health.Fault(fault)
	}
	r.looks.fault = fault
}

// say logs findings that were not found before, or all that are asked for, and
// returns what is fatal. The clock drifts a little each time: what it says does
// not count as new.
func (r *Runner) say(findings []redis.Finding, asked bool) (fault string) {
	codes := ""
	for _, f := range findings {
		codes += f.Code + " "
	}
	known := codes == r.looks.said && !asked
	r.looks.said = codes
	for _, f := range findings {
		text, level := "session store: "+f.Message, r.log.Warn
		if f.Severity == redis.Fatal {
			text, level = "the session store is not fit: "+f.Message, r.log.Error
			fault = text
		}
		if !known {
			level(text, "code", f.Code)
		}
	}
	return fault
}

// meetRings looks whether the gateways at this store share a key with us, for
// cookies and for records: one that shares none would take everybody's session for
// none. It says so, or tells the others of ours.
func (r *Runner) meetRings(ctx context.Context) (stranger string, err error) {
	t := r.current.Load()
	for _, ring := range []struct {
		key     string
		secrets [][]byte
	}{{"session.cookie_keys", secrets(t.cfg.Session.CookieKeys)}, {"store.encryption_keys", secrets(t.cfg.Store.EncryptionKeys)}} {
		if len(ring.secrets) == 0 {
			continue
		}
		own, err := newKeyring(ring.key, ring.secrets, r.now())
		if err != nil {
			return "", err
		}
		others, err := r.raw.Recent(ctx, own.name)
		if err != nil {
			return "", err
		}
		if own.stranger(others) {
			return fmt.Sprintf("none of %s is known to the other gateways at this store: give all of them the same keys, or, where these keys replace all others, end the others and wait 3 minutes", ring.key), nil
		}
		if err := r.raw.Append(ctx, own.name, own.encode(), ringsKept, ringsLast); err != nil {
			return "", err
		}
	}
	return "", nil
}
