package pages

import (
	"net/http"
	"strings"
	"testing"
)

// Only pages of the identity provider may frame the answer it asked for, and no
// address of its can say more than that.
func TestWhoMayFrameALogout(t *testing.T) {
	p := newPages(t)
	for want, frames := range map[string][]string{
		"'none'":                  {},
		"https://idp.example.com": {"https://idp.example.com/slo", "https://idp.example.com/sso", "javascript:alert(1)", "https://evil.example;script-src *", "*"},
		"https://a.example http://localhost:8080": {"https://a.example/x?y", "http://localhost:8080/"},
	} {
		res := show(func(w http.ResponseWriter, r *http.Request) {
			p.PostLogout(w, r, PostLogout{Action: "https://idp.example.com/slo", Frames: frames})
		}, browser("POST", "/x", "en"))
		if policy := res.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "; frame-ancestors "+want+"; ") {
			t.Errorf("%q: %s", frames, policy)
		}
	}
}

func TestLogoutsLeadToWebAddresses(t *testing.T) {
	p := newPages(t)
	for _, bad := range []string{"", "/x", "javascript:alert(1)", "data:text/html,x"} {
		for name, handler := range map[string]func(http.ResponseWriter, *http.Request){
			"post":    func(w http.ResponseWriter, r *http.Request) { p.PostLogout(w, r, PostLogout{Action: bad}) },
			"leaving": func(w http.ResponseWriter, r *http.Request) { p.Leaving(w, r, Leaving{URL: bad}) },
		} {
			if res := show(handler, browser("GET", "/x", "en")); res.StatusCode != 500 {
				t.Errorf("%s to %q: %d", name, bad, res.StatusCode)
			}
		}
	}
}
