package admin

import (
	"net/http"
	"slices"

	"github.com/samlgate/samlgate/admin/setup"
	"github.com/samlgate/samlgate/pages"
)

// Setup is what the pages below /setup/ show: that of the current
// configuration, so that a reload changes them too.
type Setup struct {
	Pages  *pages.Pages // nil: there is no configuration in force yet
	Guides []setup.Guide
}

// setupList names the identity providers. It asks for no token, for a browser
// has none to send, and a guide tells what the SP metadata tells anybody, and
// names.
func (cfg Config) setupList(w http.ResponseWriter, r *http.Request) {
	s := cfg.Setup()
	if s.Pages == nil {
		plain(w, http.StatusServiceUnavailable, "starting")
		return
	}
	s.Pages.Sheet(w, r, pages.Sheet{Title: "Set up an identity provider", What: "What its administrator has to enter, and send back.", Links: s.links()})
}

func (cfg Config) setupGuide(w http.ResponseWriter, r *http.Request) {
	s := cfg.Setup()
	if s.Pages == nil {
		plain(w, http.StatusServiceUnavailable, "starting")
		return
	}
	i := slices.IndexFunc(s.Guides, func(g setup.Guide) bool { return g.IDP == r.PathValue("idp") && g.As == r.PathValue("as") })
	if i < 0 {
		s.Pages.Sheet(w, r, pages.Sheet{Status: http.StatusNotFound, Title: "No such identity provider",
			What: "The configuration has none of that name. These are there:", Links: s.links()})
		return
	}
	s.Pages.Sheet(w, r, sheet(s.Guides[i]))
}

func (s Setup) links() []pages.SheetLink {
	var links []pages.SheetLink
	for _, g := range s.Guides {
		link := pages.SheetLink{Name: g.Name, Hint: g.Product, URL: "/setup/" + g.IDP}
		if g.As != "" {
			link.Hint += ", for the service provider " + g.As
			link.URL += "/" + g.As
		}
		links = append(links, link)
	}
	return links
}

// sheet is a guide as a page.
func sheet(g setup.Guide) pages.Sheet {
	s := pages.Sheet{Title: g.Title(), What: "Click on a value to mark the whole of it.", Foot: g.Foot()}
	for _, p := range g.Parts {
		part := pages.SheetPart{Title: p.Title, Code: p.Code}
		if p.Where != "" {
			part.Text = append(part.Text, p.Where)
		}
		part.Text = append(part.Text, p.Text...)
		for _, f := range p.Fields {
			part.Rows = append(part.Rows, pages.SheetRow{Label: f.Label, Value: f.Value, Note: f.Note, Choice: f.Choice})
		}
		s.Parts = append(s.Parts, part)
	}
	return s
}
