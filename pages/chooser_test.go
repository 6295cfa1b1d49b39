package pages

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func formPage(t *testing.T, form *ChooserForm) *http.Response {
	t.Helper()
	p := newPages(t)
	return show(func(w http.ResponseWriter, r *http.Request) {
		p.Chooser(w, r, Chooser{Form: form, Choices: []Choice{
			{Name: "Corp", ID: "corp", URL: "/login/corp", Logo: "/static/corp.svg"}, {Name: "Two", ID: "two", URL: "/login/two"},
		}})
	}, browser("GET", "/x", "en"))
}

// Who cannot see the page, or has no mouse, can do the same.
func TestChooserForEverybody(t *testing.T) {
	doc := parse(t, formPage(t, &ChooserForm{URL: "/discovery", Email: true}))
	labelled := map[string]string{}
	for _, l := range find(doc, "label") {
		labelled[attr(l, "for")] = content(l)
	}
	for _, field := range find(doc, "input") {
		if attr(field, "type") != "hidden" && labelled[attr(field, "id")] == "" {
			t.Errorf("%s has no label", attr(field, "name"))
		}
		for id := range strings.FieldsSeq(attr(field, "aria-describedby")) {
			if !strings.Contains(content(doc), "used once") || id != "email-use" {
				t.Errorf("%s is described by %s", attr(field, "name"), id)
			}
		}
	}
	buttons := find(doc, "button")
	if attr(buttons[0], "name") != "" { // Enter in the field presses the first button of the form
		t.Errorf("Enter chooses %s", attr(buttons[0], "value"))
	}
	for _, b := range buttons[1:] {
		if attr(b, "name") != "idp" || attr(b, "value") == "" || !strings.HasSuffix(content(b), "Corp") && !strings.HasSuffix(content(b), "Two") {
			t.Errorf("button %q=%q says %q", attr(b, "name"), attr(b, "value"), content(b))
		}
	}
	for _, img := range find(doc, "img") { // the name stands beside it
		if i := slices.IndexFunc(img.Attr, func(a html.Attribute) bool { return a.Key == "alt" }); i < 0 || img.Attr[i].Val != "" {
			t.Errorf("%v", img.Attr)
		}
	}
	if got := len(find(doc, "a")); got != 2 {
		t.Errorf("%d links", got)
	}
}

func TestChooserSaysWhatIsWrong(t *testing.T) {
	res := formPage(t, &ChooserForm{URL: "/discovery", Email: true, Invalid: true})
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d", res.StatusCode)
	}
	field := find(parse(t, res), "input")[0]
	if attr(field, "aria-invalid") != "true" || attr(field, "aria-describedby") != "email-wrong email-use" || attr(field, "value") != "" {
		t.Errorf("%v", field.Attr)
	}
	if attr(find(parse(t, formPage(t, &ChooserForm{URL: "/discovery"})), "input")[0], "name") != "remember" {
		t.Error("without domains there is a field for the address")
	}
	if doc := parse(t, formPage(t, &ChooserForm{URL: "//evil.example/"})); len(find(doc, "form")) > 0 {
		t.Error("the form leads to another host")
	}
}

// Forward goes on without a script, and only along links of ours.
func TestForward(t *testing.T) {
	p := newPages(t)
	forward := func(to string) string {
		for _, meta := range find(parse(t, show(func(w http.ResponseWriter, r *http.Request) {
			p.Forward(w, r, Onward{IDP: "Corp", Go: Action{URL: to}})
		}, browser("GET", "/x", "en"))), "meta") {
			if attr(meta, "http-equiv") == "refresh" {
				return attr(meta, "content")
			}
		}
		return ""
	}
	for to, want := range map[string]string{
		"/login/corp?a=b&c=d": "0; url=/login/corp?a=b&c=d", "javascript:alert(1)": "", "//evil.example/": "", "data:text/html,x": "", "/x y": "",
	} {
		if got := forward(to); got != want {
			t.Errorf("%s: refresh %q, want %q", to, got, want)
		}
	}
}

func TestPictures(t *testing.T) {
	png := "\x89PNG\r\n\x1a\n"
	p := newPages(t, func(c *Config) {
		c.Pictures = map[string][]byte{"corp": []byte("<svg/>"), "same": []byte("<svg/>"), "two": []byte(png), "none": nil}
	})
	if p.Picture("corp") != p.Picture("same") || p.Picture("corp") == p.Picture("two") || p.Picture("none") != "" || p.Picture("nobody") != "" {
		t.Errorf("%q %q %q", p.Picture("corp"), p.Picture("two"), p.Picture("none"))
	}
	for _, key := range []string{"corp", "two"} {
		res := show(p.Static().ServeHTTP, browser("GET", p.Picture(key), "en"))
		policy := res.Header.Get("Content-Security-Policy")
		if res.StatusCode != 200 || !strings.Contains(policy, "sandbox;") || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", key, res.StatusCode, res.Header)
		}
	}
	for what, body := range map[string][]byte{
		"a page": []byte("<!doctype html><script>alert(1)</script>"), "text": []byte("hello"), "too large": append([]byte(png), make([]byte, maxPicture)...),
	} {
		if _, err := New(Config{Pictures: map[string][]byte{"corp": body}}); err == nil || !strings.Contains(err.Error(), `"corp"`) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
