package redis

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// Try does everything once that sessions ask of a server, on each master, for
// somebody who does not exist, and returns what failed first there. Nobody who is
// signed in notices. What it leaves is gone within two hours, but for one number
// for each master.
func (s *Store) Try(ctx context.Context) error {
	if err := s.onMasters(ctx, func(n node) error { return s.tryBucket(ctx, n.buckets[0]) }); err != nil {
		return err
	}
	return s.tryWatch(ctx)
}

// nobody is a person of a bucket who cannot sign in: no address has such a hash.
func nobody(b sessionstore.Bucket) identity.PersonHash {
	hash := sha256.Sum256([]byte("nobody, who tries whether sessions can be kept"))
	hash[len(hash)-1] = byte(b)
	return hash
}

// steps are tried one after the other until one fails.
type steps struct{ err error }

func (t *steps) try(what string, do func() error) {
	if t.err != nil {
		return
	}
	if err := do(); err != nil && !errors.Is(err, sessionstore.ErrNotFound) {
		t.err = fmt.Errorf("trying to %s: %w", what, err)
	}
}

func (s *Store) tryBucket(ctx context.Context, b sessionstore.Bucket) error {
	who, t := nobody(b), new(steps)
	var id sessionstore.ID
	for range 2 { // the second takes the place of the first
		t.try("start a session", func() (err error) { id, err = s.tryStart(ctx, who); return err })
	}
	t.try("find a session", func() error { _, err := s.Load(ctx, id); return err })
	t.try("use a session", func() error { return s.Touch(ctx, id, 0) })
	t.try("list sessions", func() error { _, err := s.List(ctx, who); return err })
	t.try("list a bucket", func() error { _, err := s.IDs(ctx, []sessionstore.Bucket{b}); return err })
	t.try("read sessions", func() error { _, err := s.Rows(ctx, []sessionstore.ID{id}); return err })
	t.try("choose limits", func() error { _, err := s.SetNote(ctx, who, nil, []byte("trial")); return err })
	t.try("read chosen limits", func() error { _, err := s.Note(ctx, who); return err })
	t.try("forget chosen limits", func() error { _, err := s.SetNote(ctx, who, []byte("trial"), nil); return err })
	s.tryTokens(ctx, t, "trial-"+b.String(), []byte(id))
	s.tryNames(ctx, t, sessionstore.Entry{ID: id})
	t.try("end a session", func() error { _, err := s.End(ctx, id, sessionstore.ReasonOperator); return err })
	t.try("end all sessions of a person", func() error { _, err := s.EndAll(ctx, who, sessionstore.ReasonOperator); return err })
	return t.err
}

func (s *Store) tryStart(ctx context.Context, who identity.PersonHash) (sessionstore.ID, error) {
	epochs, err := s.Epochs(ctx, who)
	if err != nil {
		return "", err
	}
	id, err := sessionstore.NewID(identity.Person("nobody"))
	if err != nil {
		return "", err
	}
	id = sessionstore.ID(sessionstore.BucketOf(who).String()) + id[len("b000"):]
	_, err = s.Create(ctx, sessionstore.Create{ID: id, Person: who, Epochs: epochs, Idle: time.Minute, Lifetime: time.Minute, MaxConcurrent: 1})
	return id, err
}

func (s *Store) tryTokens(ctx context.Context, t *steps, key string, mark []byte) {
	t.try("keep a code", func() error { return s.Put(ctx, key, nil, time.Minute) })
	t.try("read a code", func() error { _, err := s.Peek(ctx, key); return err })
	t.try("use a code up", func() error { _, err := s.Take(ctx, key); return err })
	t.try("keep roles", func() error { _, err := s.Keep(ctx, key, nil, time.Minute); return err })
	t.try("claim an assertion", func() error { _, err := s.Claim(ctx, key, "trial", time.Minute); return err })
	t.try("look for an assertion", func() error { _, err := s.Claimed(ctx, key); return err })
	t.try("note an attempt to sign in", func() error { return s.Append(ctx, key, mark, 1, time.Minute) })
	t.try("read attempts to sign in", func() error { _, err := s.Recent(ctx, key); return err })
}

func (s *Store) tryNames(ctx context.Context, t *steps, e sessionstore.Entry) {
	name := sessionstore.NameHash{}
	t.try("list a session for single logout", func() error { _, err := s.Enlist(ctx, name, e, time.Minute); return err })
	t.try("note a single logout", func() error { return s.NoteLogout(ctx, name, []sessionstore.Logout{{All: true}}) })
	t.try("find sessions for single logout", func() error { _, err := s.Listed(ctx, name, nil, sessionstore.Entry{}); return err })
	t.try("take a session off the list", func() error { return s.Delist(ctx, name, []sessionstore.Entry{e}) })
}

// tryWatch returns when a heartbeat has come back from every master.
func (s *Store) tryWatch(ctx context.Context) error {
	ctx, done := context.WithCancel(ctx)
	defer done()
	var heard sessionstore.BucketSet
	err := s.Watch(ctx, func(i sessionstore.Invalidation) {
		if i.Scope != sessionstore.ScopeBeat {
			return
		}
		for n := range heard {
			heard[n] |= i.Buckets[n]
		}
		if heard == sessionstore.AllBuckets() {
			done()
		}
	})
	if heard == sessionstore.AllBuckets() {
		return nil
	}
	return fmt.Errorf("trying to hear of ends by publish and subscribe: %w", err)
}
