package pages

import (
	"embed"
	"fmt"
	"html/template"
	"net/url"
	"strings"
)

//go:embed templates/*
var files embed.FS

// page is what the templates see. A part that is empty is left out.
type page struct {
	Lang   string
	Words  *words
	Brand  brand
	Style  template.CSS
	Script template.JS
	Glyph  template.HTML

	Title              string
	What, Next, Detail sentence
	Retry              sentence
	Actions            []Action

	Status    int
	RequestID string
	Time      *moment
	Support   *support

	Choices []Choice
	Ask     *ChooserForm
	Refresh string // where the page goes by itself
	Person  *person
	Form    *Action
	Places  []place
	Sheet   *Sheet
	Wide    bool // room for long values

	targets  []string
	anywhere bool     // forms may end up at any web address
	frames   []string // addresses whose origins may frame the page
}

// support is the contact, ready for links.
type support struct{ Text, URL, Email, Mailto string }

func (p *Pages) page(c *catalogue, title string, g glyph) *page {
	b := p.brand
	if b.Title == "" {
		b.Title = c.Words.Brand
	}
	return &page{Lang: c.tag, Words: &c.Words, Brand: b, Style: p.style, Glyph: glyphs[g], Title: title}
}

// help returns the contact; a mail to it begins with the support id as subject.
func (p *Pages) help(requestID string) *support {
	if p.support == (Support{}) {
		return nil
	}
	s := &support{Text: clean(p.support.Text), URL: p.support.URL, Email: p.support.Email}
	if s.Email != "" {
		s.Mailto = "mailto:" + url.PathEscape(s.Email)
		if requestID != "" {
			s.Mailto += "?subject=" + url.PathEscape(requestID)
		}
	}
	return s
}

// parseTemplates reads the embedded templates and the style, which stands in
// every page without its comments and indentation.
func parseTemplates() (*template.Template, template.CSS, error) {
	t, err := template.ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, "", fmt.Errorf("parsing templates: %w", err)
	}
	css, err := files.ReadFile("templates/style.css")
	if err != nil {
		return nil, "", fmt.Errorf("reading style: %w", err)
	}
	return t, template.CSS(compact(string(css))), nil
}

// compact drops comment lines, blank lines and indentation.
func compact(css string) string {
	var b strings.Builder
	for line := range strings.Lines(css) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "/*") {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
