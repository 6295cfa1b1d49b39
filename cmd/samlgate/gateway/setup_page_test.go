package gateway_test

import (
	"net/http"
	"strings"
	"testing"
)

// The admin listener tells what to enter at each identity provider, without a
// token and as the configuration is now; the public one knows nothing of it.
func TestSetupPages(t *testing.T) {
	s := start(t)
	acs := s.url("sso", "/.samlgate/saml/acs")
	page := s.get(s.adminURL("/setup/corp"))
	if page.status != http.StatusOK || !strings.Contains(page.body, "ACS URL") || !strings.Contains(page.body, acs) || strings.Contains(page.body, "Okta") {
		t.Errorf("%d %s", page.status, page.body)
	}
	if strings.Contains(page.body, s.dir) || strings.Contains(page.body, "PRIVATE") || strings.Contains(page.body, adminToken) {
		t.Errorf("the page tells too much:\n%s", page.body)
	}
	s.change("- name: corp\n", "- name: corp\n      preset: okta\n").reloads("reloaded")
	if page = s.get(s.adminURL("/setup/corp")); !strings.Contains(page.body, "Audience URI (SP Entity ID)") {
		t.Errorf("after the reload: %d %s", page.status, page.body)
	}
	for _, path := range []string{"/setup", "/setup/", "/setup/corp", "/.samlgate/setup/corp"} {
		for _, host := range []string{"sso", "wiki"} {
			if page := s.get(s.url(host, path)); strings.Contains(page.body, acs) || strings.Contains(page.body, "Audience URI") {
				t.Errorf("%s%s: %d %s", host, path, page.status, page.body)
			}
		}
	}
}
