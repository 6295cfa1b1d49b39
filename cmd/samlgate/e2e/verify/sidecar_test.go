package verify

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/headers/httpsig"
)

// sidecars are the ways in which `samlgate verify` stands in front of an app that
// believes every header.
var sidecars = map[string]func(t *testing.T, w *world, binary string) (addr string){"sidecar": startSidecar, "nginx": startNginx}

var remembers = verifier{targets: targets, nonces: true}

// TestSidecars has samlgate verify look at live requests, by itself and asked by
// nginx, and then a program that was built without its check.
func TestSidecars(t *testing.T) {
	worlds := startWorlds(t, httpsig.Ed25519, httpsig.ECDSAP256SHA256, httpsig.HMACSHA256)
	honest := build(t, patch{})
	for name, start := range sidecars {
		for _, w := range worlds {
			t.Run(w.algorithm+"/"+name, func(t *testing.T) {
				wrong := w.examine(t, remembers, start(t, w, honest))
				for _, name := range slices.Sorted(maps.Keys(wrong)) {
					t.Errorf("%s: %s", name, wrong[name])
				}
			})
		}
	}
	const check = "_, err := j.Verifier.Verify(r)"
	yes := build(t, patch{old: check, new: check + "\n\terr = nil"})
	for name, start := range sidecars {
		t.Run("says yes/"+name, func(t *testing.T) {
			w := worlds[0]
			wrong := w.examine(t, remembers, start(t, w, yes))
			for _, a := range w.attacks() {
				// Some are too much for the servers themselves.
				if wrong[a.name] == "" && !strings.HasPrefix(a.name, "moved: ") && a.name != "folded" {
					t.Errorf("it went unnoticed in the case %q", a.name)
				}
			}
			if wrong["replay"] == "" {
				t.Error("the replay went unnoticed")
			}
		})
	}
}

// build builds samlgate with one place of its sidecar changed, as Go's own
// overlay allows.
func build(t *testing.T, p patch) string {
	t.Helper()
	dir := t.TempDir()
	args := []string{"build", "-o", filepath.Join(dir, "samlgate")}
	if p.old != "" {
		source, err := filepath.Abs("../../sidecar/sidecar.go")
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "patched.go"), p.apply(t, string(text)))
		overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{source: filepath.Join(dir, "patched.go")}})
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "overlay.json"), string(overlay))
		args = append(args, "-overlay", filepath.Join(dir, "overlay.json"))
	}
	if out, err := exec.Command("go", append(args, "github.com/samlgate/samlgate/cmd/samlgate")...).CombinedOutput(); err != nil {
		t.Fatalf("building samlgate: %v\n%s", err, out)
	}
	return filepath.Join(dir, "samlgate")
}

// credulous is an app that says hello to whomever the headers name.
func credulous(t *testing.T) (addr string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		h := r.Header
		fmt.Fprintf(w, "Hello %s %s <%s>: %s (%d bytes)", h.Get("X-Auth-First-Name"), h.Get("X-Auth-Last-Name"), h.Get("X-Auth-Email"),
			strings.ReplaceAll(h.Get("X-Auth-Roles"), ",", ", "), n)
	}))
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

// command is the documented one for a world.
func (w *world) command(t *testing.T, binary, listen, app string) *exec.Cmd {
	t.Helper()
	words := strings.Fields(example(t, "console"))
	var args []string
	for i := 1; i < len(words); i++ {
		switch words[i] {
		case "--listen":
			args, i = append(args, "--listen", listen), i+1
		case "--upstream":
			if i++; app != "" {
				args = append(args, "--upstream", "http://"+app)
			}
		case "--issuer":
			args, i = append(args, "--issuer", w.site.Origin()), i+1
		case "--authority":
			args, i = append(args, "--authority", w.authority()), i+1
		case "--jwks":
			if i++; w.secret == "" {
				args = append(args, "--jwks", w.jwks)
			} else {
				args = append(args, "--secret", "m1="+w.site.Path("message.key"))
			}
		default:
			args = append(args, words[i])
		}
	}
	return exec.Command(binary, args...)
}

func startSidecar(t *testing.T, w *world, binary string) (addr string) {
	t.Helper()
	addr = "127.0.0.1:" + testenv.FreePort(t)
	testenv.StartProgram(t, w.command(t, binary, addr, credulous(t)), addr)
	return addr
}

// startNginx runs the documented configuration in front of the same app.
func startNginx(t *testing.T, w *world, binary string) (addr string) {
	t.Helper()
	addr, judge := "127.0.0.1:"+testenv.FreePort(t), "127.0.0.1:"+testenv.FreePort(t)
	testenv.StartProgram(t, w.command(t, binary, judge, ""), judge)
	text := once(t, example(t, "nginx"), "127.0.0.1:8080", addr)
	text = once(t, once(t, text, "127.0.0.1:8081", credulous(t)), "127.0.0.1:9091", judge)
	places := "http {\n  access_log off;\n"
	for _, what := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		places += "  " + what + "_temp_path " + what + ";\n"
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "nginx.conf"), "pid nginx.pid; daemon off; error_log stderr;\n"+once(t, text, "http {\n", places))
	testenv.StartProgram(t, exec.Command("/usr/sbin/nginx", "-p", dir, "-e", "stderr", "-c", "nginx.conf"), addr)
	return addr
}
