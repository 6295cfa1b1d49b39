package faults

import (
	"fmt"
	"sync"
	"time"
)

// What is promised, and what a machine that fails may take with it.
const (
	bound = 2 * time.Second // after its end nobody serves a session, nor one without a store
	// lossy is how much of the last that was acknowledged goes with a server: what
	// "appendfsync everysec" had not written, or had not reached a replica.
	lossy = 2 * time.Second
	// soon after all sessions of a person were ended, a failover that has undone
	// this may end those that began since, too: the clocks of two masters differ.
	soon = time.Second
)

// session is one that a gateway has acknowledged.
type session struct {
	*browser
	by    *gateway  // that acknowledged it
	began time.Time // when it was acknowledged

	tried time.Time // somebody began to end it, or what may have ended it; zero = nobody
	ended time.Time // that it has ended was acknowledged; zero = it was not
	ender *gateway  // by whom
	fresh bool      // it began soon after all of its person were ended
	gone  bool      // it was found missing
}

// span is a time in which something holds for some gateways. Its end is zero as
// long as it has not come.
type span struct {
	of       func(*gateway) bool
	from, to time.Time
}

func (s *span) holds(g *gateway, at time.Time) bool {
	return s.of(g) && at.After(s.from) && (s.to.IsZero() || at.Before(s.to))
}

// ledger knows every sign-in and every end that was acknowledged, and judges every
// answer by them. Times are of the moments at which clients sent and received,
// so that a slow machine proves nobody wrong.
type ledger struct {
	mu     sync.Mutex
	open   []*session // that nobody has acknowledged to have ended
	closed []*session // the others, the latest of them
	storm  span       // the last end of everything
	away   []*span    // a gateway has no store
	losing []*span    // what is acknowledged may be lost
	aside  []*span    // what a gateway ends, only itself can know

	wrong   []wrong
	figures figures
}

// wrong is a promise that was broken.
type wrong struct{ promise, how string }

// The promises.
const (
	endIsEnd     = "what has ended is not served"
	nothingLost  = "what was acknowledged is not lost"
	doubtIsNo    = "without a store nobody is served"
	limitHolds   = "nobody has more sessions than the limit"
	answersClear = "every answer is one of those that are meant"
)

// figures are what a run is summed up in.
type figures struct {
	begun, ended, refused int // sign-ins, ends, and those of either that were not acknowledged
	answers               [odd + 1]int
	latest                time.Duration // an answer that served, after the end
	lost                  int           // that the persistence mode may lose
	undone                int           // answers that served what only a master that was cut off knew to have ended
	bursts                int           // of sign-ins of one person at once
}

func (l *ledger) broken(promise, format string, args ...any) {
	l.wrong = append(l.wrong, wrong{promise, fmt.Sprintf(format, args...)})
}

// judge compares an answer with what is known.
func (l *ledger) judge(s *session, g *gateway, sent time.Time, a answer, p page) {
	received := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.figures.answers[a]++
	switch a {
	case served:
		if !s.ended.IsZero() && sent.After(s.ended) {
			l.late(s, g, sent)
		}
		for _, w := range l.away {
			if w.holds(g, sent.Add(-bound)) && w.holds(g, received) {
				l.broken(doubtIsNo, "gateway %d served %v after it had lost the store", g.number, sent.Sub(w.from))
			}
		}
	case nobody:
		if s.tried.IsZero() && !s.gone {
			s.gone = true
			l.missed(s, g)
		}
	case odd:
		l.broken(answersClear, "gateway %d answers %s with %d %q", g.number, s.person.Email, p.StatusCode, head(p.body))
	}
}

func head(s string) string { return s[:min(len(s), 200)] }

func (l *ledger) late(s *session, g *gateway, sent time.Time) {
	after := sent.Sub(s.ended)
	for _, w := range l.aside {
		// Once those who knew are back, it takes as long as any end.
		if w.holds(s.ender, s.ended) && (w.to.IsZero() || sent.Before(w.to.Add(bound))) {
			l.figures.undone++
			return
		}
	}
	l.figures.latest = max(l.figures.latest, after)
	if after > bound {
		l.broken(endIsEnd, "gateway %d served a session of %s %v after gateway %d had ended it", g.number, s.person.Email, after, s.ender.number)
	}
}

func (l *ledger) missed(s *session, g *gateway) {
	if l.losable(s) {
		l.figures.lost++
		return
	}
	l.broken(nothingLost, "gateway %d knows nothing of a session of %s that began %v ago", g.number, s.person.Email, time.Since(s.began))
}

// losable reports whether a session may go with a server that fails.
func (l *ledger) losable(s *session) bool {
	for _, w := range l.losing {
		if w.holds(s.by, s.began) || s.fresh && w.from.After(s.began) {
			return true
		}
	}
	return false
}

// sure reports whether a session must be alive.
func (l *ledger) sure(s *session) bool { return s.tried.IsZero() && !s.gone && !l.losable(s) }

// trying notes that sessions may end from now on.
func (l *ledger) trying(all ...*session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range all {
		l.try(s)
	}
}

func (l *ledger) try(s *session) {
	if s.tried.IsZero() {
		s.tried = time.Now()
	}
}

// over notes that the end of sessions was acknowledged.
func (l *ledger) over(g *gateway, all ...*session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range all {
		l.end(s, g)
	}
	l.tidy()
}

func (l *ledger) end(s *session, g *gateway) {
	if s.ended.IsZero() {
		l.try(s)
		s.ended, s.ender = time.Now(), g
		l.closed = append(l.closed, s)
		l.figures.ended++
	}
}

// tidy takes what has ended out of what is open, and forgets the oldest of it.
func (l *ledger) tidy() {
	open := l.open[:0]
	for _, s := range l.open {
		if s.ended.IsZero() {
			open = append(open, s)
		}
	}
	l.open = open
	if most := 300; len(l.closed) > most {
		l.closed = append([]*session(nil), l.closed[len(l.closed)-most:]...)
	}
}

// begun notes that a sign-in, which began at start, was acknowledged.
func (l *ledger) begun(s *session, g *gateway, start time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.by, s.began = g, time.Now()
	if !l.storm.from.IsZero() && (l.storm.to.IsZero() || l.storm.to.After(start)) {
		l.try(s)
	}
	s.fresh = s.fresh || !l.storm.to.IsZero() && start.Sub(l.storm.to) < soon
	l.open = append(l.open, s)
	l.figures.begun++
}

func (l *ledger) refused() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.figures.refused++
}

// during opens a span, which the returned function closes.
func (l *ledger) during(list *[]*span, before time.Duration, of func(*gateway) bool) (until func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &span{of: of, from: time.Now().Add(-before)}
	*list = append(*list, s)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if s.to.IsZero() {
			s.to = time.Now()
		}
	}
}

// broke returns which promises were broken so far.
func (l *ledger) broke() []wrong {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]wrong(nil), l.wrong...)
}

// all are every gateway, and only one of them.
func all(*gateway) bool                   { return true }
func only(g *gateway) func(*gateway) bool { return func(other *gateway) bool { return other == g } }
