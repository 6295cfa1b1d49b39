package redis

import (
	"context"
	"errors"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore"
)

// Put keeps a single-use value.
func (s *Store) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.client.Set(ctx, s.prefix+":o:"+key, value, ttl).Err(); err != nil {
		return unavailable("keeping a single-use value", err)
	}
	return nil
}

// Take returns and removes a single-use value.
func (s *Store) Take(ctx context.Context, key string) ([]byte, error) {
	where := s.prefix + ":o:" + key
	cmd, lone := lasting(ctx, s, where, func(c goredis.Cmdable) *goredis.StringCmd { return c.GetDel(ctx, where) })
	value, err := cmd.Bytes()
	if errors.Is(err, goredis.Nil) {
		return nil, sessionstore.ErrNotFound
	}
	if err != nil {
		return nil, unavailable("taking a single-use value", err)
	}
	s.confirm(ctx, lone, cmd, Unconfirmed{Operation: "take"})
	return value, nil
}

// Peek returns a single-use value and leaves it there.
func (s *Store) Peek(ctx context.Context, key string) ([]byte, error) {
	value, err := s.client.Get(ctx, s.prefix+":o:"+key).Bytes()
	if errors.Is(err, goredis.Nil) {
		return nil, sessionstore.ErrNotFound
	}
	if err != nil {
		return nil, unavailable("reading a single-use value", err)
	}
	return value, nil
}

// Keep returns what was kept first.
func (s *Store) Keep(ctx context.Context, key string, value []byte, ttl time.Duration) ([]byte, error) {
	kept, err := s.scripts["keep"].Run(ctx, s.client, []string{s.prefix + ":k:" + key}, value, ttl.Milliseconds()).Text()
	if err != nil {
		return nil, unavailable("keeping a value", err)
	}
	return []byte(kept), nil
}

// Claim remembers the first claimant of key. The answer names who was there
// before: nobody, or ourselves when the client asked a second time.
func (s *Store) Claim(ctx context.Context, key, claimant string, ttl time.Duration) (bool, error) {
	where := s.prefix + ":c:" + key
	cmd, lone := lasting(ctx, s, where, func(c goredis.Cmdable) *goredis.StatusCmd {
		return c.SetArgs(ctx, where, claimant, goredis.SetArgs{Mode: "NX", Get: true, TTL: ttl})
	})
	before, err := cmd.Result()
	first := errors.Is(err, goredis.Nil) || err == nil && before == claimant
	if err != nil && !first {
		return false, unavailable("claiming", err)
	}
	if first {
		s.confirm(ctx, lone, cmd, Unconfirmed{Operation: "claim"})
	}
	return first, nil
}

// Claimed asks the master, as every read does.
func (s *Store) Claimed(ctx context.Context, key string) (bool, error) {
	err := s.client.Get(ctx, s.prefix+":c:"+key).Err()
	if errors.Is(err, goredis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, unavailable("looking for a claim", err)
	}
	return true, nil
}
