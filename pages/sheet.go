package pages

import "net/http"

// Sheet is a page for operators: values to copy, part by part. It is in English
// alone, as the consoles are whose words it has, and asks for nothing that only
// the public listener serves.
type Sheet struct {
	Status int // 0 = 200
	Title  string
	What   string
	Links  []SheetLink
	Parts  []SheetPart
	Foot   []string // sentences at the end
}

// SheetLink leads to another sheet.
type SheetLink struct{ Name, Hint, URL string }

// SheetPart is what belongs together under a title.
type SheetPart struct {
	Title string
	Text  []string
	Rows  []SheetRow
	Code  string // to copy as a whole; empty = none
}

// SheetRow is a label and what goes there.
type SheetRow struct {
	Label, Value, Note string
	Choice             bool // the value is chosen, not typed
}

// Sheet answers with the page.
func (p *Pages) Sheet(w http.ResponseWriter, r *http.Request, s Sheet) {
	c := p.english
	page := p.page(c, clean(s.Title), glyphKey)
	page.Brand.Logo = "" // the public listener has it
	page.Wide = true
	page.What = sentence{{Text: s.What}}
	for _, l := range s.Links {
		if l.Name, l.Hint = clean(l.Name), clean(l.Hint); l.Name != "" && isLink(l.URL) {
			page.Choices = append(page.Choices, Choice{Name: l.Name, Hint: l.Hint, URL: l.URL})
		}
	}
	page.Sheet = &s
	if s.Status == 0 {
		s.Status = http.StatusOK
	}
	p.write(w, r, c, s.Status, "sheet", page)
}
