package sessionstore

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// Client describes the browser that signed in.
type Client struct {
	Addr  string // network address, without port
	Agent string // in words for people: "Firefox on Linux"
}

// Session is one browser signed in once. Its times are on the local clock.
// One Session may be read and touched by several goroutines.
type Session struct {
	ID       ID
	Identity identity.Identity
	Client   Client
	Created  time.Time
	LastSeen time.Time     // as the store recorded it, up to one interval behind
	Expires  time.Time     // the absolute end
	Idle     time.Duration // how long it lives unused
	epochs   Epochs        // those it began under
	recorded *atomic.Int64 // last use that the store knows, in Unix ms of the local clock
	used     *atomic.Int64 // last use that we know, in ns since LastSeen
}

// Outlives reports whether s began after the end of all that i tells of, so that
// a message which arrives late does not mean it. In doubt it does.
func (s *Session) Outlives(i Invalidation) bool {
	switch i.Scope {
	case ScopePerson:
		return i.Epoch > 0 && s.epochs.Person >= i.Epoch
	case ScopeBucket:
		return i.Epoch > 0 && s.epochs.Bucket >= i.Epoch
	}
	return false
}

// OnLimit says what a sign-in does when the person is at the limit.
type OnLimit uint8

// What a sign-in at the limit does.
const (
	EvictOldest OnLimit = iota // ends the sessions created first
	Deny                       // is refused with [ErrLimit]
	EvictIdle                  // ends those whose recorded use is longest ago
	Ask                        // is refused with [ErrLimit], for the person to choose: see [Start.Frees]
)

var onLimitNames = [...]string{"evict_oldest", "deny", "evict_idle", "ask"}

// String returns the name used in the configuration.
func (o OnLimit) String() string {
	if int(o) >= len(onLimitNames) { // what nobody knows refuses
		return onLimitNames[Deny]
	}
	return onLimitNames[o]
}

// ParseOnLimit reads what [OnLimit.String] writes.
func ParseOnLimit(s string) (OnLimit, bool) {
	i := slices.Index(onLimitNames[:], s)
	return OnLimit(max(i, 0)), i >= 0
}

// Refuses reports whether a sign-in at the limit ends nobody's session by itself.
func (o OnLimit) Refuses() bool { return o != EvictOldest && o != EvictIdle }

// Limits of one session, resolved for its person.
type Limits struct {
	Idle          time.Duration // how long it lives unused; above 0
	Lifetime      time.Duration // how long it lives at all; above 0
	MaxConcurrent int           // live sessions of the person, this one included; 0 = no limit
	OnLimit       OnLimit
}

const maxLife = 10 * 365 * 24 * time.Hour // what stores can write down

func (l Limits) check() error {
	switch {
	case l.Idle < time.Millisecond || l.Lifetime < time.Millisecond:
		return fmt.Errorf("idle limit %v and lifetime %v must both be positive", l.Idle, l.Lifetime)
	case l.Idle > maxLife || l.Lifetime > maxLife:
		return fmt.Errorf("idle limit %v and lifetime %v must not exceed %v", l.Idle, l.Lifetime, maxLife)
	case l.MaxConcurrent < 0:
		return fmt.Errorf("limit of %d sessions is negative", l.MaxConcurrent)
	case int(l.OnLimit) >= len(onLimitNames):
		return errors.New("unknown policy at the limit of sessions")
	}
	return nil
}

// Interval returns how far the recorded last use may lag behind the true one
// for a session with this idle limit: min(30 s, idle/20).
func Interval(idle time.Duration) time.Duration { return min(30*time.Second, idle/20) }

// Ended tells of one session that has just been ended.
type Ended struct {
	ID      ID
	Reason  Reason
	Session *Session // nil when its record could not be read
}

// Start is what a sign-in brings along.
type Start struct {
	Identity identity.Identity
	Client   Client
	Epochs   Epochs // from [Manager.Epochs], read before directory and policy
	Limits   Limits
	Replaces ID // the session that this browser had until now, if any
	Frees    ID // a session of the same person that ends to make room, as they chose
}

// Started is the outcome of a sign-in.
type Started struct {
	Session *Session
	Evicted []Ended // by the limit, and the replaced one
}
