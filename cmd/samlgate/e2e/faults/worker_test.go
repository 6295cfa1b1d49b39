package faults

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

// worker is one person who signs in and out in many browsers, one after the
// other, so that it is known which session the limit ends.
type worker struct {
	*load
	person idptest.Person
	since  time.Time  // when they became that
	mine   []*session // oldest first
	allOut time.Time  // when all of the person were ended last
}

// step is one thing that a person does.
func (w *worker) step(ctx context.Context) {
	if w.person.Email == "" || w.swept() {
		w.become()
	}
	w.mine = w.living()
	switch dice := rand.N(10); {
	case len(w.mine) == 0 || dice < 6:
		w.enter(ctx)
	case dice < 9:
		w.leave(ctx, w.mine[rand.N(len(w.mine))])
	default:
		w.leaveAll(ctx)
	}
}

// become makes the worker somebody else. What was left undecided, such as a
// sign-in without an answer, may still happen later, but to nobody of whom we
// claim to know.
func (w *worker) become() {
	w.person, w.since, w.mine, w.allOut = w.somebody(), time.Now(), nil, time.Time{}
}

// swept reports whether everything has ended since. Who was signed out then does
// not come back, so that nothing else ends their sessions.
func (w *worker) swept() bool {
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	return w.storm.from.After(w.since)
}

func (w *worker) living() (all []*session) {
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	for _, s := range w.mine {
		if s.ended.IsZero() {
			all = append(all, s)
		}
	}
	return all
}

// enter signs in. Where places are few the oldest session may have to go, and has
// gone for certain when as many as are allowed are younger and alive.
func (w *worker) enter(ctx context.Context) {
	if n := len(w.mine) + 1 - limit; n > 0 {
		w.trying(w.mine[:n]...)
	}
	g, start := w.any(), time.Now()
	s := &session{browser: w.browser(w.person), fresh: !w.allOut.IsZero() && start.Sub(w.allOut) < soon}
	if s.signIn(ctx, g) != nil {
		w.refused()
		w.become()
		return
	}
	w.begun(s, g, start)
	w.mine = append(w.mine, s)
	w.evicted(g)
}

func (w *worker) evicted(g *gateway) {
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	younger := 0
	for i := len(w.mine) - 1; i >= 0; i-- {
		s := w.mine[i]
		if younger >= limit {
			w.end(s, g)
		} else if w.sure(s) {
			younger++
		}
	}
	w.tidy()
}

// leave signs one browser out.
func (w *worker) leave(ctx context.Context, s *session) {
	g := w.any()
	w.trying(s)
	if s.signOut(ctx, g) != nil {
		w.refused()
		return
	}
	w.over(g, s)
}

// leaveAll has an operator end all sessions of the person.
func (w *worker) leaveAll(ctx context.Context) {
	g := w.operator()
	w.trying(w.mine...)
	if _, err := g.operate(ctx, http.MethodDelete, "sessions?user="+url.QueryEscape(w.person.Email)); err != nil {
		w.refused()
		w.become()
		return
	}
	w.over(g, w.mine...)
	w.allOut = time.Now()
}
