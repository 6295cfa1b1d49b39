package config

import (
	goparser "go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// The YAML library stays behind one file, and config on the ground: it
// imports nothing of samlgate.
func TestImports(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var yaml []string
	for _, file := range files {
		f, err := goparser.ParseFile(token.NewFileSet(), file, nil, goparser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			switch path := strings.Trim(i.Path.Value, `"`); {
			case strings.HasPrefix(path, "gopkg.in/yaml"):
				yaml = append(yaml, file)
			case strings.HasPrefix(path, "github.com/samlgate/"):
				t.Errorf("%s imports %s", file, path)
			}
		}
	}
	if len(yaml) != 1 {
		t.Errorf("yaml is imported in %v", yaml)
	}
}
