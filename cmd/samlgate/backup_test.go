package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestBackupCommand(t *testing.T) {
	d := newDesk(t, "the copy")
	file := filepath.Join(t.TempDir(), "backup.db")
	samlgate(t, d.flags("backup", "--out", file)...).exits(exitOK).prints(file, "8 bytes")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 || d.asked[0] != "POST /api/v1/backup " {
		t.Errorf("%v %v %q", info.Mode(), err, d.asked)
	}
	samlgate(t, d.flags("backup", "--out", file)...).exits(exitFailed).complains("is there already")
	samlgate(t, "backup", "--admin", d.URL, "--token-file", file, "--out", file+"2").exits(exitFailed)
	if _, err := os.Stat(file + "2"); err == nil {
		t.Error("a refusal was written as a backup")
	}
}

func TestRestoreCommand(t *testing.T) {
	d := newDesk(t, `{"restored": true}`)
	file := filepath.Join(t.TempDir(), "backup.db")
	write(t, file, "the copy")
	samlgate(t, d.flags("restore", "--from", file)...).exits(exitOK).prints("restored", "all sessions have ended")
	if d.asked[0] != "POST /api/v1/restore the copy" {
		t.Errorf("%q", d.asked)
	}
	samlgate(t, d.flags("restore", "--from", file+"2")...).exits(exitFailed).complains("--from")
}
