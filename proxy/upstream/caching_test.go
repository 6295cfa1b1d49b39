package upstream

import (
	"net/http"
	"strings"
	"testing"
)

func TestAskAgain(t *testing.T) {
	for _, c := range []struct{ media, before, after string }{
		{"text/html; charset=utf-8", "private, max-age=600", "private, max-age=600, no-cache"},
		{"application/json", "", "no-cache"},
		{"", "private", "private, no-cache"},
		{"text/html", "no-store", "no-store"},
		{"text/html", "No-Cache, private", "No-Cache, private"},
		{"text/html", `no-cache="Set-Cookie", max-age=9`, `no-cache="Set-Cookie", max-age=9, no-cache`},
		{"text/css", "max-age=600", "max-age=600"},
		{"IMAGE/png", "max-age=600", "max-age=600"},
		{"text/csv", "max-age=600", "max-age=600, no-cache"},
	} {
		h := http.Header{}
		if c.before != "" {
			h.Set("Cache-Control", c.before)
		}
		if c.media != "" {
			h.Set("Content-Type", c.media)
		}
		AskAgain(h)
		if got := strings.Join(h["Cache-Control"], ", "); got != c.after {
			t.Errorf("%s with %q: %q, want %q", c.media, c.before, got, c.after)
		}
	}
}
