package redis

import (
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// What a session may take of a server, with a sealed part of 400 bytes.
const (
	mostBytes     = 1500
	mostBytesBare = 1100      // without an entry for single logout
	mostLeft      = 1_000_000 // after all have expired
)

// Each of a crowd costs what we say, by itself and in each index.
func TestBytesPerSession(t *testing.T) {
	t.Parallel()
	for name, slo := range map[string]bool{"single-logout": true, "bare": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The tables of redis grow by doubling: here they are as full as with a
			// million. So few sessions to a bucket would be kept in another way.
			const n = million / 32
			c := newCrowd(t, slo, "--zset-max-listpack-entries", "32")
			c.signIn(n, c.person, sessionstore.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour, MaxConcurrent: 3})
			c.costs(n)
		})
	}
}

// costs prints the table, and fails where a session takes more than it may.
func (c *crowd) costs(n int) {
	c.Helper()
	all, total := c.shares(n)
	for _, s := range all {
		c.Logf("%-24s %6.0f bytes %5.1f %%", s.what, s.bytes, 100*s.bytes/total)
	}
	c.Logf("%-24s %6.0f bytes for each of %d sessions", "together", total, n)
	most := mostBytesBare
	if c.slo {
		most = mostBytes
	}
	if n < million { // few share what an index takes by itself
		most += most / 50
	}
	if total > float64(most) {
		c.Errorf("%.0f bytes, at most %d are wanted", total, most)
	}
}

// A crowd that has gone and never comes back leaves nothing behind: neither when
// its sessions have reached their end, nor when they were idle long before.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]sessionstore.Limits{
		"over": {Idle: time.Second, Lifetime: time.Second, MaxConcurrent: 3},
		"idle": {Idle: time.Second, Lifetime: 12 * time.Hour, MaxConcurrent: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCrowd(t, name == "over") // the name of who is idle stays until the end: see Names
			c.signIn(10_000, c.person, l)
			c.empties(time.Minute)
		})
	}
}

func (c *crowd) empties(within time.Duration) {
	c.Helper()
	storetest.Eventually(c, within, "the sessions are gone", func() bool { return c.left() < mostLeft })
	c.Logf("%d bytes are left, of %d keys", c.left(), c.client.DBSize(c.Context()).Val())
}
