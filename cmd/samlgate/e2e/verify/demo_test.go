package verify

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// TestDemoHeaders follows the advice for a developer's own machine: the keys are
// in a file, and the headers come from a command.
func TestDemoHeaders(t *testing.T) {
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile(`(?m)^samlgate (demo --headers .*) \| curl -H @- `).FindSubmatch(text)
	if command == nil {
		t.Fatalf("%s shows no samlgate demo --headers", docs)
	}
	for _, v := range []verifier{pythonVerifier, nodeVerifier, javaVerifier, phpVerifier} {
		t.Run(v.name, func(t *testing.T) {
			dir, port := t.TempDir(), testenv.FreePort(t)
			cmd := testenv.Samlgate(t, dir, strings.Fields(once(t, string(command[1]), "8081", port))...)
			var advice bytes.Buffer
			cmd.Stderr = &advice
			lines, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v: %s", err, &advice)
			}
			authority := "127.0.0.1:" + port
			addr := v.start(t, settings{port: port, authority: authority, jwks: filepath.Join(dir, "jwks.json")}, v.fromFile, patch{})
			m := message{"GET / HTTP/1.1", append([]string{"Host: " + authority}, strings.Split(strings.TrimSpace(string(lines)), "\n")...), ""}
			w := &world{}
			if status, body, err := w.send(addr, m); err != nil || status != http.StatusOK || strings.TrimSpace(body) != "Hello Ana Example <ana@example.com>: employee (0 bytes)" {
				t.Errorf("%d %s %v", status, body, err)
			}
			if status, body, err := w.send(addr, m.to("GET /", "GET /admin")); err != nil || status != http.StatusForbidden {
				t.Errorf("another path: %d %s %v", status, body, err)
			}
		})
	}
}
