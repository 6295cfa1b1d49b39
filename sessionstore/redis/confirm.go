package redis

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore"
)

const (
	confirmWait = 50 * time.Millisecond // how long a write waits for one replica
	lookAgain   = 10 * time.Second      // how often a master without replicas is looked at
)

// Unconfirmed is a write that no replica had confirmed in time.
type Unconfirmed struct {
	Operation string          // of [sessionstore.Store], as in metrics: "end", "end_all", "claim", …
	Session   sessionstore.ID // of "end" and "create", else empty
	Err       error           // why
}

var (
	errNoReplica = errors.New("no replica confirmed a write in time")
	errMoved     = errors.New("a write went to another node, whose replicas were not asked")
)

// replicas remembers whether a master has, or had, replicas: those that are
// away now must not look like none.
type replicas struct {
	expected atomic.Bool

	mu     sync.Mutex
	looked map[string]time.Time // address of a master → when it had none
}

// master returns the client of the one server that owns key.
func (s *Store) master(ctx context.Context, key string) (*goredis.Client, error) {
	switch client := s.client.(type) {
	case *goredis.ClusterClient:
		return client.MasterForKey(ctx, key)
	case *goredis.Client:
		return client, nil
	}
	return nil, errAnswer
}

// wantsReplica reports whether writes on m have a replica to wait for.
func (s *Store) wantsReplica(ctx context.Context, m *goredis.Client) bool {
	if s.replicas.expected.Load() {
		return true
	}
	addr, now := m.Options().Addr, s.now()
	s.replicas.mu.Lock()
	last, known := s.replicas.looked[addr]
	if fresh := known && now.Sub(last).Abs() < lookAgain; fresh {
		s.replicas.mu.Unlock()
		return false
	}
	if s.replicas.looked == nil {
		s.replicas.looked = make(map[string]time.Time)
	}
	s.replicas.looked[addr] = now
	s.replicas.mu.Unlock()
	text, err := m.Info(ctx, "replication").Result()
	if n := parseInfo(text)["connected_slaves"]; err == nil && n != "" && n != "0" {
		s.replicas.expected.Store(true)
		return true
	}
	return false
}

// lasting sends what ask asks, followed on the same connection by WAIT, so that
// one replica of the master of key has it before we say that it is done. Where there
// are replicas and none has confirmed, lone says why. A failover then may bring
// back what ended; it stays done here in any case.
func lasting[C goredis.Cmder](ctx context.Context, s *Store, key string, ask func(goredis.Cmdable) C) (cmd C, lone error) {
	m, err := s.master(ctx, key)
	if err != nil || !s.wantsReplica(ctx, m) {
		return ask(s.client), nil
	}
	pipe := m.Pipeline()
	cmd = ask(pipe)
	wait := pipe.Do(ctx, "WAIT", 1, confirmWait.Milliseconds())
	_, _ = pipe.Exec(ctx) // each has its own error
	if _, cluster := s.client.(*goredis.ClusterClient); cluster && failed(cmd) && !isNoScript(cmd.Err()) && ctx.Err() == nil {
		// The cluster client finds out who owns the key now, and asks there.
		return ask(s.client), errMoved
	}
	switch got, err := wait.Int(); {
	case failed(cmd):
		return cmd, nil // nothing to confirm
	case err != nil:
		return cmd, unavailable("waiting for a replica", err)
	case got < 1:
		return cmd, errNoReplica
	}
	return cmd, nil
}

func failed(cmd goredis.Cmder) bool { return cmd.Err() != nil && !errors.Is(cmd.Err(), goredis.Nil) }

func isNoScript(err error) bool { return err != nil && goredis.HasErrorPrefix(err, "NOSCRIPT") }

// runLasting is run for scripts that end or consume.
func (s *Store) runLasting(ctx context.Context, name string, keys []string, args []any) (*goredis.Cmd, error) {
	script := s.scripts[name]
	cmd, lone := lasting(ctx, s, keys[0], func(c goredis.Cmdable) *goredis.Cmd { return script.EvalSha(ctx, c, keys, args...) })
	if isNoScript(cmd.Err()) {
		return lasting(ctx, s, keys[0], func(c goredis.Cmdable) *goredis.Cmd { return script.Eval(ctx, c, keys, args...) })
	}
	return cmd, lone
}

// confirm tells of a write that no replica has, if it was done at all.
func (s *Store) confirm(ctx context.Context, lone error, cmd goredis.Cmder, u Unconfirmed) {
	if lone != nil && !failed(cmd) {
		u.Err = lone
		s.unconfirmed(ctx, u)
	}
}
