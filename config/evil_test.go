package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each file in testdata/evil holds one mistake and, in its first line, the one
// message that it earns: "# want: [other-file:]line: path: reason".
func TestEvilFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/evil/*.yaml")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d evil files: %v", len(files), err)
	}
	dir := withKeys(t)
	if err := os.CopyFS(filepath.Join(dir, "routes.d"), os.DirFS("testdata/evil/routes.d")); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(text), "\n")
			want, found := strings.CutPrefix(first, "# want: ")
			if !found {
				t.Fatalf("the first line is %q", first)
			}
			if !strings.HasPrefix(want, "routes.d/") {
				want = "config.yaml:" + want
			}
			put(t, filepath.Join(dir, "config.yaml"), text)
			_, err = Load(filepath.Join(dir, "config.yaml"), Options{LookupEnv: env})
			onlyMistake(t, err, dir, want)
		})
	}
}

// onlyMistake asserts that err is exactly one mistake, and that it keeps secrets.
func onlyMistake(t *testing.T, err error, dir, want string) {
	t.Helper()
	var all Errors
	if !errors.As(err, &all) {
		t.Fatalf("got %v, want a mistake: %s", err, want)
	}
	if got := strings.ReplaceAll(all.Error(), dir+"/", ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if strings.Contains(all.Error(), "hush") {
		t.Errorf("a secret is quoted: %v", all)
	}
}
