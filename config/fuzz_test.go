package config

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Whatever the file holds, Load answers: with a configuration or with
// mistakes, each of which has a place, and never with a panic.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/evil/*.yaml", "testdata/good/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		cfg, err := Load("-", Options{NoFiles: true, Stdin: bytes.NewReader(text), LookupEnv: env})
		if (cfg == nil) == (err == nil) {
			t.Fatalf("both or neither of %v and %v", cfg, err)
		}
		var all Errors
		if errors.As(err, &all) {
			for _, e := range all {
				if e.File == "" || e.Line < 1 || e.Reason == "" {
					t.Errorf("a mistake without its place: %+v", e)
				}
			}
		}
	})
}
