package redis

import (
	"context"
	"errors"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// Note returns what is noted of p.
func (s *Store) Note(ctx context.Context, p identity.PersonHash) ([]byte, error) {
	note, err := s.client.Get(ctx, s.bucket(sessionstore.BucketOf(p))+"n:"+encode(p)).Bytes()
	if errors.Is(err, goredis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable("reading a note", err)
	}
	return note, nil
}

// SetNote notes value of p in place of old.
func (s *Store) SetNote(ctx context.Context, p identity.PersonHash, old, value []byte) (bool, error) {
	set, err := s.run(ctx, "setnote", sessionstore.BucketOf(p), encode(p), string(old), string(value)).Bool()
	if err != nil {
		return false, unavailable("noting", err)
	}
	return set, nil
}
