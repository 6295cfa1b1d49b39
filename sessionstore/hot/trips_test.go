package hot_test

import (
	"context"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/hot"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

var readsProcessed = regexp.MustCompile(`total_reads_processed:(\d+)`)

// trips returns how many round trips do takes, by the count of the server. The
// heartbeat may come between, so it is the least of some tries.
func trips(t *testing.T, addr string, do func()) int {
	t.Helper()
	admin := goredis.NewClient(&goredis.Options{Addr: addr})
	defer admin.Close()
	reads := func() int {
		found := readsProcessed.FindStringSubmatch(admin.Info(context.Background(), "stats").Val())
		if found == nil {
			t.Fatal("the server counts no reads")
		}
		n, _ := strconv.Atoi(found[1])
		return n
	}
	least := 1 << 30
	for range 10 {
		before := reads()
		do()
		least = min(least, reads()-before-1) // but for the question itself
	}
	return least
}

// A miss is one round trip, limits of now and what the person chose included, and
// 64 misses at once are few.
func TestMissesAreFewRoundTrips(t *testing.T) {
	addr := storetest.StartRedis(t)
	h := newHouse(t, openRedis(t, addr), func(c *hot.Config) { c.Bytes = 0 }) // nobody is remembered
	s, k := h.signIn(ana)
	h.served(k, s.ID, false)
	if n := trips(t, addr, func() { h.served(k, s.ID, false) }); n != 1 {
		t.Errorf("a miss is %d round trips", n)
	}
	var ids []sessionstore.ID
	for range 64 {
		s, _ := h.signIn(ana)
		ids = append(ids, s.ID)
	}
	n := trips(t, addr, func() {
		var all sync.WaitGroup
		for _, id := range ids {
			all.Go(func() {
				if _, err := h.cache.Get(context.Background(), time.Now(), keyOf(id), opens(id)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
	if n > len(ids)/2 {
		t.Errorf("%d misses at once are %d round trips", len(ids), n)
	}
	t.Logf("%d misses at once are %d round trips", len(ids), n)
}
