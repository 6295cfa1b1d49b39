package headers

import (
	"os/exec"
	"strings"
	"testing"
)

// Upstream apps import this package: it must not drag the gateway with it.
func TestDependencies(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(out)) {
		ours := path == "github.com/samlgate/samlgate/headers" || path == "github.com/samlgate/samlgate/headers/httpsig"
		if !ours && path != "github.com/dunglas/httpsfv" && !strings.HasPrefix(path+"/", "github.com/go-jose/go-jose/v4/") {
			t.Errorf("headers depends on %s", path)
		}
	}
}
