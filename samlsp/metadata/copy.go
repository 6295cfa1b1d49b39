package metadata

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// CopyName returns the name, without a folder, of the file that keeps the last
// good document of an identity provider. It depends on the URL too: a copy of
// another document is never taken for this one.
func CopyName(idp, url string) string {
	sum := sha256.Sum256([]byte(url))
	return idp + "-" + hex.EncodeToString(sum[:6]) + ".xml"
}

// hurried is how long the first fetch may take when there is a copy on disk:
// people wait for it.
const hurried = 5 * time.Second

func (s *Source) patience() time.Duration {
	if s.cfg.Copy != "" && s.last.Load() == nil {
		if _, err := os.Lstat(s.cfg.Copy); err == nil {
			return min(s.cfg.Timeout, hurried)
		}
	}
	return s.cfg.Timeout
}

// restore takes in the copy on disk, which must pass everything that a fetched
// document must pass.
func (s *Source) restore() {
	document, written, err := readCopy(s.cfg.Copy)
	if err == nil {
		err = s.take(document)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		s.report(fmt.Errorf("the copy of the metadata in %s is not used: %w", s.cfg.Copy, err))
	default:
		s.report(fmt.Errorf("the copy of the metadata in %s is used, written on %s", s.cfg.Copy, written.UTC().Format(time.RFC3339)))
	}
}

// readCopy refuses what anybody but the owner may have written: who writes it
// decides who is believed.
func readCopy(name string) (document []byte, written time.Time, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, written, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, written, err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o022 != 0 {
		return nil, written, fmt.Errorf("others may have written it (mode %v)", info.Mode())
	}
	document, err = io.ReadAll(io.LimitReader(f, maxFetch+1))
	if err == nil && len(document) > maxFetch {
		err = fmt.Errorf("it exceeds %d MiB", maxFetch>>20)
	}
	return document, info.ModTime(), err
}

// writeCopy replaces the copy in one step, so that a crash leaves the old or
// the new one, whole.
func writeCopy(name string, document []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".metadata-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(document)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
