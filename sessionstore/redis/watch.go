package redis

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

var errGap = errors.New("the subscription was interrupted")

const (
	watchPing = time.Second // a quiet subscription is asked whether it lives
	watchLost = 3           // so many times in a row without an answer
)

// Watch calls told for every end. Each call is a subscription of its own.
func (s *Store) Watch(ctx context.Context, told func(sessionstore.Invalidation)) error {
	sub := s.client.Subscribe(ctx, s.channel())
	defer sub.Close()
	// Receiving does not hear of ctx; closing the subscription wakes it.
	stop := context.AfterFunc(ctx, func() { sub.Close() })
	defer stop()
	ready, quiet := false, 0
	for {
		message, err := sub.ReceiveTimeout(ctx, watchPing)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case timedOut(err) && quiet < watchLost:
			quiet++
			if err := sub.Ping(ctx); err != nil {
				return unavailable("watching", err)
			}
			continue
		case err != nil:
			return unavailable("watching", err)
		}
		quiet = 0
		switch m := message.(type) {
		case *goredis.Subscription:
			if ready { // the client connected anew: what ended meanwhile was not heard
				return unavailable("watching", errGap)
			}
			ready = true
			told(sessionstore.Invalidation{Scope: sessionstore.ScopeReady})
		case *goredis.Message:
			if i, ok := parseMessage(m.Payload); ok {
				told(i)
			}
		}
	}
}

func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// parseMessage reads "kind:name reason". What it does not know, a newer
// release may: it is passed over.
func parseMessage(s string) (sessionstore.Invalidation, bool) {
	words := strings.Fields(s)
	if len(words) < 2 {
		return sessionstore.Invalidation{}, false
	}
	i := sessionstore.Invalidation{Reason: sessionstore.ParseReason(words[1])}
	kind, name, _ := strings.Cut(words[0], ":")
	switch kind {
	case "session":
		id, err := sessionstore.ParseID(name)
		i.Scope, i.ID = sessionstore.ScopeSession, id
		return i, err == nil
	case "person", "review":
		hash, err := base64.RawURLEncoding.Strict().DecodeString(name)
		if err != nil || len(hash) != len(i.Person) {
			return i, false
		}
		i.Scope, i.Person = sessionstore.ScopePerson, identity.PersonHash(hash)
		i.Bucket = sessionstore.BucketOf(i.Person)
		if kind == "review" {
			i.Scope = sessionstore.ScopeReview
		}
		return i, true
	case "bucket":
		b, ok := sessionstore.ParseBucket(name)
		i.Scope, i.Bucket = sessionstore.ScopeBucket, b
		return i, ok
	}
	return i, false
}
