package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// crowd is very many people who sign in at one server, without waiting for one
// another: what their sign-ins ask is sent together. Between the server and the
// Manager it is a store that says yes to everything.
type crowd struct {
	*Store
	testing.TB
	m    *sessionstore.Manager
	pipe goredis.Pipeliner
	slo  bool
	pad  int // makes each record as long as sealed
	base int64
}

// sealed is how long the sealed part of each record is.
const sealed = 400

// newCrowd starts a server with further settings. With slo each session is found by
// single logout too.
func newCrowd(t testing.TB, slo bool, args ...string) *crowd {
	t.Helper()
	o := Options{Now: time.Now}.server(storetest.StartRedis(t, args...))
	o.ReadTimeout = 10 * time.Second // the machine may be busy, and a thousand are asked for at once
	client := goredis.NewClient(o)
	t.Cleanup(func() { client.Close() })
	s, err := NewFromClient(client, "", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	c := &crowd{Store: s, TB: t, slo: slo, pipe: s.client.Pipeline()}
	c.m = managerOver(t, c)
	for _, name := range []string{"create", "enlist"} {
		if err := s.scripts[name].Load(context.Background(), s.client).Err(); err != nil {
			t.Fatal(err)
		}
	}
	c.base = c.used()
	return c
}

func managerOver(t testing.TB, s sessionstore.Store) *sessionstore.Manager {
	t.Helper()
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	m, err := sessionstore.NewManager(sessionstore.ManagerConfig{Store: s, Keys: [][]byte{key}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Epochs are those of people who were never signed out.
func (c *crowd) Epochs(context.Context, identity.PersonHash) (sessionstore.Epochs, error) {
	return sessionstore.Epochs{}, nil
}

// Enlist sends the first of the two that a sign-in asks for; the second changes
// nothing.
func (c *crowd) Enlist(ctx context.Context, n sessionstore.NameHash, e sessionstore.Entry, ttl time.Duration) ([]sessionstore.Logout, error) {
	own, err := packEntry(e)
	if err != nil {
		return nil, err
	}
	keys, args := c.named(c.name(n), "s", []any{own, ttl.Milliseconds(), sessionstore.LogoutMemory.Milliseconds()})
	c.scripts["enlist"].EvalSha(ctx, c.pipe, keys, args...)
	return nil, nil
}

// Create sends what [Store.Create] does.
func (c *crowd) Create(ctx context.Context, x sessionstore.Create) (sessionstore.Created, error) {
	c.pad += sealed - len(x.Body) // little but for the first: times are not equally long
	r := sessionstore.Record{Format: sessionstore.Format, Epochs: x.Epochs, Person: x.Person, Body: x.Body, Idle: x.Idle, Interval: x.Interval}
	b, err := r.AppendBinary(nil)
	if err != nil {
		return sessionstore.Created{}, err
	}
	keys, args := c.named(c.bucket(x.ID.Bucket()), "x", []any{string(x.ID), encode(x.Person), 0, 0, x.Idle.Milliseconds(), x.Interval.Milliseconds(),
		x.Lifetime.Milliseconds(), x.MaxConcurrent, x.OnLimit.String(), "", b[sessionstore.HeaderTimes:], ""})
	c.scripts["create"].EvalSha(ctx, c.pipe, keys, args...)
	r.Created, r.LastUse, r.Expires = time.UnixMilli(0), time.UnixMilli(0), time.UnixMilli(x.Lifetime.Milliseconds())
	return sessionstore.Created{Row: sessionstore.Row{ID: x.ID, Record: r, Now: r.Created}}, nil
}

// person returns one of the crowd; their addresses are equally long.
func (c *crowd) person(n int) identity.Person {
	return identity.Person(fmt.Sprintf("p%07d@example.com", n))
}

// signIn starts n sessions: each of another person, or all of one.
func (c *crowd) signIn(n int, who func(int) identity.Person, l sessionstore.Limits) {
	c.Helper()
	for i := range n {
		p := who(i)
		s := sessionstore.Start{Identity: identity.Identity{IDP: "corp", Person: p, Email: identity.Email(p)}, Limits: l,
			Client: sessionstore.Client{Addr: "192.0.2.17", Agent: strings.Repeat("x", max(0, c.pad))}}
		if c.slo {
			s.Identity.NameID.Value = string(p)
			s.Identity.Authn.SessionIndex = "_" + strconv.Itoa(10_000_000+i)
		}
		s.Epochs, _ = c.m.Epochs(c.Context(), p)
		if _, err := c.m.Start(c.Context(), s); err != nil {
			c.Fatal(err)
		}
		if c.pipe.Len() >= 1000 || i == n-1 {
			c.send()
		}
	}
}

func (c *crowd) send() {
	c.Helper()
	cmds, err := c.pipe.Exec(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	for _, cmd := range cmds {
		if answer, ok := cmd.(*goredis.Cmd); ok {
			if parts, err := answer.Slice(); err != nil || len(parts) > 0 && parts[0] != "ok" {
				c.Fatal(parts, err)
			}
		}
	}
}

// used is the memory of the server, without what it has read and not yet freed.
func (c *crowd) used() int64 {
	c.Helper()
	c.client.Do(context.Background(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
	n, err := strconv.ParseInt(parseInfo(c.client.Info(context.Background(), "memory").Val())["used_memory"], 10, 64)
	if err != nil {
		c.Fatal(err)
	}
	return n
}

// left is what the server holds more than before the first sign-in.
func (c *crowd) left() int64 { c.Helper(); return c.used() - c.base }

// share is what one kind of key takes of each session.
type share struct {
	what  string
	bytes float64
}

// shares asks the server what each kind of key takes of a session; what is left
// over is the server's own tables of keys and of their ends.
func (c *crowd) shares(sessions int) (all []share, total float64) {
	c.Helper()
	total = float64(c.left()) / float64(sessions)
	buckets := 0.0
	for b := range sessionstore.Buckets {
		buckets += c.weigh(c.bucket(sessionstore.Bucket(b)) + "x")
	}
	all = []share{{"record", c.sample("samlgate:{b*}:s:*")}, {"index of the person", c.sample("samlgate:{b*}:p:*")},
		{"index of the bucket", buckets / float64(sessions)}}
	if c.slo {
		all = append(all, share{"index of single logout", c.sample("samlgate:{n*}:s")})
	}
	rest := total
	for _, s := range all {
		rest -= s.bytes
	}
	return append(all, share{"tables of redis", rest}), total
}

func (c *crowd) weigh(key string) float64 {
	c.Helper()
	n, err := c.client.MemoryUsage(context.Background(), key, 0).Result()
	if err != nil {
		c.Fatal(key, err)
	}
	return float64(n)
}

// sample returns what one key of a kind takes.
func (c *crowd) sample(match string) float64 {
	c.Helper()
	keys, sum := c.client.Scan(context.Background(), 0, match, 1000).Iterator(), 0.0
	for n := range 500 {
		if !keys.Next(context.Background()) {
			c.Fatalf("%d keys like %s: %v", n, match, keys.Err())
		}
		sum += c.weigh(keys.Val())
	}
	return sum / 500
}
