package limit

import (
	"container/list"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Config says how much is allowed to each address.
type Config struct {
	Events       int           // this many …
	Per          time.Duration // … in this time, on average
	Burst        int           // at once; 0 = Events
	MaxAddresses int           // remembered at a time; 0 = 65536
	Now          func() time.Time
}

const (
	defaultMax = 65536
	// overflowFactor is how many addresses' worth of events all strangers
	// share while the table is full.
	overflowFactor = 16
)

// Limiter counts events per client address. An IPv6 client is its /64, which
// is what one subscriber holds at the least (RFC 6177).
//
// An address is forgotten only once its bucket is full again, so that being
// forgotten gains nothing: nobody can reset an own bucket by making noise from
// other addresses. If all remembered addresses are still being counted, those
// not yet known share one bucket sixteen times as large until there is room;
// those that are known are not affected.
type Limiter struct {
	limit   rate.Limit
	burst   int
	refill  time.Duration // from empty to full
	max     int
	now     func() time.Time
	unnamed *rate.Limiter // shared by strangers while the table is full

	mu    sync.Mutex
	known map[netip.Addr]*list.Element // :: masked address → element of order
	order *list.List                   // of *bucket, the one allowed longest ago in front
}

type bucket struct {
	addr    netip.Addr
	limiter *rate.Limiter
	last    time.Time // when an event was allowed last
}

// New returns a limiter, or an error where the numbers allow nothing.
func New(c Config) (*Limiter, error) {
	if c.Burst == 0 {
		c.Burst = c.Events
	}
	if c.MaxAddresses == 0 {
		c.MaxAddresses = defaultMax
	}
	if c.Events <= 0 || c.Per <= 0 || c.Burst < 0 || c.MaxAddresses < 0 {
		return nil, fmt.Errorf("rate limit of %d in %s, burst %d, over %d addresses: all must be above zero",
			c.Events, c.Per, c.Burst, c.MaxAddresses)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	l := rate.Limit(float64(c.Events) / c.Per.Seconds())
	return &Limiter{
		limit: l, burst: c.Burst, max: c.MaxAddresses, now: c.Now,
		refill:  time.Duration(float64(c.Burst) / float64(l) * float64(time.Second)),
		unnamed: rate.NewLimiter(l*overflowFactor, c.Burst*overflowFactor),
		known:   map[netip.Addr]*list.Element{}, order: list.New(),
	}, nil
}

// Allow counts one event of an address and reports whether it may happen. If
// not, nothing is counted and retryAfter says when one would be allowed. All
// invalid addresses (Unix sockets) are one client.
func (l *Limiter) Allow(addr netip.Addr) (ok bool, retryAfter time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	key := subscriber(addr)
	element := l.element(key, now)
	if element == nil {
		return take(l.unnamed, now)
	}
	b := element.Value.(*bucket)
	ok, retryAfter = take(b.limiter, now)
	if ok {
		b.last = now
		l.order.MoveToBack(element)
	}
	return ok, retryAfter
}

// Peek reports what Allow would, and counts nothing.
func (l *Limiter) Peek(addr netip.Addr) (ok bool, retryAfter time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b := l.unnamed
	if e, found := l.known[subscriber(addr)]; found {
		b = e.Value.(*bucket).limiter
	} else if l.order.Len() < l.max {
		return true, 0
	}
	missing := 1 - b.TokensAt(now)
	if missing <= 0 {
		return true, 0
	}
	return false, time.Duration(missing / float64(b.Limit()) * float64(time.Second))
}

// element finds or makes the bucket of a client; nil means there is no room.
func (l *Limiter) element(key netip.Addr, now time.Time) *list.Element {
	if e, found := l.known[key]; found {
		return e
	}
	if l.order.Len() >= l.max {
		oldest := l.order.Front()
		b := oldest.Value.(*bucket)
		if now.Sub(b.last) < l.refill {
			return nil
		}
		l.order.Remove(oldest)
		delete(l.known, b.addr)
	}
	e := l.order.PushBack(&bucket{addr: key, limiter: rate.NewLimiter(l.limit, l.burst), last: now})
	l.known[key] = e
	return e
}

func take(l *rate.Limiter, now time.Time) (bool, time.Duration) {
	r := l.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return true, 0
	}
	r.CancelAt(now)
	return false, wait
}

func subscriber(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return addr
}
