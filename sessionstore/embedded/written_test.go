package embedded_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/samlgate/samlgate/sessionstore"
)

// Of each method somebody has decided whether its effect must be on the disk
// before it returns. A new one is to be written here, and in written.go if so.
func TestEveryMethodIsDecided(t *testing.T) {
	waits := []string{"Create", "Take", "Keep", "Claim", "SetNote", "End", "EndAll", "EndBucket", "NoteLogout"}
	need := []string{
		"Epochs", "Load", "List", "Listed", "Note", "Recent", "IDs", "Rows", "Peek", "Claimed", "Watch", "Ping", "Close", // change nothing
		"Touch",  // is written within a second
		"Put",    // lost, a code is asked for anew
		"Enlist", // is written with the session that follows at the latest
		"Delist", // the index is a hint
		"Append", // what operators look back at
	}
	of := reflect.TypeFor[sessionstore.Store]()
	for i := range of.NumMethod() {
		if name := of.Method(i).Name; !slices.Contains(waits, name) && !slices.Contains(need, name) {
			t.Errorf("nobody has decided about %s", name)
		}
	}
}

// A folder that this user may not write to is said at the start. The superuser
// may write anywhere, so another one tries.
func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "program")
	copyProgram(t, program)
	locked := filepath.Join(dir, "locked")
	if err := os.Mkdir(locked, 0o555); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), workVariable+"="+filepath.Join(locked, "state.db"))
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "cannot be written to by this user") {
		t.Errorf("%v: %s", err, out)
	}
}

func copyProgram(t *testing.T, to string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	from, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	f, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(f, from)
	if closed := f.Close(); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
}
