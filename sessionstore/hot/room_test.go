package hot_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/hot"
)

// Memory is bounded, whoever was not seen for long goes, and the index with them.
func TestBytes(t *testing.T) {
	const most = 1 << 20
	bubble(t, func(h *house, w *wire) {
		regular, regularKey := h.signIn(ana)
		h.served(regularKey, regular.ID, false)
		for i := range 3000 {
			s := start(t, h.sessions, identity.Person(fmt.Sprintf("p%d@example.com", i)))
			h.served(keyOf(s.ID), s.ID, false)
			if i%20 == 0 {
				later(1100 * time.Millisecond)
				h.get(regularKey, regular.ID)
			}
		}
		st := h.cache.Stats()
		if st.Bytes > most || st.Entries > most/600 || st.Entries < most/2000 {
			t.Errorf("%+v", st)
		}
		for b := range sessionstore.Buckets {
			if err := w.Store.EndBucket(context.Background(), sessionstore.Bucket(b), sessionstore.ReasonOperator); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if st := h.cache.Stats(); st.Entries != 0 || st.Bytes != 0 {
			t.Errorf("left behind: %+v", st)
		}
	}, func(c *hot.Config) { c.Bytes = most })
}

// One that is larger than all the room there is, or no room at all, is no copy.
func TestNoRoom(t *testing.T) {
	for _, most := range []int64{0, 1000, 1 << 20} {
		bubble(t, func(h *house, w *wire) {
			s, k := h.signIn(ana)
			k.Cookie += strings.Repeat("y", 600<<10)
			for range 2 {
				h.served(k, s.ID, false)
			}
			if st := h.cache.Stats(); st.Entries != 0 || st.Bytes != 0 {
				t.Errorf("%+v", st)
			}
		}, func(c *hot.Config) { c.Bytes = most })
	}
}
