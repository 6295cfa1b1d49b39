package embedded_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore/embedded"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

func open(t testing.TB, path string, now func() time.Time) *embedded.Durable {
	t.Helper()
	s, err := embedded.Open(embedded.Options{Path: path, Now: now, Trouble: func(err error) {
		if err != nil {
			t.Error(err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestDurable(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		now, advance := clock()
		return storetest.Harness{Store: open(t, filepath.Join(t.TempDir(), "state.db"), now), Now: now, Advance: advance}
	})
}
