package admin

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
)

// Backups copies what the gateway's own store holds, and takes it over again.
type Backups interface {
	// Backup returns a copy of now, to be closed: [ErrNoFile].
	Backup(ctx context.Context, addr string) (io.ReadCloser, error)
	// Restore takes a copy over: [ErrNoFile], [ErrNoBackup]. addr is who asks, for
	// the record.
	Restore(ctx context.Context, backup io.Reader, addr string) error
}

// What can be wrong with a backup.
var (
	ErrNoFile   = errors.New("this gateway keeps nothing in a file of its own")
	ErrNoBackup = errors.New("what was sent is no whole backup")
)

const binary = "application/octet-stream"

func (cfg Config) backup(w http.ResponseWriter, r *http.Request) {
	addr, _, _ := net.SplitHostPort(r.RemoteAddr)
	b, err := cfg.API.Backups.Backup(r.Context(), addr)
	if noBackup(w, err) {
		return
	}
	defer b.Close()
	headers(w)
	w.Header().Set("Content-Type", binary)
	if f, ok := b.(interface {
		Seek(int64, int) (int64, error)
	}); ok {
		if n, err := f.Seek(0, io.SeekEnd); err == nil {
			w.Header().Set("Content-Length", strconv.FormatInt(n, 10)) // so that whoever reads sees a cut
			_, _ = f.Seek(0, io.SeekStart)
		}
	}
	_, _ = io.Copy(w, b)
}

// restored is the answer to POST /api/v1/restore.
type restored struct {
	Restored bool `json:"restored"`
}

func (cfg Config) restore(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Type") != binary {
		refuse(w, http.StatusBadRequest, "bad_request", "the body is a backup, of the type "+binary)
		return
	}
	addr, _, _ := net.SplitHostPort(r.RemoteAddr)
	if noBackup(w, cfg.API.Backups.Restore(r.Context(), r.Body, addr)) {
		return
	}
	reply(w, http.StatusOK, restored{true})
}

// noBackup answers an error, and reports whether there was one.
func noBackup(w http.ResponseWriter, err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, ErrNoFile):
		refuse(w, http.StatusConflict, "no_file", "this gateway keeps its sessions in memory or in Redis, not in a file (store.embedded.path)")
	case errors.Is(err, ErrNoBackup):
		refuse(w, http.StatusBadRequest, "no_backup", "this is no whole backup of this release; nothing was changed")
	default:
		refuse(w, http.StatusServiceUnavailable, "store_down", "the session store cannot be written to")
	}
	return true
}
