package redis

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// The suite passes with the rights that the operators' document names.
func TestStore(t *testing.T) {
	addr := restricted(t, rights(t))
	var cases atomic.Int32
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		now, advance := storetest.RealTime()
		return storetest.Harness{Store: openAs(t, addr, "samlgate", "PASSWORD", fmt.Sprintf("samlgate:case%d", cases.Add(1))), Now: now, Advance: advance, Slack: time.Second}
	})
}

// open returns a store with keys of its own on a server.
func open(t *testing.T, addr, prefix string) *Store {
	t.Helper()
	return openAs(t, addr, "", "", prefix)
}

// openAs is open for a user of the server.
func openAs(t *testing.T, addr, user, password, prefix string) *Store {
	t.Helper()
	now, _ := storetest.RealTime()
	s, err := New(Options{Addr: addr, Username: user, Password: password, KeyPrefix: prefix, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestMain keeps the client of redis from telling about servers that tests kill.
func TestMain(m *testing.M) {
	Quiet()
	m.Run()
}

func keepTTL() goredis.SetArgs { return goredis.SetArgs{KeepTTL: true} }
