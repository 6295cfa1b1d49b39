package redis

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// appendScript is Store.Append. KEYS: the list. ARGV: value, how many to keep,
// milliseconds to live. LPOS finds the client's own repetition.
var appendScript = goredis.NewScript(`
if not redis.call('LPOS', KEYS[1], ARGV[1], 'MAXLEN', 64) then redis.call('LPUSH', KEYS[1], ARGV[1]) end
redis.call('LTRIM', KEYS[1], 0, tonumber(ARGV[2]) - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`)

// Append puts value in front of a list.
func (s *Store) Append(ctx context.Context, key string, value []byte, keep int, ttl time.Duration) error {
	err := appendScript.Run(ctx, s.client, []string{s.prefix + ":l:" + key}, value, keep, ttl.Milliseconds()).Err()
	if err != nil {
		return unavailable("appending to a list", err)
	}
	return nil
}

// Recent returns the values of a list.
func (s *Store) Recent(ctx context.Context, key string) ([][]byte, error) {
	values, err := s.client.LRange(ctx, s.prefix+":l:"+key, 0, -1).Result()
	if err != nil {
		return nil, unavailable("reading a list", err)
	}
	all := make([][]byte, len(values))
	for i, v := range values {
		all[i] = []byte(v)
	}
	return all, nil
}
