package verify

import (
	"net/http"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/headers/httpsig"
)

// TestBlanksInRoles signs roles that differ from others in an unusual blank
// alone: no verifier may take it away.
func TestBlanksInRoles(t *testing.T) {
	w := startWorlds(t, httpsig.Ed25519)[0]
	const roles = "staff, \u00a0admin\u00a0"
	for _, v := range []verifier{goVerifier, pythonVerifier, nodeVerifier, phpVerifier} {
		t.Run(v.name, func(t *testing.T) {
			addr := v.start(t, w.settings(), patch{}, patch{})
			m := w.genuine(t, "/").without("X-Auth-Roles").with("X-Auth-Roles: "+roles).signed(t, w.key, params())
			status, body, err := w.send(addr, m)
			if err != nil || status != http.StatusOK || !strings.Contains(body, ": "+roles+" (") {
				t.Errorf("%d %q %v", status, body, err)
			}
		})
	}
}
