package embedded_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore/embedded"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		now, advance := clock()
		store := embedded.New(now)
		t.Cleanup(func() { store.Close() })
		return storetest.Harness{Store: store, Now: now, Advance: advance}
	})
}

func clock() (now func() time.Time, advance func(time.Duration)) {
	var passed atomic.Int64
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	return func() time.Time { return start.Add(time.Duration(passed.Load())) },
		func(d time.Duration) { passed.Add(int64(d)) }
}
