package samlsp

import (
	"bufio"
	"cmp"
	"encoding/xml"
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
	prefixes  []binding       // every prefix met so far; a document has few
	declared  []int           // prefixes by place, in order of declaration here and above
	written   []int           // the same for what was written
	attrs     []attr          // of the element that is being written
}

// binding is what a prefix, "" for the default namespace, means where the
// canonicalizer stands, innermost last: by what was read, and what was written.
type binding struct {
	prefix         string
	scope, written []string
}

// attr is an attribute with its namespace resolved.
type attr struct {
	space string
	etree.Attr
}

// at returns the place of a prefix.
func (c *canonicalizer) at(prefix string) int {
	for i := range c.prefixes {
		if c.prefixes[i].prefix == prefix {
			return i
		}
	}
	b := binding{prefix: prefix}
	if prefix == "xml" { // declared everywhere, and never written (Namespaces in XML §3)
		b.scope, b.written = []string{nsXML}, []string{nsXML}
	}
	c.prefixes = append(c.prefixes, b)
	return len(c.prefixes) - 1
}

func innermost(uris []string) string {
	if len(uris) == 0 {
		return ""
	}
	return uris[len(uris)-1]
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
	declared, written := len(c.declared), len(c.written)
	c.open(el)
	name := el.FullTag()
	c.write(`<`)
	c.write(name)
	for _, i := range c.written[written:] {
		c.write(" xmlns")
		if b := c.prefixes[i]; b.prefix != "" {
			c.write(`:`)
			c.write(b.prefix)
		}
		c.attributeValue(innermost(c.prefixes[i].written))
	}
	for _, a := range c.attrs {
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
	c.leave(declared, written)
}

// open takes in what an element declares, puts on c.written what it must write
// (§3: used visibly, or listed, and not written above with the same value) and
// leaves its other attributes in c.attrs, by namespace and name.
func (c *canonicalizer) open(el *etree.Element) {
	first := len(c.written)
	c.attrs = c.attrs[:0]
	for _, a := range el.Attr {
		if prefix, is := declaredPrefix(xml.Name{Space: a.Space, Local: a.Key}); is {
			i := c.at(prefix)
			c.declared = append(c.declared, i)
			c.prefixes[i].scope = append(c.prefixes[i].scope, a.Value)
			continue
		}
		c.attrs = append(c.attrs, attr{"", a})
	}
	c.use(el.Space)
	for i, a := range c.attrs {
		if a.Space != "" {
			c.attrs[i].space = c.use(a.Space)
		}
	}
	for _, i := range c.declared[len(c.declared)-(len(el.Attr)-len(c.attrs)):] {
		if prefix := c.prefixes[i].prefix; c.inclusive[cmp.Or(prefix, "#default")] {
			c.use(prefix)
		}
	}
	slices.SortFunc(c.written[first:], func(a, b int) int { return cmp.Compare(c.prefixes[a].prefix, c.prefixes[b].prefix) })
	slices.SortFunc(c.attrs, func(a, b attr) int {
		return cmp.Or(cmp.Compare(a.space, b.space), cmp.Compare(a.Key, b.Key))
	})
}

// use writes what a prefix means, unless that is written already.
func (c *canonicalizer) use(prefix string) (uri string) {
	i := c.at(prefix)
	b := &c.prefixes[i]
	if uri = innermost(b.scope); innermost(b.written) != uri {
		b.written = append(b.written, uri)
		c.written = append(c.written, i)
	}
	return uri
}

// leave forgets what an element declared and wrote.
func (c *canonicalizer) leave(declared, written int) {
	for _, i := range c.declared[declared:] {
		b := &c.prefixes[i]
		b.scope = b.scope[:len(b.scope)-1]
	}
	for _, i := range c.written[written:] {
		b := &c.prefixes[i]
		b.written = b.written[:len(b.written)-1]
	}
	c.declared, c.written = c.declared[:declared], c.written[:written]
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
