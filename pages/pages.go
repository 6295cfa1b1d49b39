package pages

import (
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/samlgate/samlgate/identity"
)

// Config is what an operator may say about the pages; the zero value works.
type Config struct {
	Title     string            // name of the company or service; empty = a general word
	Logo      []byte            // picture beside the title; empty = a plain mark
	LogoType  string            // media type of Logo; empty = found from its bytes
	Support   Support           // whom to ask
	Pictures  map[string][]byte // of identity providers, by any key; see Picture
	Footer    string            // last line of every page
	Languages []string
	Location  *time.Location // zone of the times shown; nil = UTC
	Prefix    string         // path of our endpoints; empty = /.samlgate
	Now       func() time.Time
}

// Support says whom a person may ask. Empty parts are left out.
type Support struct {
	Text  string // "IT Service Desk, ext. 4711"
	URL   string // https or http
	Email string
}

// Pages writes the gateway's own pages. It is safe for concurrent use.
type Pages struct {
	brand      brand
	support    Support
	prefix     string
	location   *time.Location
	now        func() time.Time
	catalogues []*catalogue
	english    *catalogue // for operators, whatever people read
	matcher    language.Matcher
	template   *template.Template
	style      template.CSS
	logo       *asset
	pictures   map[string]*asset // :: key → picture
	files      map[string]*asset // :: name below static/ → picture
	keepers    map[string]keeper // :: language → keep.js
}

// brand is what stands on every page.
type brand struct{ Title, Logo, Footer string }

// DefaultPrefix is the path of our endpoints where none is configured.
const DefaultPrefix = "/.samlgate"

// New prepares the pages. It refuses an unknown language, an incomplete
// catalogue, a logo that is no picture, and support links that a browser would
// take for something else than a link.
func New(c Config) (*Pages, error) {
	tags := c.Languages
	if len(tags) == 0 {
		tags = Languages()
	}
	catalogues, err := loadCatalogues(tags)
	if err != nil {
		return nil, err
	}
	english, err := loadCatalogue(reference)
	if err != nil {
		return nil, err
	}
	logo, logoErr := newLogo(c.Logo, c.LogoType)
	pictures, named, pictureErr := newPictures(c.Pictures)
	tmpl, style, tmplErr := parseTemplates()
	if err := errors.Join(checkSupport(c.Support), logoErr, pictureErr, tmplErr); err != nil {
		return nil, err
	}
	p := &Pages{
		brand: brand{Title: clean(c.Title), Footer: clean(c.Footer)}, support: c.Support, prefix: c.Prefix,
		location: c.Location, now: c.Now, catalogues: catalogues, english: english, matcher: newMatcher(tags),
		template: tmpl, style: style, logo: logo, pictures: pictures, files: named,
	}
	p.setDefaults()
	if err := p.newKeepers(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Pages) setDefaults() {
	if p.prefix == "" {
		p.prefix = DefaultPrefix
	}
	if p.location == nil {
		p.location = time.UTC
	}
	if p.now == nil {
		p.now = time.Now
	}
	if p.logo != nil {
		p.brand.Logo = p.prefix + staticPath + p.logo.name
	}
}

func newMatcher(tags []string) language.Matcher {
	var parsed []language.Tag
	for _, tag := range tags {
		parsed = append(parsed, language.Make(tag))
	}
	return language.NewMatcher(parsed)
}

func checkSupport(s Support) error {
	var errs []error
	if s.URL != "" && !isWebURL(s.URL) {
		errs = append(errs, errors.New("support url: an https or http address is required"))
	}
	if s.Email != "" {
		if _, err := identity.NormalizeEmail(s.Email); err != nil {
			errs = append(errs, fmt.Errorf("support email: %w", err))
		}
	}
	return errors.Join(errs...)
}

// isWebURL reports whether s is an absolute https or http address. Everything
// else that a browser may follow (javascript:, data:) is not.
func isWebURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && printable(s)
}

// isLink reports whether s may stand in a link or form of ours: a web address,
// or a path on this host. "//host" and "/\host" are other hosts to a browser.
func isLink(s string) bool {
	if strings.HasPrefix(s, "/") {
		return printable(s) && !strings.HasPrefix(s, "//")
	}
	return isWebURL(s)
}

// printable reports whether s is ASCII without blanks, controls and backslashes.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' })
}
