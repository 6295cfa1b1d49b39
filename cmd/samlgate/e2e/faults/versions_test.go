package faults

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// previous is the source of the release before this one, which wrote previousFormat.
// .ci/freeze made it.
const (
	previous       = "testdata/previous.tar.gz"
	previousFormat = 1
)

// A gateway of the release before this one, beside two of this one: what either
// writes the other reads, and nothing is lost.
func TestPreviousRelease(t *testing.T) {
	t.Parallel()
	if sessionstore.Format > previousFormat+1 {
		t.Fatalf("this release writes format %d, and reads %d and the one before: replace %s", sessionstore.Format, sessionstore.Format, previous)
	}
	server := storetest.NewRedis(t, "--appendonly", "yes")
	together := fault{
		name: "two releases",
		stage: func(testing.TB) *stage {
			return &stage{servers: []*storetest.Redis{server}, store: func(int) string { return fmt.Sprintf("{driver: redis, redis: {addresses: [%q]}}", server.Addr) }}
		},
		strike: (*run).upgrade,
	}
	together.play(t, lasting(t), build{program: buildPrevious(t), plain: true}).report(together.name)
}

// upgrade stops a gateway of this release for a while, so that the previous one
// and the other do all there is to do, and then the other.
func (r *run) upgrade() {
	for _, g := range r.gateways[1:] {
		g.Stop(r)
		r.calm(2 * time.Second)
		g.Start(r)
	}
}

// What the next release will run as the previous one is complete.
func TestFreeze(t *testing.T) {
	t.Parallel()
	archive, dir := filepath.Join(t.TempDir(), "frozen.tar.gz"), t.TempDir()
	if out, err := exec.Command("../../../../.ci/freeze", archive).CombinedOutput(); err != nil {
		t.Fatalf(".ci/freeze: %v\n%s", err, out)
	}
	if err := unpack(archive, dir); err != nil {
		t.Fatal(err)
	}
	list := exec.Command("go", "list", "-deps", "./cmd/samlgate") // fails where a file is missing
	list.Dir = dir
	if out, err := list.CombinedOutput(); err != nil || !strings.Contains(string(out), "samlgate/sessionstore/redis") {
		t.Errorf("%v: %s", err, out)
	}
}

func buildPrevious(t *testing.T) (program string) {
	t.Helper()
	dir := t.TempDir()
	if err := unpack(previous, dir); err != nil {
		t.Fatalf("unpacking %s: %v", previous, err)
	}
	return testenv.Build(t, dir)
}

func unpack(archive, dir string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for files := tar.NewReader(z); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !filepath.IsLocal(h.Name) {
			return fmt.Errorf("%q leads out of the folder", h.Name)
		}
		data, err := io.ReadAll(files)
		path := filepath.Join(dir, h.Name)
		if err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
			return err
		}
	}
}
