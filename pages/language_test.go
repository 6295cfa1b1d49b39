package pages

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestLanguageOfTheReader(t *testing.T) {
	all := newPages(t)
	some := newPages(t, func(c *Config) { c.Languages = []string{"de", "en"} })
	want := func(p *Pages, accept, tag string) {
		t.Helper()
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", accept)
		if got := p.pick(r).tag; got != tag {
			t.Errorf("%q is answered in %q, want %q", accept, got, tag)
		}
	}
	want(all, "", "en")
	want(all, "de-AT,de;q=0.9,en;q=0.8", "de")
	want(all, "fr-CA", "fr")
	want(all, "en;q=0.2, fr;q=0.9", "fr")
	want(all, "de;q=0, fr", "fr")
	want(all, "pt-BR", "en")
	want(all, "*", "en")
	want(all, ";;;\x00,,", "en")
	want(all, "de"+strings.Repeat(",xx", 1000), "en")
	want(some, "fr", "de")
	want(some, "en-GB", "en")
}

func TestNewRefuses(t *testing.T) {
	for _, tags := range [][]string{{"xx"}, {"en", ""}, {"../lang/en"}} {
		if _, err := New(Config{Languages: tags}); err == nil {
			t.Errorf("languages %q are accepted", tags)
		}
	}
	if _, err := New(Config{Logo: []byte("MZ not a picture")}); err == nil {
		t.Error("a logo that is no picture is accepted")
	}
}

// A catalogue that lacks a key, has one too many, or another argument, is refused.
func TestCatalogueMustBeComplete(t *testing.T) {
	ref, err := loadCatalogue(reference)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*catalogue){
		"nothing":           nil,
		"no problem":        func(c *catalogue) { delete(c.Problems, NotFound) },
		"a problem more":    func(c *catalogue) { c.Problems["x"] = c.Problems[NotFound] },
		"no title":          func(c *catalogue) { c.Problems[NotFound] = problemText{text: text{What: "a", Next: "b"}} },
		"no detail":         func(c *catalogue) { x := c.Problems[MissingAttr]; x.Detail = ""; c.Problems[MissingAttr] = x },
		"no action":         func(c *catalogue) { delete(c.Actions, SignOut) },
		"no word":           func(c *catalogue) { c.Words.Ends = "" },
		"no month":          func(c *catalogue) { c.Time.Months[11] = "" },
		"no unit":           func(c *catalogue) { delete(c.Time.Past, "day") },
		"no reason":         func(c *catalogue) { delete(c.Ended, EndedIdle) },
		"no word for a gap": func(c *catalogue) { delete(c.Absent, "idp") },
		"another argument":  func(c *catalogue) { c.Words.PostWhat = "{host}" },
		"an unknown one":    func(c *catalogue) { c.Words.PostWhat = "{surprise}" },
	} {
		c, err := loadCatalogue("fr")
		if err != nil {
			t.Fatal(err)
		}
		if spoil != nil {
			spoil(c)
		}
		refused := c.complete() != nil || c.matches(ref) != nil
		if refused != (spoil != nil) {
			t.Errorf("%s: refused = %v", name, refused)
		}
	}
}

// A sentence reads well also where its arguments are absent.
func TestSentencesBeginWithACapital(t *testing.T) {
	for _, c := range newPages(t).catalogues {
		for code, words := range c.Problems {
			for _, s := range []string{words.Title, c.fill(words.What, nil).String(), c.fill(words.Next, nil).String()} {
				if first, _ := utf8.DecodeRuneInString(s); !unicode.IsUpper(first) {
					t.Errorf("%s: %s: %q", c.tag, code, s)
				}
			}
		}
	}
}

func TestRelativeTimes(t *testing.T) {
	p := newPages(t)
	for _, c := range []struct {
		d          time.Duration
		en, de, fr string
	}{
		{0, "now", "jetzt", "maintenant"},
		{time.Second, "in 1 second", "in 1 Sekunde", "dans 1 seconde"},
		{-5 * time.Minute, "5 minutes ago", "vor 5 Minuten", "il y a 5 minutes"},
		{2 * time.Hour, "in 2 hours", "in 2 Stunden", "dans 2 heures"},
		{90 * time.Minute, "in 90 minutes", "in 90 Minuten", "dans 90 minutes"},
		{-26 * time.Hour, "26 hours ago", "vor 26 Stunden", "il y a 26 heures"},
		{49 * time.Hour, "in 2 days", "in 2 Tagen", "dans 2 jours"},
	} {
		for i, want := range []string{c.en, c.de, c.fr} {
			if got := p.catalogues[i].relative(c.d); got != want {
				t.Errorf("%v: %q, want %q", c.d, got, want)
			}
		}
	}
	if got := Duration(-4*time.Minute - 12345*time.Millisecond); got != "4m12s" {
		t.Errorf("Duration = %q", got)
	}
}

func TestExactTimesNameTheZone(t *testing.T) {
	p := newPages(t, func(c *Config) { c.Location = time.FixedZone("+0530", 5*3600+1800) })
	for i, want := range []string{"3 March 2026, 17:30 UTC+05:30", "3. März 2026, 17:30 UTC+05:30", "3 mars 2026 à 17:30 UTC+05:30"} {
		m := p.moment(p.catalogues[i], noon)
		if m.Exact != want || m.Machine != "2026-03-03T17:30:00+05:30" {
			t.Errorf("%q, %q; want %q", m.Exact, m.Machine, want)
		}
	}
}
