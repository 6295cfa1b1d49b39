package embedded

import (
	"errors"
	"os"
	"time"
)

// Options are what a [Durable] is opened with.
type Options struct {
	Path string // of the file; its folder must be there
	Now  func() time.Time
	// Trouble, if set, is told when writing begins to fail, with nil when it
	// works again, and of each snapshot that could not be made.
	Trouble func(error)
}

// Open opens the store in the file at o.Path, or begins one where none was. A
// file that is damaged, cut short, missing though it was there, in use by another
// process, or of a newer release is an error that says how to go on.
//
// Whoever opens it must close it.
func Open(o Options) (*Durable, error) {
	at := place{o.Path}
	if err := FitFolder(o.Path); err != nil {
		return nil, err
	}
	marker, err := at.lock()
	if err != nil {
		return nil, at.inUse(err)
	}
	d, err := openAt(at, marker, o)
	if err != nil {
		return nil, errors.Join(at.broken(err), marker.Close())
	}
	d.begin()
	return d, nil
}

func (p place) inUse(err error) error {
	if errors.Is(err, errInUse) {
		return &openError{p.file, err}
	}
	return &openError{p.marker(), err}
}

// openError is a file that cannot be opened now, though nothing is wrong with it.
type openError struct {
	path string
	err  error
}

func (e *openError) Error() string { return "the session store " + e.path + ": " + e.err.Error() }
func (e *openError) Unwrap() error { return e.err }

func openAt(at place, marker *os.File, o Options) (*Durable, error) {
	there, err := at.exists(marker)
	if err := errors.Join(err, at.tidy()); err != nil {
		return nil, err
	}
	if !there {
		if err := at.make(); err != nil {
			return nil, err
		}
	}
	f, store, err := load(at.file, o.Now)
	if err != nil {
		return nil, err
	}
	if err := at.mark(marker); err != nil {
		return nil, errors.Join(err, f.db.Close())
	}
	return newDurable(at, marker, f, store, o), nil
}

// make makes an empty file, whole before it has its name.
func (p place) make() error {
	if err := os.Remove(p.fresh()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := openFile(p.fresh())
	if err != nil {
		return err
	}
	if err := errors.Join(f.create(), f.db.Close()); err != nil {
		return err
	}
	if err := os.Rename(p.fresh(), p.file); err != nil {
		return err
	}
	return syncFolder(p.file)
}

// load opens the file at path and reads all of it, and every check that there is
// has found nothing.
func load(path string, now func() time.Time) (*file, *Store, error) {
	if err := inspect(path); err != nil {
		return nil, nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, nil, err
	}
	f, err := openFile(path)
	if err != nil {
		return nil, nil, err
	}
	s := New(now)
	s.changed = newChanges()
	isCopy, err := f.read(s.decode)
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.db.Close())
	}
	s.arrange()
	if isCopy {
		s.distrust()
	}
	return f, s, nil
}

// distrust ends every session and forgets every single-use value: what was ended
// or taken after a copy was made must not come back with it. The rest stays:
// epochs, claims, what was chosen for persons.
func (s *Store) distrust() {
	for b := range s.buckets {
		s.buckets[b]++
		s.mark(kindBucket, string([]byte{byte(b)}))
	}
	for key := range s.once {
		delete(s.once, key)
		s.mark(kindOnce, key)
	}
}
