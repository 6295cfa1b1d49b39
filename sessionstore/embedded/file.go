package embedded

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
)

// fileFormat is the format of the file that this release writes. It grows when
// an older release could not read what is written.
const fileFormat byte = 1

// The bucket "about" says what the file is.
var (
	aboutBucket = []byte("about")
	formatKey   = []byte("format") // one byte
	sumKey      = []byte("sum")    // see pairSum
	copyKey     = []byte("copy")   // present in a copy: what it says may be out of date
)

// file is the database under a [Durable].
type file struct {
	path string
	db   *bolt.DB
}

// change is one thing as it is now: gone where value is nil.
type change struct {
	ref
	value []byte
}

var errNewer = errors.New("it was written by a newer release of samlgate, and is left as it is")

// openFile opens a database that [inspect] has found whole, or one that is not
// there yet. What is broken in it all the same is an error, not a crash.
func openFile(path string) (f *file, err error) {
	defer rescue(&err)
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return nil, err
	}
	return &file{path, db}, nil
}

// rescue turns the crash of a database whose bytes make no sense into an error.
// Call it deferred; it changes how the goroutine takes a bad address, for good.
func rescue(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("its pages make no sense: %v", p)
	}
}

// create writes what every file has.
func (f *file) create() error {
	return f.db.Update(func(tx *bolt.Tx) error {
		for _, k := range kinds {
			if _, err := tx.CreateBucketIfNotExists([]byte(k)); err != nil {
				return err
			}
		}
		about, err := tx.CreateBucketIfNotExists(aboutBucket)
		if err != nil {
			return err
		}
		return errors.Join(about.Put(formatKey, []byte{fileFormat}), about.Put(sumKey, number(0)))
	})
}

// read hands over everything that is there, and reports whether the file is a
// copy. It proves that nothing is missing and nothing has changed.
func (f *file) read(take func(ref, []byte) error) (isCopy bool, err error) {
	debug.SetPanicOnFault(true) // an address outside the file, that a flipped byte leads to
	defer debug.SetPanicOnFault(false)
	defer rescue(&err)
	err = f.db.View(func(tx *bolt.Tx) error {
		about := tx.Bucket(aboutBucket)
		if about == nil {
			return errors.New("it is no session store")
		}
		format := about.Get(formatKey)
		switch {
		case len(format) != 1:
			return errors.New("it does not say its format")
		case format[0] > fileFormat:
			return errNewer
		}
		isCopy = about.Get(copyKey) != nil
		want := about.Get(sumKey)
		if len(want) != 8 {
			return errors.New("its checksum is missing")
		}
		sum, err := readKinds(tx, take)
		if err == nil && sum != binary.BigEndian.Uint64(want) {
			err = errors.New("its checksum is wrong: something was changed or is missing")
		}
		return err
	})
	return isCopy, err
}

func readKinds(tx *bolt.Tx, take func(ref, []byte) error) (sum uint64, err error) {
	left := tx.Size() // more entries than bytes are a loop
	for _, k := range kinds {
		b := tx.Bucket([]byte(k))
		if b == nil {
			return 0, fmt.Errorf("the part %s is missing", k)
		}
		for c, key, value := first(b); key != nil; key, value = c.Next() {
			if left--; left < 0 {
				return 0, errors.New("its pages lead in a circle")
			}
			r := ref{k, string(key)}
			sum ^= pairSum(r, value)
			if err := take(r, value); err != nil {
				return 0, fmt.Errorf("reading %s: %w", k, err)
			}
		}
	}
	return sum, nil
}

func first(b *bolt.Bucket) (*bolt.Cursor, []byte, []byte) {
	c := b.Cursor()
	key, value := c.First()
	return c, key, value
}

// check looks for pages that are used twice, or never.
func (f *file) check() error {
	return f.db.View(func(tx *bolt.Tx) error {
		var found error
		for err := range tx.Check() {
			found = errors.Join(found, err)
		}
		return found
	})
}

// write makes all changes at once, and returns when they are on the disk.
func (f *file) write(changes []change) error {
	return f.db.Update(func(tx *bolt.Tx) error {
		about := tx.Bucket(aboutBucket)
		sum := binary.BigEndian.Uint64(about.Get(sumKey))
		for _, c := range changes {
			b := tx.Bucket([]byte(c.kind))
			if old := b.Get([]byte(c.key)); old != nil {
				sum ^= pairSum(c.ref, old)
			}
			if c.value == nil {
				if err := b.Delete([]byte(c.key)); err != nil {
					return err
				}
				continue
			}
			sum ^= pairSum(c.ref, c.value)
			if err := b.Put([]byte(c.key), c.value); err != nil {
				return err
			}
		}
		return errors.Join(about.Put(sumKey, number(sum)), about.Delete(copyKey))
	})
}

// pairSum is what one entry adds to the checksum of the file: combined by
// exclusive or, so that a change costs what it changes. The database has no
// checksum of its own.
func pairSum(r ref, value []byte) uint64 {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s %d ", r.kind, len(r.key))
	_, _ = io.WriteString(h, r.key)
	_, _ = h.Write(value)
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// copyTo writes the state of this moment to a new file, which knows that it is a
// copy.
func (f *file) copyTo(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	err := f.db.View(func(tx *bolt.Tx) error { return tx.CopyFile(path, 0o600) })
	if err != nil {
		return err
	}
	c, err := openFile(path)
	if err != nil {
		return err
	}
	err = c.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(aboutBucket).Put(copyKey, []byte{1}) }) // and makes it durable
	return errors.Join(err, c.db.Close())
}
