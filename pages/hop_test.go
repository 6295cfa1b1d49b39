package pages

import (
	"net/http"
	"strings"
	"testing"
)

func TestHopKeepsItsDataInAttributes(t *testing.T) {
	p := newPages(t)
	for name, hop := range map[string]func(http.ResponseWriter, *http.Request, Hop){"leave": p.Leave, "arrive": p.Arrive} {
		t.Run(name, func(t *testing.T) {
			to := "/deep?q='" + attack + ";url=https://evil.example/"
			res := show(func(w http.ResponseWriter, r *http.Request) {
				hop(w, r, Hop{To: to, Key: "k" + attack, Note: "n", Path: "/c"})
			}, browser("GET", "/x", "en"))
			doc := parse(t, res)
			if got := attr(find(doc, "body")[0], "data-to"); got != to {
				t.Errorf("leads to %q, want %q", got, to)
			}
			scripts := find(doc, "script")
			if len(scripts) != 1 {
				t.Fatalf("%d scripts", len(scripts))
			}
			policy := res.Header.Get("Content-Security-Policy")
			if !strings.Contains(policy, "script-src "+hash(scripts[0].FirstChild.Data)) || !strings.Contains(policy, "default-src 'none'") {
				t.Errorf("policy %q", policy)
			}
			if got := res.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control %q", got)
			}
		})
	}
}

// Programs get the redirect that they expect.
func TestCanHop(t *testing.T) {
	person := func() *http.Request {
		r := browser("GET", "/x", "en")
		r.Header.Set("Upgrade-Insecure-Requests", "1")
		r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)")
		return r
	}
	if !CanHop(person()) {
		t.Error("a browser cannot")
	}
	for _, name := range []string{"Sec-Fetch-Mode", "Sec-Fetch-Dest", "Upgrade-Insecure-Requests", "User-Agent"} {
		r := person()
		r.Header.Del(name)
		if CanHop(r) {
			t.Errorf("without %s", name)
		}
	}
}
