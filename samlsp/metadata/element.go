package metadata

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	nsMetadata  = "urn:oasis:names:tc:SAML:2.0:metadata"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"

	// MaxFile is the most bytes that a metadata document may have.
	MaxFile = 10 << 20

	maxDepth    = 64
	maxElements = 400_000 // a national federation has about 100,000

	// What canonical XML may be made to repeat on every element.
	maxAttributes = 256 // of one element
	maxPrefixes   = 128 // different ones in a document
	maxNamespace  = 256 // bytes
)

var errCharset = errors.New("the document is not in UTF-8; save it as UTF-8")

// element is a part of the document. Only elements of the two namespaces that
// we read are kept.
type element struct {
	name xml.Name
	attr map[string]string // :: local name → value; attributes without namespace
	text []byte            // of an X509Certificate
	kids []*element
}

func (e *element) is(space, local string) bool { return e.name.Space == space && e.name.Local == local }

// all returns the children in the metadata namespace with this name.
func (e *element) all(local string) (found []*element) {
	for _, k := range e.kids {
		if k.is(nsMetadata, local) {
			found = append(found, k)
		}
	}
	return found
}

// find returns the descendants with this name, in document order.
func (e *element) find(space, local string) (found []*element) {
	for _, k := range e.kids {
		if k.is(space, local) {
			found = append(found, k)
		}
		found = append(found, k.find(space, local)...)
	}
	return found
}

// reader turns a document into elements, within limits.
type reader struct {
	xml      *xml.Decoder
	count    int
	root     *element
	stack    []*element // open elements, the root first
	prefixes map[string]bool

	// done is called for each complete EntityDescriptor, with the elements around
	// it. The element is forgotten afterwards unless done keeps it.
	done func(entity *element, around []*element) error
}

// read walks the document and returns its root, without the entities in it.
func (r *reader) read(data []byte) (*element, error) {
	if len(data) > MaxFile {
		return nil, fmt.Errorf("the document exceeds %d MiB", MaxFile>>20)
	}
	r.xml = xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.xml.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errCharset }
	for {
		start := r.xml.InputOffset()
		token, err := r.xml.Token()
		switch {
		case errors.Is(err, io.EOF) && r.root != nil:
			return r.root, nil
		case errors.Is(err, errCharset):
			return nil, errCharset
		case err != nil:
			line, _ := r.xml.InputPos()
			return nil, fmt.Errorf("the XML is damaged near line %d", line)
		}
		if err := r.take(token, start); err != nil {
			return nil, err
		}
	}
}

func (r *reader) take(token xml.Token, start int64) error {
	switch t := token.(type) {
	case xml.Directive:
		return errors.New("the document has a DTD, which SAML does not allow")
	case xml.ProcInst:
		if t.Target != "xml" || start != 0 {
			return errors.New("the document has a processing instruction")
		}
	case xml.StartElement:
		return r.open(t)
	case xml.EndElement:
		return r.close()
	case xml.CharData:
		if n := len(r.stack); n > 0 {
			r.stack[n-1].add(t)
		}
	}
	return nil
}

func (r *reader) open(t xml.StartElement) error {
	if r.count++; r.count > maxElements || len(r.stack) >= maxDepth {
		return errors.New("the document has too many elements, or too deep ones")
	}
	if err := r.namespaces(t.Attr); err != nil {
		return err
	}
	e := &element{name: t.Name, attr: make(map[string]string, len(t.Attr))}
	for _, a := range t.Attr {
		if a.Name.Space != "" || a.Name.Local == "xmlns" {
			continue
		}
		if _, twice := e.attr[a.Name.Local]; twice {
			return errors.New("an element has an attribute twice")
		}
		e.attr[a.Name.Local] = strings.TrimSpace(a.Value)
	}
	if len(r.stack) == 0 {
		if r.root != nil {
			return errors.New("the document has more than one root element")
		}
		r.root = e
	}
	r.stack = append(r.stack, e)
	return nil
}

// namespaces bounds what one element declares.
func (r *reader) namespaces(attrs []xml.Attr) error {
	if len(attrs) > maxAttributes {
		return errors.New("an element has too many attributes")
	}
	for _, a := range attrs {
		if a.Name.Space != "xmlns" && (a.Name.Space != "" || a.Name.Local != "xmlns") {
			continue
		}
		if r.prefixes == nil {
			r.prefixes = make(map[string]bool)
		}
		if r.prefixes[a.Name.Local] = true; len(r.prefixes) > maxPrefixes || len(a.Value) > maxNamespace {
			return errors.New("the document declares too many namespaces, or too long ones")
		}
	}
	return nil
}

func (r *reader) close() error {
	n := len(r.stack) - 1
	e := r.stack[n]
	r.stack = r.stack[:n]
	if e.is(nsMetadata, "EntityDescriptor") {
		return r.done(e, r.stack)
	}
	if n > 0 && (e.name.Space == nsMetadata || e.name.Space == nsSignature) {
		r.stack[n-1].kids = append(r.stack[n-1].kids, e)
	}
	return nil
}

// add collects the only text that we read.
func (e *element) add(text xml.CharData) {
	if e.is(nsSignature, "X509Certificate") {
		e.text = append(e.text, text...)
	}
}
