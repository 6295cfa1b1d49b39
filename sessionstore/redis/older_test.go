package redis

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// A gateway of before indexes lived as long as what they lead to lets a session
// live on, and its indexes not. When they are gone the session must still be found
// and counted, once it is used at a gateway of now.
func TestUseBesideAnOlderGateway(t *testing.T) {
	s := open(t, storetest.StartRedis(t), "gate")
	ctx := t.Context()
	old, also := create(t, s), create(t, s)
	prefix := s.bucket(old.Bucket())
	index := prefix + "p:" + encode(ana.Hash())
	if n, err := s.client.Unlink(ctx, index, prefix+"x").Result(); err != nil || n != 2 {
		t.Fatalf("%d indexes, %v", n, err)
	}
	newest := create(t, s)
	for range 2 {
		for _, id := range []sessionstore.ID{old, also} {
			if err := s.Touch(ctx, id, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	rows, err := s.List(ctx, ana.Hash())
	if err != nil || len(rows) != 3 || rows[2].ID != newest {
		t.Errorf("%d sessions are listed, %v", len(rows), err)
	}
	if ids, err := s.IDs(ctx, []sessionstore.Bucket{old.Bucket()}); err != nil || !slices.Contains(ids, old) || len(ids) != 3 {
		t.Errorf("%v in the bucket, %v", ids, err)
	}
	c := request(t, s)
	c.MaxConcurrent, c.OnLimit = 3, sessionstore.Deny
	if _, err := s.Create(ctx, c); !errors.Is(err, sessionstore.ErrLimit) {
		t.Errorf("a fourth: %v", err)
	}
	for _, key := range []string{index, prefix + "x"} {
		if ttl, err := s.client.PTTL(ctx, key).Result(); err != nil || ttl < time.Hour {
			t.Errorf("%s lives %v, %v", key, ttl, err)
		}
	}
}
