package samlsp

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"io"
	"slices"
	"strings"
)

// Namespaces of the documents we read and write.
const (
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsMetadata  = "urn:oasis:names:tc:SAML:2.0:metadata"
	nsDSig      = "http://www.w3.org/2000/09/xmldsig#"
	nsXSI       = "http://www.w3.org/2001/XMLSchema-instance"
	nsXML       = "http://www.w3.org/XML/1998/namespace"
	nsXMLNS     = "http://www.w3.org/2000/xmlns/"
	nsExcC14N   = "http://www.w3.org/2001/10/xml-exc-c14n#"
)

// node is an element with its namespace resolved.
type node struct {
	prefix, space, local string
	declared             []declaration
	attrs                []nodeAttr
	kids                 []*node

	before string // character data in front of it, up to its sibling or the start of its parent
	last   string // character data behind its last child; all there is without children
}

// nodeAttr is an attribute that is no namespace declaration. Without a prefix
// its space is empty.
type nodeAttr struct{ prefix, space, local, value string }

// declaration binds a prefix, "" for the default namespace.
type declaration struct{ prefix, uri string }

func (n *node) is(space, local string) bool { return n.space == space && n.local == local }

// attr returns an attribute without a namespace.
func (n *node) attr(local string) (string, bool) {
	for _, a := range n.attrs {
		if a.space == "" && a.local == local {
			return a.value, true
		}
	}
	return "", false
}

// value returns an attribute without a namespace, or "".
func (n *node) value(local string) string {
	v, _ := n.attr(local)
	return v
}

// all returns the children of one name; nothing has none.
func (n *node) all(space, local string) []*node {
	if n == nil {
		return nil
	}
	var found []*node
	for _, k := range n.kids {
		if k.is(space, local) {
			found = append(found, k)
		}
	}
	return found
}

// child returns the first child of one name, or nil; nothing has no child.
func (n *node) child(space, local string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.is(space, local) {
			return k
		}
	}
	return nil
}

// text returns the character data between the children, joined.
func (n *node) text() string {
	if len(n.kids) == 0 {
		return n.last
	}
	var b strings.Builder
	for _, k := range n.kids {
		b.WriteString(k.before)
	}
	b.WriteString(n.last)
	return b.String()
}

// blank says that between the children there is layout only.
func (n *node) blank() bool {
	layout := func(s string) bool { return strings.Trim(s, " \t\r\n") == "" }
	return layout(n.last) && !slices.ContainsFunc(n.kids, func(k *node) bool { return !layout(k.before) })
}

// walk calls f for n and everything below until f refuses.
func (n *node) walk(parent *node, f func(parent, n *node) *Rejection) *Rejection {
	if r := f(parent, n); r != nil {
		return r
	}
	for _, k := range n.kids {
		if r := k.walk(n, f); r != nil {
			return r
		}
	}
	return nil
}

// treeReader builds the tree of a document that passed prescan.
type treeReader struct {
	*trial
	data   []byte
	rest   *bytes.Reader // of data: what dec has not read
	dec    *xml.Decoder
	open   []frame
	spaces map[string][]string // every prefix that the document declares → URIs, innermost last
	root   *node
}

// frame is an element that is still open.
type frame struct {
	raw  xml.Name // as written, for its end tag
	node *node
	text string // since the last tag
}

// parse reads a whole document. It refuses what encoding/xml lets pass: several
// roots, text beside the root, repeated attributes, undeclared or redefined
// reserved prefixes, names with odd colons.
func (t *trial) parse(data []byte, l limits) (*node, *Rejection) {
	if r := t.prescan(data, l); r != nil {
		return nil, r
	}
	root, r := (&treeReader{trial: t, data: data, rest: bytes.NewReader(data), spaces: make(map[string][]string)}).read()
	if r == nil {
		t.pass(ReasonNotXML, ReasonNamespace, ReasonDuplicateAttribute)
	}
	return root, r
}

// parse reads a document of which nobody keeps a record.
func parse(data []byte, l limits) (*node, *Rejection) { return (*trial)(nil).parse(data, l) }

func (t *treeReader) read() (*node, *Rejection) {
	t.dec = xml.NewDecoder(t.rest)
	for {
		token, err := t.dec.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, reject(ReasonNotXML, "syntax error near byte %d", len(t.data)-t.rest.Len())
		}
		if r := t.token(token); r != nil {
			return nil, r
		}
	}
	if t.root == nil || len(t.open) > 0 {
		return nil, reject(ReasonNotXML, "elements are not closed")
	}
	return t.root, nil
}

func (t *treeReader) token(token xml.Token) *Rejection {
	switch x := token.(type) {
	case xml.StartElement:
		if r := t.start(x); r != nil {
			return r
		}
		if at := len(t.data) - t.rest.Len(); t.data[at-2] == '/' {
			return nil // <a/>: its end comes before any text
		}
		return t.plainText()
	case xml.EndElement:
		if r := t.end(x); r != nil {
			return r
		}
		return t.plainText()
	case xml.CharData:
		return t.chars(x)
	case xml.ProcInst:
		if x.Target == "xml" && t.root == nil && len(t.open) == 0 {
			return nil // prescan let only the declaration pass
		}
		return t.stands(reject(ReasonProcessingInstruction, "processing instruction"))
	case xml.Comment:
		return t.stands(reject(ReasonComment, "comment"))
	}
	return t.stands(reject(ReasonDTD, "unexpected markup"))
}

const longText = 128 // bytes from which it is worth it

// plainText takes the text behind a tag past the decoder, which is slow and
// wasteful with a ciphertext, where it is long and every byte means itself. At
// the end of a tag the decoder has read up to its ">" and not beyond.
func (t *treeReader) plainText() *Rejection {
	rest := t.data[len(t.data)-t.rest.Len():]
	end := bytes.IndexByte(rest, '<')
	if end < longText || slices.ContainsFunc(rest[:end], special) {
		return nil
	}
	if _, err := t.rest.Seek(int64(end), io.SeekCurrent); err != nil {
		return reject(ReasonInternal, "passing over text")
	}
	return t.chars(rest[:end])
}

// special tells the bytes that may mean something else than themselves (XML
// §2.2, §2.4, §2.11).
func special(b byte) bool {
	return (b < ' ' && b != '\t' && b != '\n') || b > '~' || b == '&' || b == ']'
}

func (t *treeReader) chars(x xml.CharData) *Rejection {
	if len(t.open) == 0 {
		if len(bytes.TrimLeft(x, " \t\r\n")) > 0 && t.makes(ReasonNotXML) {
			return reject(ReasonNotXML, "text outside the document element")
		}
		return nil
	}
	top := &t.open[len(t.open)-1]
	top.text += string(x) // one piece: no markup that could part it passed prescan
	return nil
}

func (t *treeReader) start(x xml.StartElement) *Rejection {
	if t.root != nil && len(t.open) == 0 && t.makes(ReasonNotXML) {
		return reject(ReasonNotXML, "several document elements")
	}
	t.open = append(t.open, frame{raw: x.Name, node: &node{}})
	f := &t.open[len(t.open)-1]
	if r := t.declare(f, x.Attr); r != nil {
		return r
	}
	if !validName(x.Name) && t.makes(ReasonNamespace) {
		return reject(ReasonNamespace, "an element name that is no qualified name")
	}
	space, ok := t.resolve(x.Name.Space)
	if (!ok || x.Name.Space == "xmlns") && t.makes(ReasonNamespace) {
		return reject(ReasonNamespace, "an element with an undeclared prefix")
	}
	f.node.prefix, f.node.space, f.node.local = x.Name.Space, space, x.Name.Local
	if r := t.attributes(f, x.Attr); r != nil {
		return r
	}
	if len(t.open) == 1 {
		t.root = cmp.Or(t.root, f.node)
		return nil
	}
	parent := &t.open[len(t.open)-2]
	f.node.before, parent.text = parent.text, ""
	parent.node.kids = append(parent.node.kids, f.node)
	return nil
}

func (t *treeReader) end(x xml.EndElement) *Rejection {
	if len(t.open) == 0 || t.open[len(t.open)-1].raw != x.Name {
		return reject(ReasonNotXML, "an end tag without its element")
	}
	f := t.open[len(t.open)-1]
	f.node.last = f.text
	for _, d := range f.node.declared {
		t.spaces[d.prefix] = t.spaces[d.prefix][:len(t.spaces[d.prefix])-1]
	}
	t.open = t.open[:len(t.open)-1]
	return nil
}

// declare takes in the namespace declarations of one element (Namespaces in
// XML 1.0 §3). Nothing that changes the meaning of "xml" or "xmlns" passes, and
// no prefix is undeclared.
func (t *treeReader) declare(f *frame, attrs []xml.Attr) *Rejection {
	for _, a := range attrs {
		prefix, is := declaredPrefix(a.Name)
		if !is {
			continue
		}
		if r := t.stands(rejectNamespace(prefix, a.Value)); r != nil {
			return r
		}
		if slices.ContainsFunc(f.node.declared, func(d declaration) bool { return d.prefix == prefix }) && t.makes(ReasonDuplicateAttribute) {
			return reject(ReasonDuplicateAttribute, "a prefix is declared twice on one element")
		}
		f.node.declared = append(f.node.declared, declaration{prefix, a.Value})
		if t.spaces[prefix] = append(t.spaces[prefix], a.Value); len(t.spaces) > maxPrefixes && t.makes(ReasonNamespace) {
			return reject(ReasonNamespace, "more than %d namespace prefixes", maxPrefixes)
		}
	}
	return nil
}

func rejectNamespace(prefix, uri string) *Rejection {
	switch {
	case prefix == "xml" || prefix == "xmlns", uri == nsXML, uri == nsXMLNS:
		return reject(ReasonNamespace, "a reserved namespace is declared")
	case prefix != "" && uri == "":
		return reject(ReasonNamespace, "a prefix without a namespace")
	case len(uri) > maxNamespace:
		return reject(ReasonNamespace, "a namespace of %d bytes", len(uri))
	}
	return nil
}

// declaredPrefix returns the prefix that an attribute declares.
func declaredPrefix(name xml.Name) (prefix string, is bool) {
	switch {
	case name.Space == "xmlns":
		return name.Local, true
	case name.Space == "" && name.Local == "xmlns":
		return "", true
	}
	return "", false
}

// resolve returns the namespace of a prefix where the reader stands.
func (t *treeReader) resolve(prefix string) (string, bool) {
	if prefix == "xml" {
		return nsXML, true
	}
	uris := t.spaces[prefix]
	return innermost(uris), len(uris) > 0 || prefix == ""
}

func (t *treeReader) attributes(f *frame, attrs []xml.Attr) *Rejection {
	for _, a := range attrs {
		if !validName(a.Name) && t.makes(ReasonNamespace) {
			return reject(ReasonNamespace, "an attribute name that is no qualified name")
		}
		if _, is := declaredPrefix(a.Name); is {
			continue
		}
		if f.node.attrs == nil {
			f.node.attrs = make([]nodeAttr, 0, len(attrs))
		}
		space := ""
		if a.Name.Space != "" { // the default namespace is not for attributes
			var ok bool
			if space, ok = t.resolve(a.Name.Space); !ok && t.makes(ReasonNamespace) {
				return reject(ReasonNamespace, "an attribute with an undeclared prefix")
			}
		}
		for _, b := range f.node.attrs {
			if b.local == a.Name.Local && b.space == space && t.makes(ReasonDuplicateAttribute) {
				return reject(ReasonDuplicateAttribute, "an attribute stands twice on one element")
			}
		}
		f.node.attrs = append(f.node.attrs, nodeAttr{a.Name.Space, space, a.Name.Local, a.Value})
	}
	return nil
}

// validName says that both halves of a name are plain ASCII names. SAML knows no
// others, and parsers differ most where names are odd.
func validName(n xml.Name) bool {
	return (n.Space == "" || ncName(n.Space)) && ncName(n.Local) && len(n.Space)+len(n.Local) < maxName
}

func ncName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '-' || c == '.')) {
			return false
		}
	}
	return s != ""
}
