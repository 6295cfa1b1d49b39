package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// place is where a durable store lives: a file, and beside it a marker that says
// that the file was made, and the newest snapshot.
type place struct{ file string }

func (p place) marker() string   { return p.file + ".marker" }
func (p place) snapshot() string { return p.file + ".bak" }
func (p place) fresh() string    { return p.file + ".new" }

// FitFolder reports why the folder of path cannot hold a durable store: it must
// be there, be writable, and not let everybody replace its files. It changes
// nothing.
func FitFolder(path string) error {
	folder := filepath.Dir(path)
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder %s does not exist", folder)
	case err != nil:
		return fmt.Errorf("the folder %s: %w", folder, errors.Unwrap(err))
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", folder)
	case info.Mode()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0:
		return fmt.Errorf("everybody may write to the folder %s, and so replace the file", folder)
	}
	if err := syscall.Access(folder, writeAndEnter); err != nil {
		return fmt.Errorf("the folder %s cannot be written to by this user: %w", folder, err)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", path)
	}
	return nil
}

const writeAndEnter = 2 | 1 // W_OK and X_OK of access(2)

// lock opens the marker and takes its lock, which ends with the process. The
// marker is empty until the file beside it was made.
func (p place) lock() (*os.File, error) {
	f, err := os.OpenFile(p.marker(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errInUse
		}
		return nil, fmt.Errorf("locking %s: %w", p.marker(), err)
	}
	return f, nil
}

var errInUse = errors.New("another process has it open; one file serves one gateway, several gateways need store.driver: redis")

// exists reports whether there is a file to open. One that should be there and
// is not, or is empty, is an error: somebody would be signed in again who was
// signed out.
func (p place) exists(marker *os.File) (bool, error) {
	marked, err := marker.Stat()
	if err != nil {
		return false, err
	}
	info, err := os.Stat(p.file)
	switch {
	case err == nil && info.Size() > 0:
		return true, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, err
	}
	_, noSnapshot := os.Stat(p.snapshot())
	if marked.Size() == 0 && noSnapshot != nil {
		return false, nil
	}
	what := "is missing"
	if err == nil {
		what = "is empty"
	}
	beside := p.marker()
	if noSnapshot == nil {
		beside += " and " + p.snapshot()
	}
	return false, fmt.Errorf("it %s, but was there before. To begin anew with no state, remove %s", what, beside)
}

const markerText = "samlgate keeps its sessions in the file whose name this one begins with.\n" +
	"While this marker is there, the gateway does not start without that file.\n"

// mark says in the marker that the file is there.
func (p place) mark(marker *os.File) error {
	if info, err := marker.Stat(); err != nil || info.Size() > 0 {
		return err
	}
	if _, err := marker.WriteAt([]byte(markerText), 0); err != nil {
		return err
	}
	return errors.Join(marker.Sync(), syncFolder(p.file))
}

// syncFolder makes sure that a name in the folder of path outlives a power cut.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// broken wraps what keeps the file from being opened, with the way out.
func (p place) broken(err error) error {
	way := "there is no snapshot beside it"
	if info, missing := os.Stat(p.snapshot()); missing == nil {
		way = fmt.Sprintf("the newest snapshot is of %s; to go on with it, run: samlgate restore --offline --from %s, with this gateway's --config",
			info.ModTime().UTC().Format(time.RFC3339), p.snapshot())
	}
	return fmt.Errorf("the session store %s cannot be opened: %w; %s", p.file, err, way)
}
