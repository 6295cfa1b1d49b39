package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// OldSP is what an administrator of mod_auth_mellon has: the metadata that the
// identity provider was given, and the pair in it. The files are PEM.
type OldSP struct{ Metadata, Certificate, Key []byte }

// NewMellon has mod_auth_mellon's own script make the metadata of a service
// provider with that entity id, whose endpoints begin with endpoint.
func NewMellon(t testing.TB, entityID, endpoint string) OldSP {
	t.Helper()
	cmd := exec.Command("mellon_create_metadata", entityID, endpoint)
	cmd.Dir = t.TempDir()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mellon_create_metadata (make test installs it): %v\n%s", err, out)
	}
	read := func(suffix string) []byte {
		files, err := filepath.Glob(filepath.Join(cmd.Dir, "*."+suffix))
		if err != nil || len(files) != 1 {
			t.Fatalf("mellon_create_metadata made %v", files)
		}
		data, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatalf("reading what mellon_create_metadata made: %v", err)
		}
		return data
	}
	old := OldSP{Metadata: read("xml"), Certificate: read("cert"), Key: read("key")}
	if !strings.Contains(string(old.Metadata), `Location="`+endpoint+`/postResponse"`) {
		t.Fatalf("the script has changed: %s", old.Metadata)
	}
	return old
}
