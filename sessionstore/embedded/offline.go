package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Replace puts the backup at from in place of the file at path, which no process
// may have open, and keeps what was there under the name that it returns, empty
// where nothing was. The next [Open] ends all sessions, as for any copy.
// [ErrNoCopy] says that from is no whole backup; then, as after any other error,
// the file is what it was.
func Replace(path, from string, now func() time.Time) (aside string, err error) {
	at := place{path}
	if err := FitFolder(path); err != nil {
		return "", err
	}
	marker, err := at.lock()
	if errors.Is(err, errInUse) {
		return "", &openError{path, errors.New("a process has it open; stop the gateway first, or restore into it while it runs")}
	}
	if err != nil {
		return "", at.inUse(err)
	}
	defer marker.Close() // and its lock
	fresh := at.passing()
	defer os.Remove(fresh)
	if err := prepare(fresh, from, now); err != nil {
		return "", err
	}
	if err := at.own(fresh, at.marker()); err != nil {
		return "", err
	}
	if err := at.mark(marker); err != nil { // from here on a file must be there
		return "", err
	}
	aside = path + ".before-" + now().UTC().Format("20060102T150405.000Z")
	switch err := os.Link(path, aside); {
	case errors.Is(err, fs.ErrNotExist):
		aside = ""
	case err != nil:
		return "", fmt.Errorf("keeping %s: %w", path, err)
	}
	return aside, errors.Join(os.Rename(fresh, path), syncFolder(path))
}

// prepare writes the backup at from to a new file that knows that it is a copy,
// and reads all of it.
func prepare(path, from string, now func() time.Time) error {
	backup, err := os.Open(from)
	if err != nil {
		return err
	}
	defer backup.Close()
	if err := receive(path, backup); err != nil {
		return fmt.Errorf("reading %s: %w", from, err)
	}
	f, _, err := load(path, now)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", from, ErrNoCopy, err)
	}
	// What was copied by hand, with the gateway stopped, does not know it yet.
	err = f.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(aboutBucket).Put(copyKey, []byte{1}) })
	return errors.Join(err, f.db.Close())
}

// own gives files to whom the store belongs: who restores as root must not leave
// files that the gateway cannot open.
func (p place) own(files ...string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(p.file)
	if errors.Is(err, fs.ErrNotExist) {
		info, err = os.Stat(filepath.Dir(p.file))
	}
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	for _, name := range files {
		if err := os.Chown(name, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	return nil
}
