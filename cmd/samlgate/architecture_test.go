package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The house: imports go down, or from a door into its own rooms. Doors do not
// import each other, rooms neither, unless mayImport says so.
var (
	ground = []string{"config", "identity", "audit"}
	rooms  = []string{"sessionstore", "headers", "access", "pages"}
	doors  = []string{"admin", "proxy", "samlsp"}
)

// grants are the few imports beyond the picture, each with its reason.
var grants = map[string][]string{
	"audit":                {"identity"},                 // records speak of persons
	"access":               {"identity"},                 // rules read an identity
	"cmd/samlgate":         {"config"},                   // flags name the file
	"cmd/samlgate/gateway": {"config"},                   // builds what the file says
	"cmd/samlgate/demo":    {"config", "samlsp/idptest"}, // the identity provider of the demo
}

const module = "github.com/samlgate/samlgate/"

type pkg struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
	Deps                               []string
}

func packages(t *testing.T, patterns ...string) []pkg {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Deps"}, patterns...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// top is the first element of a path below the module.
func top(path string) string { first, _, _ := strings.Cut(path, "/"); return first }

func allowed(from, to string) bool {
	switch a, b := top(from), top(to); {
	case slices.Contains(grants[from], to):
		return true
	case to == "config" || strings.HasPrefix(to, "samlsp/idptest"): // by name only
		return false
	case a == "cmd":
		return true // the roof
	case a == b:
		return true // a door or room and its own sub-rooms
	case slices.Contains(ground, a):
		return false
	case slices.Contains(rooms, a):
		return slices.Contains(ground, b)
	case slices.Contains(doors, a):
		return slices.Contains(rooms, b) || slices.Contains(ground, b)
	}
	return false
}

func TestImportsGoDown(t *testing.T) {
	for _, p := range packages(t, module+"...") {
		from := strings.TrimPrefix(p.ImportPath, module)
		for _, i := range p.Imports {
			if to, ours := strings.CutPrefix(i, module); ours && !allowed(from, to) {
				t.Errorf("%s imports %s", from, to)
			}
		}
	}
}

func TestYAMLHasOneReader(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{$p := .}}{{range .GoFiles}}{{$p.Dir}}/{{.}}
{{end}}`, module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var readers []string
	for _, file := range strings.Fields(string(out)) {
		if strings.Contains(read(t, file), `"gopkg.in/yaml.v3"`) {
			readers = append(readers, file)
		}
	}
	if len(readers) != 1 {
		t.Errorf("yaml is read in %v", readers)
	}
}

// What serve runs links nothing that signs in anyone as anyone.
func TestServeLinksNoDemo(t *testing.T) {
	for _, p := range packages(t, module+"cmd/samlgate/gateway") {
		if slices.Contains(p.Deps, module+"samlsp/idptest") || slices.Contains(p.Deps, module+"cmd/samlgate/demo") {
			t.Errorf("%s depends on the demo", p.ImportPath)
		}
	}
}

// Upstream apps import headers, so it brings nothing along.
func TestHeadersAreLight(t *testing.T) {
	for _, p := range packages(t, module+"headers") {
		for _, dep := range p.Deps {
			host, _, _ := strings.Cut(dep, "/")
			std := !strings.Contains(host, ".")
			light := dep == module+"headers/httpsig" || dep == "github.com/dunglas/httpsfv" || strings.HasPrefix(dep, "github.com/go-jose/go-jose/v4")
			if !std && dep != p.ImportPath && !light {
				t.Errorf("headers depends on %s", dep)
			}
		}
	}
}
