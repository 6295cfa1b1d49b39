package embedded

import (
	"container/heap"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

// ending is something that will be over at a time, or later if it was
// extended since. One of the five names is set.
type ending struct {
	at      time.Time
	session sessionstore.ID
	once    string
	kept    string
	claim   string
	listing *listing
}

// endings is a heap with the soonest first.
type endings []ending

func (e endings) Len() int           { return len(e) }
func (e endings) Less(i, j int) bool { return e[i].at.Before(e[j].at) }
func (e endings) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }

// Push and Pop are for container/heap.
func (e *endings) Push(x any) { *e = append(*e, x.(ending)) }

// Pop removes the last element.
func (e *endings) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	(*e)[last] = ending{}
	*e = (*e)[:last]
	return x
}

func (e *endings) add(x ending) { heap.Push(e, x) }

// sweepMost bounds what one call frees: no visitor pays for many others.
const sweepMost = 50

// sweep frees what is over. The lock is held.
func (s *Store) sweep(now time.Time) {
	for range sweepMost {
		if len(s.ends) == 0 || now.Before(s.ends[0].at) {
			return
		}
		e := heap.Pop(&s.ends).(ending)
		if at, ok := s.due(e); ok && now.Before(at) {
			e.at = at // extended meanwhile: look again then
			s.ends.add(e)
			continue
		}
		s.free(e, now)
	}
}

// due returns when what e names is over, and whether it still exists.
func (s *Store) due(e ending) (time.Time, bool) {
	switch {
	case e.session != "":
		if r, ok := s.sessions[e.session]; ok {
			return r.End(), true
		}
	case e.once != "":
		t, ok := s.once[e.once]
		return t.end, ok
	case e.kept != "":
		t, ok := s.kept[e.kept]
		return t.end, ok
	case e.listing != nil: // is never extended
		return e.at, true
	default:
		t, ok := s.claims[e.claim]
		return t.end, ok
	}
	return time.Time{}, false
}

func (s *Store) free(e ending, now time.Time) {
	switch {
	case e.session != "":
		s.forget(e.session)
	case e.once != "":
		delete(s.once, e.once)
		s.later(kindOnce, e.once)
	case e.kept != "":
		delete(s.kept, e.kept)
		s.later(kindKept, e.kept)
	case e.listing != nil:
		s.unlist(*e.listing, now)
	default:
		delete(s.claims, e.claim)
		s.later(kindClaim, e.claim)
	}
}
