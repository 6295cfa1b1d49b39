package config

import (
	"cmp"
	"slices"
	"strings"
)

// encodings checks that single encodings are for headers of this block, and
// that a list of roles can be taken apart again.
func (c *checker) encodings(path string, h HeaderNames) {
	var names []string
	for _, s := range h.settings(path) {
		if _, fixed := h.Set[s.name]; !fixed { // sent as it is written
			names = append(names, s.name)
		}
	}
	for name := range h.Encoding.PerHeader {
		same := func(other string) bool { return strings.EqualFold(name, other) }
		if at := join(path+".encoding", name); c.given(at) && !slices.ContainsFunc(names, same) {
			c.mistake(at, "is no header with a person's value in this block%s", hint(name, append(names, defaultEncoding)))
		}
	}
	for _, at := range []string{path + ".separator", path + ".encoding"} {
		if c.given(at) && h.Roles != "" && strings.ContainsAny(h.Separator, h.Encoding.marks(h.Roles)) {
			c.mistake(at, "roles in the encoding %s hold the separator, so an app could not tell them apart", h.Encoding.of(h.Roles))
			return
		}
	}
}

// of is how the values of a header travel.
func (e Encoding) of(header string) string {
	for name, one := range e.PerHeader {
		if strings.EqualFold(name, header) {
			return one
		}
	}
	return cmp.Or(e.All, "utf8")
}

// marks are the characters that an encoding itself may write.
func (e Encoding) marks(header string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	switch e.of(header) {
	case "percent":
		return "%" + letters[:6] + "0123456789"
	case "rfc2047":
		return "=?-+/ " + letters
	case "base64":
		return "=+/" + letters
	}
	return ""
}
