package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

// Large directories send every group that somebody is in. Those that are mapped
// reach the app; where all should, a header cannot hold them, and none is cut.
func TestFiveThousandGroups(t *testing.T) {
	groups := make([]string, 5000)
	for i := range groups {
		groups[i] = fmt.Sprintf("CN=group-%04d-ü,OU=Groups,OU=Head Office,DC=corp,DC=example", i)
	}
	for unknown, want := range map[string]struct {
		status int
		body   string
	}{"drop": {200, "staff"}, "pass": {403, "too long to be passed on to <bdi>wiki</bdi>"}} {
		s := prepare(t)
		s.app = func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("X-Auth-Roles")) }
		s.change("metadata_file: corp.xml", "metadata_file: corp.xml\n      roles: {map: {'"+groups[4999]+"': staff}, unknown: "+unknown+"}").run()
		if a := s.replied(idptest.Person{Email: "ana@example.com", Roles: groups}.Subject()); a.status != want.status || !strings.Contains(a.body, want.body) {
			t.Errorf("unknown: %s: %d at %s: %.2000s", unknown, a.status, a.url, a.body)
		}
		if a := s.get(s.url("wiki", "/")); a.status != want.status {
			t.Errorf("unknown: %s, the next request: %d", unknown, a.status)
		}
		if a := s.get(s.url("sso", "/.samlgate/account")); a.status != 200 || !strings.Contains(a.body, "ana@example.com") {
			t.Errorf("unknown: %s, the account page: %d", unknown, a.status)
		}
	}
}
