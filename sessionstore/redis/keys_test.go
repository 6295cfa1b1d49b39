package redis

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

func TestKeys(t *testing.T) {
	s := open(t, storetest.StartRedis(t), "gate")
	ctx := t.Context()
	id := create(t, s)
	if _, err := s.EndAll(ctx, ana.Hash(), sessionstore.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	if err := s.EndBucket(ctx, id.Bucket(), sessionstore.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	create(t, s)
	if err := s.Put(ctx, "token", nil, time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Keep(ctx, "kept", nil, time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Claim(ctx, "claim", "me", time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Enlist(ctx, sessionstore.NameHash{}, sessionstore.Entry{ID: id}, 12*time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Enlist(ctx, sessionstore.NameHash{}, sessionstore.Entry{ID: request(t, s).ID}, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := s.NoteLogout(ctx, sessionstore.NameHash{}, []sessionstore.Logout{{All: true}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(ctx, "list", []byte("value"), 10, time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SetNote(ctx, ana.Hash(), nil, []byte("note")); err != nil {
		t.Fatal(err)
	}
	keys, err := s.client.Keys(ctx, "*").Result()
	if err != nil || len(keys) != 12 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	tagged := regexp.MustCompile(`^gate:(\{b\d{3}\}:(s:b\d{3}\.[\w-]{43}|[pen]:[\w-]{43}|x|e)|\{n[\w-]{22}\}:[sl]|[okcl]:\w+)$`)
	for _, key := range keys {
		ttl, err := s.client.PTTL(ctx, key).Result()
		if err != nil {
			t.Fatal(err)
		}
		if !tagged.MatchString(key) || strings.Contains(key, "ana") {
			t.Errorf("key %s", key)
		}
		if lasting := strings.Contains(key, ":e") || strings.Contains(key, "}:n:"); lasting != (ttl < 0) {
			t.Errorf("%s lives %v", key, ttl)
		}
		if strings.Contains(key, ":s:") && (ttl > time.Hour+30*time.Second || ttl < time.Hour) {
			t.Errorf("the session lives %v, want idle + interval", ttl)
		}
		if (strings.HasSuffix(key, "}:x") || strings.Contains(key, "}:p:")) && (ttl > time.Hour+30*time.Second || ttl < time.Hour) {
			t.Errorf("the index %s lives %v, want what its last session does", key, ttl)
		}
		if strings.HasSuffix(key, "}:s") && ttl < 11*time.Hour {
			t.Errorf("the index of a name lives %v, want the absolute end", ttl)
		}
		if strings.HasSuffix(key, "}:l") && (ttl > sessionstore.LogoutMemory || ttl < sessionstore.LogoutMemory-time.Minute) {
			t.Errorf("a logout is remembered for %v", ttl)
		}
	}
}

// What single logout needs to find a session takes this many bytes of Redis: of
// a person with one session, keys and all, and for each further one.
func TestEntriesAreSmall(t *testing.T) {
	s := open(t, storetest.StartRedis(t), "")
	for _, row := range []struct{ entries, first, each int64 }{{1, 220, 220}, {100, 220, 60}, {2000, 220, 200}} {
		name := sessionstore.NameHash{byte(row.entries), 1}
		for range row.entries {
			if _, err := s.Enlist(t.Context(), name, sessionstore.Entry{ID: request(t, s).ID}, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		used, err := s.client.MemoryUsage(t.Context(), s.name(name)+"s", 0).Result()
		if most := row.first + (row.entries-1)*row.each; err != nil || used > most {
			t.Errorf("%d entries take %d bytes, want at most %d; %v", row.entries, used, most, err)
		}
		t.Logf("%d entries take %d bytes", row.entries, used)
	}
}

// A record of a newer release is left alone: it counts, loads as ErrFormat,
// is not touched, and goes only when somebody ends it.
func TestRecordOfAnotherRelease(t *testing.T) {
	s := open(t, storetest.StartRedis(t), "")
	ctx := t.Context()
	id := create(t, s)
	key := s.bucket(id.Bucket()) + "s:" + string(id)
	newer := "\x63 nobody knows what this is"
	if err := s.client.SetArgs(ctx, key, newer, keepTTL()).Err(); err != nil {
		t.Fatal(err)
	}
	unchanged := func() {
		t.Helper()
		if got, err := s.client.Get(ctx, key).Result(); err != nil || got != newer {
			t.Errorf("it is now %q, %v", got, err)
		}
	}
	if _, err := s.Load(ctx, id); !errors.Is(err, sessionstore.ErrFormat) {
		t.Errorf("load: %v", err)
	}
	if err := s.Touch(ctx, id, 0); !errors.Is(err, sessionstore.ErrNotFound) {
		t.Errorf("touch: %v", err)
	}
	if rows, err := s.List(ctx, ana.Hash()); err != nil || len(rows) != 0 {
		t.Errorf("list: %v, %v", rows, err)
	}
	unchanged()
	c := request(t, s)
	c.MaxConcurrent, c.OnLimit = 1, sessionstore.Deny
	if _, err := s.Create(ctx, c); !errors.Is(err, sessionstore.ErrLimit) {
		t.Errorf("create: %v", err)
	}
	unchanged()
	c.OnLimit = sessionstore.EvictOldest
	if created, err := s.Create(ctx, c); err != nil || len(created.Ended) != 1 || created.Ended[0].ID != id {
		t.Errorf("create: %+v, %v", created, err)
	}
}

func TestOptions(t *testing.T) {
	deny := func(o Options) {
		t.Helper()
		if s, err := New(o); err == nil {
			s.Close()
			t.Errorf("accepted %+v", o)
		}
	}
	deny(Options{Now: time.Now})
	deny(Options{Addr: "127.0.0.1:1"})
	for _, prefix := range []string{"a{b", "a}b", "a b", "a\n", "ü"} {
		deny(Options{Addr: "127.0.0.1:1", Now: time.Now, KeyPrefix: prefix})
	}
}

func TestMessages(t *testing.T) {
	id, err := sessionstore.NewID(ana)
	if err != nil {
		t.Fatal(err)
	}
	hears := func(message string, want sessionstore.Invalidation) {
		t.Helper()
		if got, ok := parseMessage(message); !ok || got != want {
			t.Errorf("%q: %+v, %v", message, got, ok)
		}
	}
	hears("session:"+string(id)+" logout", sessionstore.Invalidation{Scope: sessionstore.ScopeSession, ID: id, Reason: sessionstore.ReasonLogout})
	hears("session:"+string(id)+" something_new and=more", sessionstore.Invalidation{Scope: sessionstore.ScopeSession, ID: id})
	hears("bucket:b255 operator 7", sessionstore.Invalidation{Scope: sessionstore.ScopeBucket, Bucket: 255, Reason: sessionstore.ReasonOperator, Epoch: 7})
	hears("bucket:b255 operator", sessionstore.Invalidation{Scope: sessionstore.ScopeBucket, Bucket: 255, Reason: sessionstore.ReasonOperator})
	p := ana.Hash()
	hears("review:"+encode(p)+" unknown", sessionstore.Invalidation{Scope: sessionstore.ScopeReview, Person: p, Bucket: sessionstore.BucketOf(p)})
	for _, message := range []string{"", "session", "session:x logout", "bucket:b256 logout", "person:AAAA logout", "heartbeat:1 x", string(id)} {
		if i, ok := parseMessage(message); ok {
			t.Errorf("%q: %+v", message, i)
		}
	}
}
