package limit

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clock is a time that moves when told.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newLimiter(t testing.TB, c Config) (*Limiter, *clock) {
	t.Helper()
	k := &clock{t: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	c.Now = k.now
	l, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return l, k
}

// knock counts how many of n events are allowed.
func knock(l *Limiter, addr string, n int) (allowed int) {
	for range n {
		if ok, _ := l.Allow(netip.MustParseAddr(addr)); ok {
			allowed++
		}
	}
	return allowed
}

func TestAllow(t *testing.T) {
	l, k := newLimiter(t, Config{Events: 20, Per: time.Minute})
	if n := knock(l, "192.0.2.1", 100); n != 20 {
		t.Errorf("%d at once, want 20", n)
	}
	ok, after := l.Allow(netip.MustParseAddr("192.0.2.1"))
	if ok || after < 2*time.Second || after > 3*time.Second {
		t.Errorf("Retry-After %s, want 3s", after)
	}
	k.pass(after)
	if n := knock(l, "192.0.2.1", 5); n != 1 {
		t.Errorf("%d after Retry-After, want 1", n)
	}
	if n := knock(l, "192.0.2.2", 5); n != 5 {
		t.Errorf("a neighbour got %d of 5", n)
	}
	k.pass(time.Hour)
	if n := knock(l, "192.0.2.1", 100); n != 20 {
		t.Errorf("%d after an hour, want 20", n)
	}
}

func TestOneSubscriberIsOneClient(t *testing.T) {
	l, _ := newLimiter(t, Config{Events: 2, Per: time.Minute})
	same := [][]string{
		{"2001:db8::1", "2001:db8::ffff:1:2:3", "2001:db8::2"},
		{"192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"},
		{"fe80::1%eth0", "fe80::2%eth1", "fe80::3"},
	}
	for _, addrs := range same {
		if n := knock(l, addrs[0], 1) + knock(l, addrs[1], 1) + knock(l, addrs[2], 1); n != 2 {
			t.Errorf("%v got %d, want 2", addrs, n)
		}
	}
	if n := knock(l, "2001:db8:0:1::1", 2); n != 2 {
		t.Errorf("another /64 got %d, want 2", n)
	}
	ok1, _ := l.Allow(netip.Addr{})
	ok2, _ := l.Allow(netip.Addr{})
	if ok3, _ := l.Allow(netip.Addr{}); !ok1 || !ok2 || ok3 {
		t.Error("clients without address are not one client")
	}
}

// The attack: fill the table from other addresses until one's own bucket is
// forgotten and begins anew.
func TestNoiseDoesNotResetABucket(t *testing.T) {
	l, k := newLimiter(t, Config{Events: 2, Per: time.Minute, MaxAddresses: 100})
	knock(l, "192.0.2.1", 2)
	a := netip.MustParseAddr("198.51.0.0")
	for range 1000 {
		l.Allow(a)
		a = a.Next()
	}
	if n := knock(l, "192.0.2.1", 1); n != 0 {
		t.Error("the bucket was reset")
	}
	if len(l.known) != 100 || l.order.Len() != 100 {
		t.Errorf("%d addresses are remembered, want 100", len(l.known))
	}
	// Strangers have 32 events between them; the loop has used them up.
	if n := knock(l, "203.0.113.1", 1); n != 0 {
		t.Error("strangers are not limited while the table is full")
	}
	k.pass(61 * time.Second)
	if n := knock(l, "203.0.113.1", 3); n != 2 {
		t.Errorf("after the noise a stranger got %d, want 2", n)
	}
	if len(l.known) != 100 {
		t.Errorf("%d addresses are remembered, want 100", len(l.known))
	}
}

func TestConcurrentKnocks(t *testing.T) {
	l, _ := newLimiter(t, Config{Events: 50, Per: time.Minute, MaxAddresses: 4})
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() { allowed.Add(int64(knock(l, "192.0.2.1", 100))) })
	}
	wg.Wait()
	if allowed.Load() != 50 {
		t.Errorf("%d allowed, want 50", allowed.Load())
	}
}

func TestNumbersThatAllowNothing(t *testing.T) {
	for _, c := range []Config{{}, {Events: 1}, {Per: time.Second}, {Events: -1, Per: time.Second}, {Events: 1, Per: time.Second, Burst: -1}, {Events: 1, Per: time.Second, MaxAddresses: -1}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

// Peek says what Allow would, for strangers and where there is no more room, too.
func TestPeek(t *testing.T) {
	l, k := newLimiter(t, Config{Events: 20, Per: time.Minute, MaxAddresses: 1})
	for _, addr := range []string{"192.0.2.1", "192.0.2.2"} { // the second shares the bucket of strangers
		for {
			ok, after := l.Peek(netip.MustParseAddr(addr))
			if again, _ := l.Peek(netip.MustParseAddr(addr)); again != ok {
				t.Fatal("looking counts")
			}
			allowed, want := l.Allow(netip.MustParseAddr(addr))
			if ok != allowed || (after-want).Abs() > time.Millisecond {
				t.Fatalf("%s: %t after %s, but %t after %s", addr, ok, after, allowed, want)
			}
			if !ok {
				break
			}
		}
	}
	k.pass(3 * time.Second)
	if ok, _ := l.Peek(netip.MustParseAddr("192.0.2.1")); !ok {
		t.Error("still full")
	}
}
