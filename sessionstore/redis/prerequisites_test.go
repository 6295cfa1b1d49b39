package redis

import (
	"slices"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore/storetest"
)

func TestPrerequisites(t *testing.T) {
	finds := func(s *Store, want ...string) {
		t.Helper()
		all, err := s.Prerequisites(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range all {
			got = append(got, f.Severity.String()+" "+f.Code)
		}
		if !slices.Equal(got, want) {
			t.Errorf("found %v, want %v", got, want)
		}
	}
	addr := storetest.StartRedis(t)
	s := open(t, addr, "")
	finds(s)
	set := func(name, value string) {
		t.Helper()
		if err := s.client.ConfigSet(t.Context(), name, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	set("maxmemory", "100mb")
	finds(s)
	set("maxmemory-policy", "allkeys-lru")
	finds(s, "fatal maxmemory_policy")
	set("maxmemory", "0")
	set("save", "3600 1")
	finds(s, "warning persistence")
	set("save", "")
	late, err := New(Options{Addr: addr, Now: func() time.Time { return time.Now().Add(-5 * time.Second) }})
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	finds(late, "warning clock")
	if err := s.client.Do(t.Context(), "REPLICAOF", "127.0.0.1", "1").Err(); err != nil {
		t.Fatal(err)
	}
	finds(s, "fatal role")
}

func TestVersions(t *testing.T) {
	judge := func(info map[string]string, want ...Finding) {
		t.Helper()
		var f findings
		f.version(info)
		for i := range f {
			f[i].Message = ""
		}
		if !slices.Equal(f, want) {
			t.Errorf("%v: %v", info, f)
		}
	}
	old := Finding{Severity: Fatal, Code: "version"}
	judge(map[string]string{"redis_version": "7.0.15"})
	judge(map[string]string{"redis_version": "10.1.0"})
	judge(map[string]string{"redis_version": "6.2.14"}, old)
	judge(map[string]string{"redis_version": "7.2.4", "valkey_version": "8.0.1"})
	judge(map[string]string{"redis_version": "7.2.4", "valkey_version": "7.1.0"}, old)
	judge(map[string]string{"redis_version": "7.2.4", "valkey_version": "7.10.0"})
	judge(map[string]string{}, Finding{Severity: Warning, Code: "unknown"})
}
