package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// Somebody who was away is sent to where the metadata of their identity provider
// says that people sign out: once, and with no message.
func TestSLOAddressOnIdle(t *testing.T) {
	s := prepare(t).change("session: {", "session: {idle_timeout: 1s, on_idle: slo_url, ").run()
	s.signIn()
	s.client = testenv.NoRedirects(s.client)
	testenv.Eventually(t, "the session ends", func() bool {
		polled := s.get(s.url("wiki", "/"), "X-Samlgate-Passive", "1", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty")
		return polled.status == http.StatusUnauthorized
	})
	first := s.get(s.url("wiki", "/x"))
	if to := first.header.Get("Location"); first.status != http.StatusSeeOther || to != s.idp.URL+"/idp/logout" {
		t.Errorf("%d to %q", first.status, to)
	}
	if to := s.get(s.url("wiki", "/x")).header.Get("Location"); !strings.HasPrefix(to, s.url("sso", "/.samlgate/login")) {
		t.Errorf("then to %q", to)
	}
	if strings.Contains(s.audit.String(), "logout") {
		t.Errorf("a logout is on record: %s", s.audit)
	}
}
