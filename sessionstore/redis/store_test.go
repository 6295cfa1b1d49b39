package redis

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore/storetest"
)

func TestStore(t *testing.T) {
	addr := storetest.StartRedis(t)
	var cases atomic.Int32
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		now, advance := storetest.RealTime()
		return storetest.Harness{Store: open(t, addr, fmt.Sprintf("case%d", cases.Add(1))), Now: now, Advance: advance, Slack: time.Second}
	})
}

// open returns a store with keys of its own on a server.
func open(t *testing.T, addr, prefix string) *Store {
	t.Helper()
	now, _ := storetest.RealTime()
	s, err := New(Options{Addr: addr, KeyPrefix: prefix, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func keepTTL() goredis.SetArgs { return goredis.SetArgs{KeepTTL: true} }
