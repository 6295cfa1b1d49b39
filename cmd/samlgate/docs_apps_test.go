package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/headers"
)

// Every preset has its page, whose configuration works and whose settings of the
// app are the headers that it gets.
func TestPagesOfHeaderPresets(t *testing.T) {
	dir := t.TempDir()
	var said bytes.Buffer
	quiet := streams{out: &said, err: &said}
	if err := makeKeys(quiet, dir, "sso.example.com"); err != nil {
		t.Fatal(err)
	}
	const frame = `
server: {external_url: https://sso.example.com}
session: {cookie_keys: ["${file:cookie.key}"]}
saml: {keys: [{cert_file: sp.crt, key_file: sp.key}], idps: [{name: corp, metadata_file: corp.xml}]}
headers: {signing: {keys: [{id: k1, file: signing.key}]}}
`
	overview := read(t, "../../docs/apps/README.md")
	always := headers.NewManaged()
	for name, names := range config.HeaderPresets() {
		page := "../../docs/apps/" + name + ".md"
		file := filepath.Join(dir, name+".yaml")
		for at, text := range map[string]string{file: blocks(t, page, "yaml")[0] + frame, filepath.Join(dir, "corp.xml"): document(t, "corp")} {
			if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cfg, err := config.Load(file, config.Options{})
		if err != nil {
			t.Errorf("%s: %v", page, err)
			continue
		}
		got := cfg.Routes[0].Headers.HeaderNames
		if got.Email != names.Email || got.FirstName != names.FirstName || got.LastName != names.LastName || got.Roles != names.Roles || got.EmployeeID != "" {
			t.Errorf("%s sends %+v", page, got)
		}
		row := strings.Split(overview[strings.Index(overview, "| `"+name+"` |"):], "\n")[0]
		for _, header := range []string{names.Email, names.FirstName, names.LastName, names.Roles} {
			if header == "" {
				continue
			}
			_, app, _ := strings.Cut(read(t, page), "## The app")
			if !strings.Contains(app, header) || !strings.Contains(row, "`"+header+"`") {
				t.Errorf("%s, or the row of README.md, does not tell of %s", page, header)
			}
			if !always.Has(header) {
				t.Errorf("%s: a client's %s survives where no route uses the preset", name, header)
			}
		}
		if names.Roles != "" && !strings.Contains(row, "`"+strings.ReplaceAll(names.Separator, "|", `\|`)+"` |") {
			t.Errorf("README.md does not tell that roles of %s are separated by %q", name, names.Separator)
		}
	}
	pages, err := filepath.Glob("../../docs/apps/*.md")
	if err != nil || len(pages) != len(config.HeaderPresets())+1 {
		t.Errorf("%d pages for the presets %q, %v", len(pages), slices.Sorted(maps.Keys(config.HeaderPresets())), err)
	}
}

// The verifiers to paste refuse the headers of every preset where the signature
// does not cover them, as headers.NewManaged does.
func TestVerifiersKnowTheHeadersOfPresets(t *testing.T) {
	files, err := filepath.Glob("../../deploy/verify/*.*")
	if err != nil || len(files) != 4 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, file := range files {
		text := read(t, file)
		for preset, names := range config.HeaderPresets() {
			for _, header := range []string{names.Email, names.FirstName, names.LastName, names.Roles} {
				if header != "" && !strings.Contains(text, `"`+header+`"`) && !strings.Contains(text, "'"+header+"'") {
					t.Errorf("%s lets in a %s that nobody signed, which is for %s who somebody is", file, header, preset)
				}
			}
		}
	}
}
