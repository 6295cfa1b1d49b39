package pages

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// keep.js runs in the pages of apps: it brings along nothing from elsewhere and
// does nothing that a strict policy of theirs, or Trusted Types, forbids.
func TestKeepScriptIsModest(t *testing.T) {
	p := newPages(t, func(c *Config) { c.Prefix = `/a"</script>\u2028` })
	seen := map[string]bool{}
	for i, lang := range Languages() {
		res := show(p.Keep().ServeHTTP, browser("GET", "/.samlgate/keep.js", lang))
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		script := string(raw)
		for _, no := range []string{"innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function(", "http:", "https:", "//cdn", "setAttribute(\"on", "</script", ".style."} {
			if strings.Contains(script, no) {
				t.Errorf("%s: holds %s", lang, no)
			}
		}
		if words := p.catalogues[i].Keep; !strings.Contains(script, words.Stay) || !strings.Contains(words.Idle, "{when}") || !strings.Contains(words.End, "{when}") {
			t.Errorf("%s: lacks its words", lang)
		}
		tag := res.Header.Get("Etag")
		if tag == "" || seen[tag] {
			t.Errorf("%s: tag %s", lang, tag)
		}
		seen[tag] = true
		again := browser("GET", "/.samlgate/keep.js", lang)
		again.Header.Set("If-None-Match", tag)
		if got := show(p.Keep().ServeHTTP, again).StatusCode; got != http.StatusNotModified {
			t.Errorf("%s: asked again: %d", lang, got)
		}
	}
}

// The dialog has the colours whose contrast is tested.
func TestKeepColours(t *testing.T) {
	p := newPages(t)
	css, err := files.ReadFile("templates/keep.css")
	if err != nil {
		t.Fatal(err)
	}
	colour := regexp.MustCompile(`--[a-z-]+: #[0-9a-f]{6};`)
	light, dark, _ := strings.Cut(string(css), "prefers-color-scheme: dark")
	pageLight, pageDark, _ := strings.Cut(string(p.style), "prefers-color-scheme: dark")
	for scheme, of := range map[string][2]string{"light": {light, pageLight}, "dark": {dark, pageDark}} {
		all := colour.FindAllString(of[0], -1)
		if len(all) != 6 {
			t.Errorf("%s: %d colours", scheme, len(all))
		}
		for _, c := range all {
			if !strings.Contains(of[1], c) {
				t.Errorf("%s: %s is no colour of the pages", scheme, c)
			}
		}
	}
}
