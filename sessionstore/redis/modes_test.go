package redis

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

func TestOnCluster(t *testing.T) {
	c := storetest.NewCluster(t, 0)
	for _, n := range c.Nodes {
		allow(t, n.Addr, rights(t))
	}
	essentials(t, Options{Cluster: c.Addrs()[:1], Username: "samlgate", Password: "PASSWORD"})
}

func TestBehindSentinels(t *testing.T) {
	s := storetest.NewSentinels(t, nil)
	for _, server := range s.Servers {
		allow(t, server.Addr, rights(t))
	}
	essentials(t, Options{Sentinel: &Sentinel{Addrs: s.Addrs[:1], MasterName: s.MasterName}, Username: "samlgate", Password: "PASSWORD"})
}

// essentials runs what could come out otherwise than on one server. No write may
// go unconfirmed.
func essentials(t *testing.T, o Options) {
	var cases atomic.Int32
	storetest.RunEssential(t, func(t *testing.T) storetest.Harness {
		now, advance := storetest.RealTime()
		own := o
		own.KeyPrefix = fmt.Sprintf("samlgate:case%d", cases.Add(1))
		return storetest.Harness{Store: openWith(t, own), Now: now, Advance: advance, Slack: time.Second}
	})
}

// openWith returns a store over real time.
func openWith(t *testing.T, o Options) *Store {
	t.Helper()
	o.Now, _ = storetest.RealTime()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// What a server lacks is found on every master, and told with its name.
func TestPrerequisitesOfMany(t *testing.T) {
	c := storetest.NewCluster(t, 0)
	if err := serverOf(t, c.Nodes[1].Addr).ConfigSet(t.Context(), "save", "3600 1").Err(); err != nil {
		t.Fatal(err)
	}
	found, err := openWith(t, Options{Cluster: c.Addrs()}).Prerequisites(t.Context())
	if err != nil || len(found) != 1 || found[0].Code != "persistence" || !strings.HasPrefix(found[0].Message, c.Nodes[1].Addr+": ") {
		t.Errorf("a cluster: %v, %v", found, err)
	}
	for _, want := range []string{"", "quorum"} {
		s := storetest.NewSentinels(t, []string{"--min-replicas-to-write", "1"})
		if want != "" {
			s.Kill(t, 2)
		}
		store := openWith(t, Options{Sentinel: &Sentinel{Addrs: s.Addrs, MasterName: s.MasterName}})
		var found []Finding
		storetest.Eventually(t, 10*time.Second, "we find what we look for", func() bool {
			found, err = store.Prerequisites(t.Context())
			return err == nil && (len(found) == 0) == (want == "")
		})
		if len(found) > 0 && (found[0].Code != want || found[0].Severity != Warning) {
			t.Errorf("sentinels: %v", found)
		}
	}
}

func serverOf(t *testing.T, addr string) *goredis.Client {
	t.Helper()
	c := goredis.NewClient(&goredis.Options{Addr: addr})
	t.Cleanup(func() { c.Close() })
	return c
}

// The user of the operators' document is enough at sentinels that have an ACL.
func TestUserAtSentinels(t *testing.T) {
	s := storetest.NewSentinels(t, nil)
	all := lines(t, "user")
	for _, addr := range s.Addrs {
		admin := serverOf(t, addr)
		words := []any{"ACL", "SETUSER"}
		for _, word := range all[1] {
			words = append(words, word)
		}
		if err := admin.Do(t.Context(), words...).Err(); err != nil {
			t.Fatal(err)
		}
		if err := admin.Do(t.Context(), "ACL", "SETUSER", "default", "off").Err(); err != nil {
			t.Fatal(err)
		}
	}
	o := Sentinel{Addrs: s.Addrs, MasterName: s.MasterName, Username: "samlgate", Password: "PASSWORD"}
	store := openWith(t, Options{Sentinel: &o})
	create(t, store)
	if found, err := store.Prerequisites(t.Context()); err != nil || slices.ContainsFunc(found, func(f Finding) bool { return f.Code == "quorum" }) {
		t.Errorf("prerequisites: %v, %v", found, err)
	}
	o.Password = "sesame"
	if err := openWith(t, Options{Sentinel: &o}).Ping(t.Context()); !errors.Is(err, sessionstore.ErrUnavailable) || strings.Contains(err.Error(), "sesame") {
		t.Errorf("with another password: %v", err)
	}
}
