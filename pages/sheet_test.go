package pages

import (
	"net/http"
	"strings"
	"testing"
)

func sheet(p *Pages, s Sheet) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) { p.Sheet(w, r, s) }
}

// A sheet is as sound as any page, and English whatever the browser asks for,
// even where people read something else.
func TestSheetIsSound(t *testing.T) {
	p := newPages(t, func(c *Config) {
		c.Languages, c.Footer, c.Logo = []string{"de"}, "Internal use only", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")
	})
	s := Sheet{
		Title: "Okta", What: "What to enter.", Foot: []string{"See the page."},
		Links: []SheetLink{{"Corp", "okta", "/setup/corp"}, {"Evil", "", "javascript:alert(1)"}},
		Parts: []SheetPart{{
			Title: "Settings", Text: []string{"By hand:"}, Code: "<a>\n  b\n</a>",
			Rows: []SheetRow{{Label: "ACS URL", Value: "https://sso.example.com/acs", Note: "by POST"}, {Label: "Signed", Value: "on", Choice: true}},
		}},
	}
	res := show(sheet(p, s), browser("GET", "/setup/corp", "fr"))
	if res.StatusCode != http.StatusOK {
		t.Errorf("status %d", res.StatusCode)
	}
	doc := parse(t, res)
	for n := range doc.Descendants() {
		if n.Data == "img" || n.Data == "link" && attr(n, "href") != "data:," || n.Data == "script" {
			t.Errorf("<%s> wants something that this listener does not serve", n.Data)
		}
	}
	if codes := find(doc, "code"); len(codes) != 2 || content(codes[0]) != "https://sso.example.com/acs" || content(codes[1]) != "<a>\n  b\n</a>" {
		t.Errorf("%d values to copy", len(codes))
	}
	if links := find(doc, "a"); len(links) != 1 || attr(links[0], "href") != "/setup/corp" {
		t.Errorf("%d links", len(links))
	}
	sound(t, show(sheet(p, s), browser("GET", "/setup/corp", "fr")), "en")
}

// What stands on a sheet is text, and a value is never cut.
func TestSheetShowsText(t *testing.T) {
	const evil = `<script>alert(1)</script>"'>`
	long := "https://sso.example.com/" + strings.Repeat("a", 900)
	p := newPages(t)
	res := show(sheet(p, Sheet{Status: http.StatusNotFound, Title: evil, What: evil, Foot: []string{evil}, Links: []SheetLink{{evil, evil, "/x"}},
		Parts: []SheetPart{{evil, []string{evil}, []SheetRow{{Label: evil, Value: long, Note: evil}, {Label: evil, Value: evil, Choice: true}}, evil}}}), browser("GET", "/x", "en"))
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", res.StatusCode)
	}
	doc := parse(t, res)
	if n := len(find(doc, "script")); n > 0 {
		t.Errorf("%d scripts", n)
	}
	if codes := find(doc, "code"); len(codes) != 2 || content(codes[0]) != long || content(codes[1]) != evil {
		t.Errorf("values are changed")
	}
}
