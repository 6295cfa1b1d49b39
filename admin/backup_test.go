package admin

import (
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
)

func (o *bureau) Backup(context.Context, string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("the copy")), o.err
}

func (o *bureau) Restore(_ context.Context, from io.Reader, _ string) error {
	if b, err := io.ReadAll(from); err != nil || string(b) != "the copy" {
		return ErrNoBackup
	}
	return o.err
}

// Without a file there is nothing to copy, and a form of some web page restores
// nothing.
func TestBackupNeedsAFile(t *testing.T) {
	o, cfg := newBureau()
	ask := func(path, kind string) int {
		t.Helper()
		r := httptest.NewRequest("POST", path, strings.NewReader("the copy"))
		r.Header.Set("Authorization", "Bearer "+operator)
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		cfg.apiHandler().ServeHTTP(w, r)
		return w.Code
	}
	if got := ask("/api/v1/restore", "text/plain"); got != 400 {
		t.Errorf("text was restored: %d", got)
	}
	o.err = ErrNoFile
	for _, path := range []string{"/api/v1/backup", "/api/v1/restore"} {
		if got := ask(path, binary); got != 409 {
			t.Errorf("%s without a file: %d", path, got)
		}
	}
}
