package verify

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// verifier is one of those in deploy/verify, in the app that
// docs/header-contract.md shows for its language.
type verifier struct {
	name     string
	language string   // of the example's block
	files    []string // of the repository
	app      string   // what the example is called
	keys     string   // in the example: where public keys come from
	secrets  string   // in its place for hmac-sha256; SECRET is the secret
	run      func(t *testing.T, dir, addr string) *exec.Cmd
	targets  []string // of genuine requests
	nonces   bool     // it refuses replays by itself
	attacks  []attack // of this language alone
	rotate   patch    // of the verifier: it may fetch keys at any time
	renamed  patch    // of the example: the names of otherNames
	fromFile patch    // of the example: the keys are in a file
	remember patch    // of the example: now it does
	yes      patch    // of the verifier: it believes everything
	checks   []patch  // of the verifier: each takes out one check
}

// patch changes one place in a text.
type patch struct {
	missed   string // the case that must then be reported; empty for all
	old, new string
}

func (p patch) apply(t testing.TB, text string) string {
	t.Helper()
	if p.old == "" {
		return text
	}
	return once(t, text, p.old, p.new)
}

const (
	root = "../../../../"
	docs = root + "docs/header-contract.md"

	jwksInDocs = "https://wiki.example.com/.samlgate/jwks.json"
)

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```")

// example returns the one block of docs/header-contract.md in a language.
func example(t testing.TB, language string) string {
	t.Helper()
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		if m[1] == language {
			found = append(found, m[2])
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s has %d blocks in %s, want one", docs, len(found), language)
	}
	return found[0]
}

// once replaces what must stand there exactly once.
func once(t testing.TB, text, old, with string) string {
	t.Helper()
	if n := strings.Count(text, old); n != 1 {
		t.Fatalf("%q stands there %d times, want once, in\n%s", old, n, text)
	}
	return strings.Replace(text, old, with, 1)
}

// settings are what an app must be told of its gateway.
type settings struct {
	port      string // of the app; empty = any
	authority string
	jwks      string
	secret    string // in place of jwks
}

func (w *world) settings() settings {
	return settings{authority: w.authority(), jwks: w.jwks, secret: w.secret}
}

// start runs the example, it and the verifier changed by a patch, and returns
// its address.
func (v verifier) start(t *testing.T, s settings, app, code patch) (addr string) {
	t.Helper()
	port := s.port
	if port == "" {
		port = testenv.FreePort(t)
	}
	dir := t.TempDir()
	text := app.apply(t, example(t, v.language))
	if s.secret != "" {
		text = once(t, text, v.keys, strings.Replace(v.secrets, "SECRET", s.secret, 1))
	} else {
		text = once(t, text, jwksInDocs, s.jwks)
	}
	text = once(t, text, "wiki.example.com", s.authority)
	if strings.Contains(text, "8080") {
		text = once(t, text, "8080", port)
	}
	write(t, filepath.Join(dir, v.app), text)
	for _, file := range v.files {
		text, err := os.ReadFile(root + file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), code.old) {
			text = []byte(code.apply(t, string(text)))
			code = patch{}
		}
		write(t, filepath.Join(dir, filepath.Base(file)), string(text))
	}
	if code.old != "" {
		t.Fatalf("no file holds %q", code.old)
	}
	addr = "127.0.0.1:" + port
	cmd := v.run(t, dir, addr)
	cmd.Dir = dir
	testenv.StartProgram(t, cmd, addr)
	return addr
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// python is Debian's, which sees Debian's packages.
const python = "/usr/bin/python3"

// runGunicorn runs the command that stands below the example.
func runGunicorn(t *testing.T, _, addr string) *exec.Cmd {
	t.Helper()
	command := strings.Fields(once(t, example(t, "sh"), "127.0.0.1:8080", addr))
	return exec.Command(python, append([]string{"-m"}, command...)...)
}

// runWSGIRef serves with Python's own server, which tells no one the request line.
func runWSGIRef(_ *testing.T, _, addr string) *exec.Cmd {
	return exec.Command(python, "-c", `import sys, wiki
from wsgiref.simple_server import make_server
host, port = sys.argv[1].split(":")
make_server(host, int(port), wiki.application).serve_forever()`, addr)
}

func runNode(*testing.T, string, string) *exec.Cmd { return exec.Command("node", "wiki.js") }

func runPHP(_ *testing.T, _, addr string) *exec.Cmd {
	return exec.Command("php", "-S", addr, "index.php")
}

func runJava(t *testing.T, dir, _ string) *exec.Cmd {
	t.Helper()
	jars := []string{"servlet-api"}
	for _, part := range []string{"http", "io", "security", "server", "servlet", "util"} {
		jars = append(jars, "jetty9-"+part)
	}
	path := "."
	for _, jar := range jars {
		path += ":/usr/share/java/" + jar + ".jar"
	}
	compile := exec.Command("javac", "-Xlint:all", "-Werror", "-cp", path, "SamlgateFilter.java", "Wiki.java")
	compile.Dir = dir
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("javac (make test installs it): %v\n%s", err, out)
	}
	return exec.Command("java", "-XX:TieredStopAtLevel=1", "-cp", path, "Wiki")
}

// runGo compiles the example as a part of this module, with the module's own
// files replaced by the copies in dir.
func runGo(t *testing.T, dir, _ string) *exec.Cmd {
	t.Helper()
	module, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{}
	for _, file := range goFiles {
		replace[filepath.Join(module, file)] = filepath.Join(dir, filepath.Base(file))
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "overlay.json"), string(overlay))
	main := filepath.Join(dir, "main", "wiki.go")
	if err := os.MkdirAll(filepath.Dir(main), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "wiki.go"), main); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", filepath.Join(dir, "wiki"), main)
	build.Dir = module
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return exec.Command(filepath.Join(dir, "wiki"))
}
