package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (c *checker) headers() {
	h := &c.cfg.Headers
	c.signing()
	c.names("headers", h.HeaderNames, h.Signing)
	for i, r := range c.cfg.Routes {
		if path := fmt.Sprintf("routes[%d].headers", i); c.given(path) {
			c.names(path, r.Headers.HeaderNames, r.Headers.Signing)
		}
	}
}

// A setting is one header name and the path of the key that set it.
type setting struct{ path, name string }

// settings lists the header names that one block of names leads to. Extra and
// set carry the name as their key.
func (h HeaderNames) settings(path string) []setting {
	all := []setting{{path + ".email", h.Email}, {path + ".first_name", h.FirstName}, {path + ".last_name", h.LastName},
		{path + ".username", h.Username}, {path + ".roles", h.Roles}, {path + ".employee_id", h.EmployeeID}}
	for _, name := range slices.Sorted(maps.Keys(h.Extra)) {
		all = append(all, setting{join(path+".extra", name), name})
	}
	for _, name := range slices.Sorted(maps.Keys(h.Set)) {
		all = append(all, setting{join(path+".set", name), name})
	}
	return slices.DeleteFunc(all, func(s setting) bool { return s.name == "" })
}

// names checks the headers of one block; those of a route that it inherits
// were checked where they are written.
func (c *checker) names(path string, h HeaderNames, s *Signing) {
	all := h.settings(path)
	if s != nil && s.JWT.Header != "" {
		all = append(all, setting{c.signingAt(path+".signing", ".jwt.header"), s.JWT.Header})
	}
	c.sameNames(path, all)
	c.mapNames(path, h)
	c.encodings(path, h)
	if strings.ContainsFunc(h.Separator, func(r rune) bool { return r < ' ' || r > '~' }) || h.Separator == "" || len(h.Separator) > 8 {
		if at := path + ".separator"; path == "headers" || c.given(at) {
			c.mistake(at, "must be 1 to 8 printable ASCII characters")
		}
	}
}

// sameNames reports two settings that an app could not tell apart, at the one
// that is written in this block, or at the preset that brought them together.
func (c *checker) sameNames(block string, all []setting) {
	own := func(path string) bool { return c.given(path) && strings.HasPrefix(path, block+".") }
	seen := map[string]string{}
	for _, s := range all {
		n := normalForm(s.name)
		first, twice := seen[n]
		seen[n] = s.path
		switch {
		case !twice:
		case own(s.path):
			c.mistake(s.path, "is the same header as %s to an app that reads - and _ alike", first)
		case own(first):
			c.mistake(first, "is the same header as %s to an app that reads - and _ alike", s.path)
		case c.given(block + ".preset"):
			c.mistake(block+".preset", "sends a header that %s sends with another meaning", "headers."+strings.TrimPrefix(strings.TrimPrefix(s.path, block+"."), "headers."))
		}
	}
}

// mapNames checks the names that are keys, and what extra headers carry.
func (c *checker) mapNames(path string, h HeaderNames) {
	for name, key := range h.Extra {
		at := join(path+".extra", name)
		if !c.given(at) {
			continue // inherited
		}
		if err := headerName(name); err != nil {
			c.mistake(at, "the name %v", err)
		}
		if keys := c.attributeKeys(); len(keys) > 0 && !c.unknown(at) && !slices.Contains(keys, key) {
			c.mistake(at, "%s is no key of any identity provider's attributes%s", c.quoted(at), c.hint(at, key, keys))
		}
	}
	for name, value := range h.Set {
		at := join(path+".set", name)
		if !c.given(at) {
			continue
		}
		if err := headerName(name); err != nil {
			c.mistake(at, "the name %v", err)
		}
		if !c.unknown(at) && (value.Empty() || !isPrintable(value.Reveal()) || strings.TrimSpace(value.Reveal()) != value.Reveal()) {
			c.mistake(at, "is empty, or holds a control character or outer blanks")
		}
		if len(value.Reveal()) > maxHeaderValue {
			c.mistake(at, "is longer than the %d bytes that a header may have", maxHeaderValue)
		}
	}
}

// maxHeaderValue is that of headers.MaxValue: with a longer one every request of
// the route would be refused.
const maxHeaderValue = 4096

func (c *checker) attributeKeys() []string {
	keys := map[string]bool{}
	for _, p := range c.cfg.SAML.IDPs {
		for k := range p.Attributes {
			keys[k] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// managed reports whether the gateway may set a header on any route, or
// removes it always: somebody else's way to say who a person is, or a word to
// the gateway itself.
func (c *checker) managed(name string) bool {
	n := normalForm(name)
	if slices.Contains([]string{"remote-user", "x-remote-user", "x-forwarded-user", "x-forwarded-email", "x-forwarded-groups", "x-auth-audience", "x-samlgate-passive"}, n) {
		return true
	}
	all := c.cfg.Headers.settings("")
	for _, preset := range HeaderPresets() {
		all = append(all, preset.settings("")...)
	}
	for _, r := range c.cfg.Routes {
		all = append(all, r.Headers.settings("")...)
		if s := r.Headers.Signing; s != nil {
			all = append(all, setting{"", s.JWT.Header})
		}
	}
	return slices.ContainsFunc(all, func(s setting) bool { return s.name != "" && normalForm(s.name) == n })
}
