package verify

import (
	"net/http"
	"testing"

	"github.com/samlgate/samlgate/headers/httpsig"
)

// TestNodeUpgrades adds the documented handler of upgrades to the example: it
// sees the same signature, and no middleware guards it.
func TestNodeUpgrades(t *testing.T) {
	w := startWorlds(t, httpsig.Ed25519)[0]
	handler := patch{old: "server.listen(", new: example(t, "javascript") + "server.listen("}
	upgrade := []string{"Connection: Upgrade", "Upgrade: echo"}
	addr := nodeVerifier.start(t, w.settings(), handler, patch{})
	if status, _, err := w.send(addr, w.genuine(t, "/socket").with(upgrade...)); err != nil || status != http.StatusSwitchingProtocols {
		t.Errorf("%d %v", status, err)
	}
	for what, m := range map[string]message{
		"unsigned":     w.genuine(t, "/socket").without("Signature"),
		"another path": w.genuine(t, "/").to("GET /", "GET /socket"),
		"uncovered":    w.genuine(t, "/socket").with("Remote-User: boss@example.com"),
	} {
		if status, _, err := w.send(addr, m.with(upgrade...)); err != nil || status != http.StatusForbidden {
			t.Errorf("%s: %d %v", what, status, err)
		}
	}
}
