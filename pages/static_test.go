package pages

import (
	"io"
	"net/http/httptest"
	"testing"
)

func TestStatic(t *testing.T) {
	p := newPages(t, func(c *Config) { c.Logo = []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`) })
	ask := func(method, path string) int {
		t.Helper()
		rec := httptest.NewRecorder()
		p.Static().ServeHTTP(rec, browser(method, path, "en"))
		if rec.Code != 200 {
			return rec.Code
		}
		if got := rec.Header().Get("Content-Type"); got != "image/svg+xml" {
			t.Errorf("Content-Type = %q", got)
		}
		if got := rec.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("Cache-Control = %q", got)
		}
		if body, _ := io.ReadAll(rec.Body); (len(body) == 0) != (method == "HEAD") {
			t.Errorf("%s: body of %d bytes", method, len(body))
		}
		return rec.Code
	}
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", p.brand.Logo, 200}, {"HEAD", p.brand.Logo, 200}, {"POST", p.brand.Logo, 405},
		{"GET", "/.samlgate/static/", 404}, {"GET", "/.samlgate/static/../pages.go", 404}, {"GET", p.brand.Logo + "/", 404},
		{"GET", "/static/" + p.logo.name, 404},
	} {
		if got := ask(c.method, c.path); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, got, c.want)
		}
	}
}
