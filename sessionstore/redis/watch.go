package redis

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

var errGap = errors.New("the subscription was interrupted")

const (
	watchQuiet = time.Second // a subscription on which not even our own heart is heard
	watchLost  = 4           // is lost after so many of them in a row
)

// Watch calls told for every end. Each call is a subscription of its own on each
// master.
func (s *Store) Watch(ctx context.Context, told func(sessionstore.Invalidation)) error {
	masters, err := s.masters(ctx)
	if err != nil {
		return err
	}
	if _, cluster := s.client.(*goredis.ClusterClient); cluster {
		return s.watchAll(ctx, masters, told)
	}
	return s.watchOne(ctx, masters[0], told)
}

// watchOne watches one master.
func (s *Store) watchOne(ctx context.Context, n node, told func(sessionstore.Invalidation)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	b := s.newBeats(n)
	sub := n.client.Subscribe(ctx, s.channel(), b.channel)
	defer sub.Close()
	// Receiving does not hear of ctx; closing the subscription wakes it.
	stop := context.AfterFunc(ctx, func() { sub.Close() })
	defer stop()
	var beating sync.WaitGroup
	defer beating.Wait()
	defer cancel(nil)
	ready := func() {
		origin, err := originOf(ctx, n.client)
		if err != nil {
			cancel(err)
			return
		}
		told(sessionstore.Invalidation{Scope: sessionstore.ScopeReady, Buckets: b.buckets, Origin: origin})
		beating.Go(func() { // ends by cancel
			if err := b.run(ctx); ctx.Err() == nil {
				cancel(unavailable("watching", err))
			}
		})
	}
	err := s.receive(ctx, sub, b, ready, told)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// receive reads messages until there are no more. ready is called once both
// channels are confirmed.
func (s *Store) receive(ctx context.Context, sub *goredis.PubSub, b *beats, ready func(), told func(sessionstore.Invalidation)) error {
	confirmed, quiet := 0, 0
	for {
		message, err := sub.ReceiveTimeout(ctx, watchQuiet)
		switch {
		case timedOut(err) && quiet+1 < watchLost:
			quiet++
			continue
		case err != nil:
			return unavailable("watching", err)
		}
		quiet = 0
		switch m := message.(type) {
		case *goredis.Subscription:
			switch confirmed++; confirmed {
			case 1:
			case 2:
				ready()
			default: // the client connected anew: what ended meanwhile was not heard
				return unavailable("watching", errGap)
			}
		case *goredis.Message:
			i, ok := b.heard(m.Payload)
			if m.Channel != b.channel {
				i, ok = parseMessage(m.Payload)
			}
			if ok {
				told(i)
			}
		}
	}
}

// originOf names a server and the history that it continues: run_id changes when
// it is started, master_replid when another takes over.
func originOf(ctx context.Context, client goredis.Cmdable) (string, error) {
	text, err := client.Info(ctx).Result()
	if err != nil {
		return "", unavailable("asking redis who it is", err)
	}
	info := parseInfo(text)
	return info["run_id"] + " " + info["master_replid"], nil
}

func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// parseMessage reads "kind:name reason", and behind the end of a person or a bucket
// its epoch since. What it does not know, a newer release may: it is passed over.
func parseMessage(s string) (sessionstore.Invalidation, bool) {
	words := strings.Fields(s)
	if len(words) < 2 {
		return sessionstore.Invalidation{}, false
	}
	i := sessionstore.Invalidation{Reason: sessionstore.ParseReason(words[1])}
	if len(words) > 2 {
		i.Epoch, _ = strconv.ParseUint(words[2], 10, 64) // an older release does not say
	}
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
