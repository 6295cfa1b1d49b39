package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// walk calls f with every key of the schema: its path, its type and its field.
func walk(t reflect.Type, path string, f func(path string, t reflect.Type, field field)) {
	switch {
	case isScalar(t):
	case t.Kind() == reflect.Pointer, t.Kind() == reflect.Map:
		walk(t.Elem(), path, f)
	case t.Kind() == reflect.Slice:
		walk(t.Elem(), path+"[]", f)
	case t.Kind() == reflect.Struct:
		for _, one := range fieldsOf(t) {
			ft := t.FieldByIndex(one.index).Type
			f(join(path, one.key), ft, one)
			walk(ft, join(path, one.key), f)
		}
	}
}

func schemaKeys() map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	walk(reflect.TypeFor[Config](), "", func(path string, t reflect.Type, _ field) { keys[path] = t })
	return keys
}

func TestEveryDefaultDecodes(t *testing.T) {
	walk(reflect.TypeFor[Config](), "", func(path string, ft reflect.Type, f field) {
		if f.def == "" || ft.Kind() == reflect.Slice {
			return
		}
		if err := setScalar(reflect.New(ft).Elem(), f.def); err != nil {
			t.Errorf("%s: the default %q %v", path, f.def, err)
		}
		if f.is != "" {
			if _, err := shape(f.is, f.def); err != nil {
				t.Errorf("%s: the default %q %v", path, f.def, err)
			}
		}
	})
}

// Each row of the table names a key that exists, so that a typing mistake
// cannot let an unbuilt feature through.
func TestUnsupportedKeysExist(t *testing.T) {
	src, err := os.ReadFile("unsupported.go")
	if err != nil {
		t.Fatal(err)
	}
	keys, rows := schemaKeys(), 0
	for _, word := range strings.Split(string(src), `"`) {
		if !isUnsupported(word) {
			continue
		}
		rows++
		if keys[word] == nil {
			t.Errorf("%q is no key of the schema", word)
		}
	}
	if rows < 10 {
		t.Errorf("%d rows found", rows)
	}
}

// The example explains every key, under its own block, and passes.
func TestExampleMentionsEveryKey(t *testing.T) {
	text, err := os.ReadFile("../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for path := range schemaKeys() {
		key := path[strings.LastIndex(path, ".")+1:]
		if !strings.Contains(string(text), key+":") {
			t.Errorf("%s is not mentioned", path)
		}
	}
}

func TestExampleLoads(t *testing.T) {
	text, err := os.ReadFile("../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := withKeys(t, "config.yaml", string(text))
	if _, err := Load(filepath.Join(dir, "config.yaml"), Options{LookupEnv: env}); err != nil {
		t.Error(err)
	}
}

// The yaml blocks of the operators' page that are whole files load, and what
// it shows as mistakes is what is said.
func TestDocumentationLoads(t *testing.T) {
	text, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```yaml\n")[1:]
	if len(blocks) < 3 {
		t.Fatalf("%d blocks", len(blocks))
	}
	base, err := os.ReadFile("testdata/good/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range blocks {
		b, _, _ = strings.Cut(b, "```")
		if i > 0 { // a fragment beside the first, whole file
			b = overlay(string(base), b)
		}
		dir := withKeys(t, "config.yaml", b, "routes.d/none.txt", "")
		if _, err := Load(filepath.Join(dir, "config.yaml"), Options{LookupEnv: env}); err != nil {
			t.Errorf("block %d: %v\n%s", i, err, b)
		}
	}
}

// overlay replaces the top-level blocks of base that fragment has too.
func overlay(base, fragment string) string {
	for _, line := range strings.Split(fragment, "\n") {
		key, _, found := strings.Cut(line, ":")
		start := strings.Index("\n"+base, "\n"+key+":")
		if !found || strings.HasPrefix(line, " ") || start < 0 {
			continue
		}
		end := start + strings.Index(base[start:], "\n") + 1
		for end < len(base) && base[end] == ' ' {
			end += strings.Index(base[end:], "\n") + 1
		}
		base = base[:start] + base[end:]
	}
	return base + fragment
}
