package hot

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// slot is the place of one cookie. It does not change; value comes and goes.
type slot struct {
	key    Key
	id     sessionstore.ID
	person identity.PersonHash
	bucket sessionstore.Bucket
	first  bool
	size   int64
	opened time.Duration         // when the cookie was
	value  atomic.Pointer[value] // nil: gone
	seen   atomic.Int64          // when it was last served, in ns, about
	next   *slot                 // of the same session; guarded by the lock of its index
}

// value is one copy of a session.
type value struct {
	session  *sessionstore.Session
	mark     mark          // of before it was read
	wait     time.Duration // from when on the store must be asked first
	end      atomic.Int64  // when the session is over, as far as we knew last
	renew    atomic.Int64  // when a renewal may begin
	renewing atomic.Bool
}

const seenEvery = time.Second // finer does not matter for who goes first

func (s *slot) touch(at time.Duration) {
	if last := s.seen.Load(); int64(at)-last > int64(seenEvery) {
		s.seen.Store(int64(at))
	}
}

// index finds the slots of a bucket by their session.
type index struct {
	mu    sync.Mutex
	slots map[sessionstore.ID]*slot // guarded by mu, as are their next
}

// add puts s in unless something has happened since m.
func (x *index) add(s *slot, l *lane, m mark) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !l.holds(m) {
		return false
	}
	s.next = x.slots[s.id]
	x.slots[s.id] = s
	return true
}

// replace gives s another copy, unless it is gone or something has happened.
func (x *index) replace(s *slot, old, v *value, l *lane) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return l.holds(v.mark) && s.value.CompareAndSwap(old, v)
}

// remove takes out the slots of one session that match, and returns them.
func (x *index) remove(id sessionstore.ID, match func(*slot) bool) (gone []*slot) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.take(id, match)
}

// removeAll takes out all slots that match, and returns them.
func (x *index) removeAll(match func(*slot) bool) (gone []*slot) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for id := range x.slots {
		gone = append(gone, x.take(id, match)...)
	}
	return gone
}

// take is called with the lock held.
func (x *index) take(id sessionstore.ID, match func(*slot) bool) (gone []*slot) {
	var left *slot
	for s := x.slots[id]; s != nil; {
		next := s.next
		if match(s) {
			s.value.Store(nil)
			gone = append(gone, s)
		} else {
			s.next, left = left, s
		}
		s = next
	}
	if left == nil {
		delete(x.slots, id)
	} else {
		x.slots[id] = left
	}
	return gone
}
