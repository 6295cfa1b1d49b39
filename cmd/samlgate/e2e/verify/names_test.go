package verify

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/headers/httpsig"
)

// otherNames are those of an app that has had its own for long, and a fixed
// header.
const otherNames = `  email: X-Wiki-User
  roles: X-Wiki-Groups
  separator: ";"
  first_name: ""
  last_name: ""
  employee_id: ""
  set: {X-Api-Key: k-12345}
`

// TestOtherNames tells the verifiers of other headers: they are believed, must
// be covered, and the usual ones are no way around that.
func TestOtherNames(t *testing.T) {
	w := startWorldsWith(t, extra{Names: otherNames}, httpsig.Ed25519)[0]
	cases := []attack{
		{"uncovered: the fixed header", uncovered("x-api-key")}, {"uncovered: the user", uncovered("x-wiki-user")},
		{"uncovered: the groups", uncovered("x-wiki-groups")}, {"uncovered: the usual name", added("X-Auth-Email: boss@example.com")},
		{"twice: the user", added("X-Wiki-User: boss@example.com")},
		{"forged: the user", altered(func(t testing.TB, m message) message { return m.change(t, "X-Wiki-User", "ana@", "bob@") })},
		{"forged: the key", altered(func(t testing.TB, m message) message { return m.change(t, "X-Api-Key", "k-", "l-") })},
	}
	for _, v := range []verifier{goVerifier, pythonVerifier, nodeVerifier, javaVerifier, phpVerifier} {
		t.Run(v.name, func(t *testing.T) {
			addr := v.start(t, w.settings(), v.renamed, patch{})
			status, body, err := w.send(addr, w.genuine(t, "/"))
			if err != nil || status != http.StatusOK || !strings.HasPrefix(body, "Hello   <ana@example.com>: Employee") || !strings.Contains(body, "Wiki Editor (") {
				t.Errorf("%d %s %v", status, body, err)
			}
			wrong := map[string]string{}
			w.attack(t, addr, cases, wrong)
			for _, a := range slices.Concat([]attack{{name: "genuine"}}, cases) {
				if wrong[a.name] != "" {
					t.Errorf("%s: %s", a.name, wrong[a.name])
				}
			}
		})
	}
}
