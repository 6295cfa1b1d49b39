package samlsp

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"
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
	attrs     []nodeAttr      // of the element that is being written
}

// binding is what a prefix, "" for the default namespace, means where the
// canonicalizer stands, innermost last: by what was read, and what was written.
type binding struct {
	prefix         string
	scope, written []string
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
func writeCanonical(to io.Writer, n, without *node, prefixList string, limit int) error {
	c := &canonicalizer{out: bufio.NewWriter(to), room: limit, inclusive: make(map[string]bool)}
	for _, prefix := range strings.Fields(prefixList) {
		c.inclusive[prefix] = true
	}
	c.element(n, without)
	if c.room < 0 {
		return errTooLong
	}
	return c.out.Flush()
}

// detach returns an element that declares all that it inherits from above, the
// elements around it, outermost first.
func detach(n *node, above ...*node) *node {
	own := *n
	own.declared = nil
	for _, a := range above {
		own.declared = append(own.declared, a.declared...)
	}
	own.declared = append(own.declared, n.declared...) // the last of one prefix counts
	return &own
}

var errTooLong = errors.New("the canonical form is too long")

func (c *canonicalizer) write(s string) {
	c.room -= len(s)
	c.out.WriteString(s) // an error stays until Flush
}

func (c *canonicalizer) element(n, without *node) {
	if c.room < 0 {
		return
	}
	declared, written := len(c.declared), len(c.written)
	c.open(n)
	c.write(`<`)
	c.name(n.prefix, n.local)
	for _, i := range c.written[written:] {
		c.write(` `)
		if prefix := c.prefixes[i].prefix; prefix == "" {
			c.write("xmlns")
		} else {
			c.name("xmlns", prefix)
		}
		c.attributeValue(innermost(c.prefixes[i].written))
	}
	for _, a := range c.attrs {
		c.write(` `)
		c.name(a.prefix, a.local)
		c.attributeValue(a.value)
	}
	c.write(`>`)
	for _, k := range n.kids {
		c.escape(k.before, "&<>\r")
		if k != without {
			c.element(k, without)
		}
	}
	c.escape(n.last, "&<>\r")
	c.write("</")
	c.name(n.prefix, n.local)
	c.write(`>`)
	c.leave(declared, written)
}

func (c *canonicalizer) name(prefix, local string) {
	if prefix != "" {
		c.write(prefix)
		c.write(`:`)
	}
	c.write(local)
}

// open takes in what an element declares, puts on c.written what it must write
// (§3: used visibly, or listed, and not written above with the same value) and
// leaves its other attributes in c.attrs, by namespace and name.
func (c *canonicalizer) open(n *node) {
	first := len(c.written)
	for _, d := range n.declared {
		i := c.at(d.prefix)
		c.declared = append(c.declared, i)
		c.prefixes[i].scope = append(c.prefixes[i].scope, d.uri)
	}
	c.use(n.prefix)
	for _, a := range n.attrs {
		if a.prefix != "" {
			c.use(a.prefix)
		}
	}
	for _, d := range n.declared {
		if c.inclusive[cmp.Or(d.prefix, "#default")] {
			c.use(d.prefix)
		}
	}
	slices.SortFunc(c.written[first:], func(a, b int) int { return cmp.Compare(c.prefixes[a].prefix, c.prefixes[b].prefix) })
	c.attrs = append(c.attrs[:0], n.attrs...)
	slices.SortFunc(c.attrs, func(a, b nodeAttr) int {
		return cmp.Or(cmp.Compare(a.space, b.space), cmp.Compare(a.local, b.local))
	})
}

// use writes what a prefix means, unless that is written already.
func (c *canonicalizer) use(prefix string) {
	i := c.at(prefix)
	b := &c.prefixes[i]
	if uri := innermost(b.scope); innermost(b.written) != uri {
		b.written = append(b.written, uri)
		c.written = append(c.written, i)
	}
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
	plain := 0 // where the text not yet written begins
	for i := range len(s) {
		if strings.IndexByte(special, s[i]) >= 0 {
			c.write(s[plain:i])
			c.write(reference(s[i]))
			plain = i + 1
		}
	}
	c.write(s[plain:])
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
