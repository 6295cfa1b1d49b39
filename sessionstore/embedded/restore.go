package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/samlgate/samlgate/sessionstore"
)

// ErrNoCopy says that what should be restored is no whole copy of a store.
var ErrNoCopy = errors.New("this is no whole backup of a session store")

// Backup returns a copy of what was acknowledged until now, to be read once and
// closed. It is made whole before the first byte is read, so a slow reader holds
// nothing up.
func (d *Durable) Backup(ctx context.Context) (io.ReadCloser, error) {
	path := d.at.passing()
	if err := d.Copy(ctx, path); err != nil {
		return nil, fmt.Errorf("making a backup: %w", err)
	}
	f, err := os.Open(path)
	return f, errors.Join(err, os.Remove(path)) // what is open stays until it is closed
}

// passing names a file that is there for a moment only.
func (p place) passing() string { return p.file + ".copy-" + rand.Text() }

// tidy removes what a process that was killed has left behind.
func (p place) tidy() error {
	names, err := filepath.Glob(p.file + ".copy-*")
	for _, name := range names {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// Restore takes over a backup: what was chosen for persons becomes as it was
// then, and the first roles and used assertions of then are remembered again,
// beside those of now. All sessions end, those of now too: a backup does not know
// who was signed out since, nor whose limits or roles were others. [ErrNoCopy]
// says that nothing was changed.
func (d *Durable) Restore(ctx context.Context, backup io.Reader) error {
	path := d.at.passing()
	defer os.Remove(path)
	if err := receive(path, backup); err != nil {
		return fmt.Errorf("receiving a backup: %w", err)
	}
	f, then, err := load(path, d.now)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoCopy, err)
	}
	if err := errors.Join(f.db.Close(), d.writable()); err != nil {
		return err
	}
	_, err = settled(ctx, d, func() (struct{}, error) { return struct{}{}, d.takeOver(ctx, then) })
	return err
}

func receive(path string, from io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

// takeOver does what Restore says, in one step.
func (s *Store) takeOver(ctx context.Context, then *Store) error {
	if _, err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	for p := range s.notes {
		s.mark(kindNote, string(p[:]))
	}
	s.notes = then.notes
	for p := range s.notes {
		s.mark(kindNote, string(p[:]))
	}
	for p, n := range then.moved {
		s.moved[p] = max(s.moved[p], n)
		s.mark(kindPerson, string(p[:]))
	}
	for key, t := range then.kept {
		s.kept[key] = t
		s.ends.add(ending{at: t.end, kept: key})
		s.mark(kindKept, key)
	}
	for key, t := range then.claims {
		if _, known := s.claims[key]; !known {
			s.claims[key] = t
			s.ends.add(ending{at: t.end, claim: key})
			s.mark(kindClaim, key)
		}
	}
	for b := range s.buckets {
		s.buckets[b] = max(s.buckets[b], then.buckets[b]) + 1
		s.mark(kindBucket, string([]byte{byte(b)}))
		s.publish(sessionstore.Invalidation{Scope: sessionstore.ScopeBucket, Bucket: sessionstore.Bucket(b), Reason: sessionstore.ReasonOperator})
	}
	return nil
}
