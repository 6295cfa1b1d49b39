package samlsp

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// canonicalizer writes exclusive canonical XML without comments
// (https://www.w3.org/TR/xml-exc-c14n/). goxmldsig does this too, but copies the
// tree four times and a map for every element, and sorts attributes of different
// namespaces by their names alone, so that xml:lang beside xsi:type is refused.
// Tests compare the two where goxmldsig is right.
type canonicalizer struct {
	out       *bufio.Writer
	room      int             // bytes that may still be written
	inclusive map[string]bool // PrefixList
	scope     []declaration   // what is declared here and above
	written   []declaration   // what was written here and above
}

// declaration binds a prefix, "" for the default namespace.
type declaration struct{ prefix, uri string }

func lookup(stack []declaration, prefix string) string {
	for i := len(stack) - 1; i >= 0; i-- {
		if stack[i].prefix == prefix {
			return stack[i].uri
		}
	}
	if prefix == "xml" {
		return nsXML
	}
	return ""
}

// writeCanonical writes the canonical form of a detached element without one of
// its children. It gives up soon after limit bytes, since a short document may
// repeat a long declaration on every element.
func writeCanonical(to io.Writer, el, without *etree.Element, prefixList string, limit int) error {
	c := &canonicalizer{out: bufio.NewWriter(to), room: limit, inclusive: make(map[string]bool)}
	for _, prefix := range strings.Fields(prefixList) {
		c.inclusive[prefix] = true
	}
	c.element(el, without)
	if c.room < 0 {
		return errTooLong
	}
	return c.out.Flush()
}

var errTooLong = errors.New("the canonical form is too long")

func (c *canonicalizer) write(s string) {
	c.room -= len(s)
	c.out.WriteString(s) // an error stays until Flush
}

func (c *canonicalizer) element(el, without *etree.Element) {
	if c.room < 0 {
		return
	}
	scope, written := len(c.scope), len(c.written)
	attrs := c.open(el)
	name := el.FullTag()
	c.write(`<`)
	c.write(name)
	for _, d := range c.written[written:] {
		c.write(" xmlns")
		if d.prefix != "" {
			c.write(`:`)
			c.write(d.prefix)
		}
		c.attributeValue(d.uri)
	}
	for _, a := range attrs {
		c.write(` `)
		c.write(a.FullKey())
		c.attributeValue(a.Value)
	}
	c.write(`>`)
	for _, token := range el.Child {
		switch x := token.(type) {
		case *etree.Element:
			if x != without {
				c.element(x, without)
			}
		case *etree.CharData:
			c.escape(x.Data, "&<>\r")
		}
	}
	c.write("</")
	c.write(name)
	c.write(`>`)
	c.scope, c.written = c.scope[:scope], c.written[:written]
}

// open takes in what an element declares, puts on c.written what it must write
// (§3: used visibly, or listed, and not written above with the same value) and
// returns its other attributes in order of namespace and name.
func (c *canonicalizer) open(el *etree.Element) []etree.Attr {
	attrs := make([]etree.Attr, 0, len(el.Attr))
	for _, a := range el.Attr {
		switch {
		case a.Space == "xmlns":
			c.scope = append(c.scope, declaration{a.Key, a.Value})
		case a.Space == "" && a.Key == "xmlns":
			c.scope = append(c.scope, declaration{"", a.Value})
		default:
			attrs = append(attrs, a)
		}
	}
	start := len(c.written)
	c.use(el.Space)
	for _, a := range attrs {
		if a.Space != "" {
			c.use(a.Space)
		}
	}
	for _, a := range el.Attr {
		switch {
		case a.Space == "xmlns" && c.inclusive[a.Key]:
			c.use(a.Key)
		case a.Space == "" && a.Key == "xmlns" && c.inclusive["#default"]:
			c.use("")
		}
	}
	slices.SortFunc(c.written[start:], func(a, b declaration) int { return cmp.Compare(a.prefix, b.prefix) })
	slices.SortFunc(attrs, func(a, b etree.Attr) int {
		return cmp.Or(cmp.Compare(c.attrSpace(a), c.attrSpace(b)), cmp.Compare(a.Key, b.Key))
	})
	return attrs
}

func (c *canonicalizer) attrSpace(a etree.Attr) string {
	if a.Space == "" {
		return ""
	}
	return lookup(c.scope, a.Space)
}

func (c *canonicalizer) use(prefix string) {
	if uri := lookup(c.scope, prefix); lookup(c.written, prefix) != uri {
		c.written = append(c.written, declaration{prefix, uri})
	}
}

// attributeValue escapes as Canonical XML 1.0 §2.3 does.
func (c *canonicalizer) attributeValue(s string) {
	c.write(`="`)
	c.escape(s, "&<\"\t\n\r")
	c.write(`"`)
}

func (c *canonicalizer) escape(s, special string) {
	for {
		i := strings.IndexAny(s, special)
		if i < 0 {
			c.write(s)
			return
		}
		c.write(s[:i])
		c.write(reference(s[i]))
		s = s[i+1:]
	}
}

func reference(b byte) string {
	switch b {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '"':
		return "&quot;"
	case '\t':
		return "&#x9;"
	case '\n':
		return "&#xA;"
	}
	return "&#xD;"
}
