package faults

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// replicas is how many gateways share a store.
const replicas = 3

// lasting is for how long people work around each fault: FAULTSECS seconds.
func lasting(t testing.TB) time.Duration {
	t.Helper()
	text := os.Getenv("FAULTSECS")
	if text == "" {
		return 15 * time.Second
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("FAULTSECS=%q is no number of seconds", text)
	}
	return time.Duration(n) * time.Second
}

// fault is something that breaks, and is mended again, while people work.
type fault struct {
	name   string
	stage  func(testing.TB) *stage
	strike func(*run)
}

// run is one run of a fault.
type run struct {
	*load
	*stage
	began    time.Time
	recovery time.Duration // from when all is mended until every gateway signs people in, at most
	struck   int
}

// play has people work around a fault, which comes again and again until the time
// is over or a promise is broken. builds says how gateways are built, where they
// are not from this source.
func (f fault) play(t testing.TB, most time.Duration, builds ...build) *run {
	t.Helper()
	s := f.stage(t)
	h := newHouse(t)
	for i := range replicas {
		b := build{}
		if i < len(builds) {
			b = builds[i]
		}
		h.open(s.store(i), b)
	}
	r := &run{load: newLoad(h, s.servers), stage: s, began: time.Now()}
	for first := true; first || time.Since(r.began) < most-10*time.Second && len(r.broke()) == 0; first = false {
		r.calm(2 * time.Second)
		r.endEverything()
		r.calm(4 * time.Second)
		f.strike(r)
		r.struck++
		r.recovers()
		r.calm(time.Second)
	}
	r.calm(most - time.Since(r.began))
	r.rest()
	r.audit()
	return r
}

// calm lets people work for some time, or until a promise is broken.
func (r *run) calm(d time.Duration) {
	over := time.After(d)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for len(r.broke()) == 0 {
		select {
		case <-over:
			return
		case <-tick.C:
		}
	}
}

// recovers waits until every gateway signs people in.
func (r *run) recovers() {
	r.Helper()
	mended := time.Now()
	for _, g := range r.gateways {
		testenv.Eventually(r, fmt.Sprintf("gateway %d signs people in again", g.number), func() bool {
			return r.browser(r.somebody()).signIn(context.Background(), g) == nil
		})
	}
	r.recovery = max(r.recovery, time.Since(mended))
}
