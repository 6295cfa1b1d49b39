package hot

import (
	"sync/atomic"
	"time"
)

// lane is what a feed knows of one bucket.
type lane struct {
	generation atomic.Uint64 // moves, before anything is removed, with everything that ends something
	round      atomic.Uint64 // odd while watched
	proven     atomic.Uint64 // the round of the last beat
	sent       atomic.Int64  // when that beat set out, since the feed began
	held       atomic.Uint64 // a round whose beats do not count: ends are still being applied again
	origin     atomic.Value  // string: the server to which all ends that we know were applied
}

// never is when a bucket that has had no beat had its last.
const never = int64(-1) << 62

// begin starts a new round. The feed calls one at a time, as with all that move
// a lane but generation.
func (l *lane) begin() {
	l.lose()
	l.round.Add(1)
}

// lose ends the round, if any.
func (l *lane) lose() {
	if l.watched() {
		l.round.Add(1)
	}
}

func (l *lane) watched() bool { return l.round.Load()%2 == 1 }

// beat notes that a proof has come back, and reports whether it is the first of
// its round.
func (l *lane) beat(sent time.Duration) (first bool) {
	round := l.round.Load()
	if round%2 == 0 || l.held.Load() == round {
		return false
	}
	if first = l.proven.Load() != round; first || int64(sent) > l.sent.Load() {
		l.sent.Store(int64(sent))
	}
	l.proven.Store(round) // after sent: who sees it sees a proof of this round
	return first
}

// fresh reports whether what was read in this round may be served at this time.
func (l *lane) fresh(round uint64, at time.Duration) bool {
	return l.proven.Load() == round && at-time.Duration(l.sent.Load()) < Lease && l.round.Load() == round
}

// away returns for how long nothing has been known of the bucket: zero or less
// while it can be relied on.
func (l *lane) away(at time.Duration) time.Duration {
	away := at - time.Duration(l.sent.Load()) - Lease
	if away <= 0 && l.proven.Load() != l.round.Load() {
		return 1 // lost a moment ago
	}
	return away
}

// mark is a moment in the life of a bucket: what was read after it is stored
// only while nothing has happened since.
type mark struct {
	generation, round uint64
}

func (l *lane) mark() mark { return mark{l.generation.Load(), l.round.Load()} }

// holds reports whether what was read after m may still be stored.
func (l *lane) holds(m mark) bool {
	return m.round%2 == 1 && l.round.Load() == m.round && l.generation.Load() == m.generation
}
