package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore/embedded"
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

// With the gateway stopped, the command that the failed start names restores.
func TestRestoreOffline(t *testing.T) {
	file := initIn(t, folder(t))
	path := filepath.Join(filepath.Dir(file), "state.db")
	flags := []string{"restore", "--offline", "--config", file, "--from", path + ".bak"}
	samlgate(t, flags...).exits(exitFailed).complains("store.embedded.path is not set")
	change(t, file, "session:\n", "store: {embedded: {path: state.db}}\nsession:\n")

	s, err := embedded.Open(embedded.Options{Path: path, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	samlgate(t, flags...).exits(exitFailed).complains("a process has it open; stop the gateway first")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, path, "damaged")
	samlgate(t, "serve", "--config", file).exits(exitFailed).complains(
		"the session store "+path+" cannot be opened", "run: samlgate restore --offline --from "+path+".bak, with this gateway's --config")
	samlgate(t, append(flags, "--admin", "http://127.0.0.1:1")...).exits(exitFailed).complains("--offline speaks to no gateway")
	samlgate(t, flags...).exits(exitOK).prints("restored into "+path, "the next start ends all sessions", "the file that was there is now "+path+".before-")
	if aside, err := filepath.Glob(path + ".before-*"); err != nil || len(aside) != 1 || read(t, aside[0]) != "damaged" {
		t.Errorf("%v, %v", aside, err)
	}
	s, err = embedded.Open(embedded.Options{Path: path, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
