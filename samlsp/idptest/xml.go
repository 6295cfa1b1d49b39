package idptest

import (
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

const (
	protocolNS  = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertionNS = "urn:oasis:names:tc:SAML:2.0:assertion"
	metadataNS  = "urn:oasis:names:tc:SAML:2.0:metadata"
	signatureNS = dsig.Namespace

	redirectBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	postBinding     = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

	statusSuccess   = "urn:oasis:names:tc:SAML:2.0:status:Success"
	statusResponder = "urn:oasis:names:tc:SAML:2.0:status:Responder"
	statusPassive   = "urn:oasis:names:tc:SAML:2.0:status:NoPassive"

	confirmBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
)

// Style is how the namespaces of a Response are written. They all mean the
// same; products differ, and a verifier must not care.
type Style int

// The styles seen in the field.
const (
	StyleSAML      Style = iota // samlp:Response, saml:Assertion, ds:Signature
	StyleSAML2                  // saml2p:Response, saml2:Assertion
	StyleDefault                // no prefix anywhere: xmlns changes from element to element
	StyleMixed                  // samlp:Response around an Assertion without prefix, as ADFS writes
	StyleInherited              // every prefix declared once, on the Response
)

func (s Style) prefix(ns string) string {
	switch {
	case s == StyleDefault, s == StyleMixed && ns == assertionNS:
		return ""
	case ns == signatureNS:
		return "ds"
	case ns == protocolNS && s == StyleSAML2:
		return "saml2p"
	case ns == protocolNS:
		return "samlp"
	case ns == metadataNS:
		return "md"
	case s == StyleSAML2:
		return "saml2"
	}
	return "saml"
}

// add appends an element to parent (nil makes a root), declaring its
// namespace where it is not in scope.
func (s Style) add(parent *etree.Element, ns, tag string, attrs ...string) *etree.Element {
	e := etree.NewElement(tag)
	e.Space = s.prefix(ns)
	if parent != nil {
		parent.AddChild(e)
	}
	if e.NamespaceURI() != ns {
		declare(e, e.Space, ns)
	}
	setAttrs(e, attrs...)
	return e
}

// setAttrs sets name, value pairs; an empty value means no attribute.
func setAttrs(e *etree.Element, pairs ...string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			e.CreateAttr(pairs[i], pairs[i+1])
		}
	}
}

func (s Style) text(parent *etree.Element, ns, tag, text string, attrs ...string) *etree.Element {
	e := s.add(parent, ns, tag, attrs...)
	e.SetText(text)
	return e
}

func declare(e *etree.Element, prefix, ns string) {
	if prefix == "" {
		e.CreateAttr("xmlns", ns)
		return
	}
	e.CreateAttr("xmlns:"+prefix, ns)
}

// find returns the first element below root, in document order, whose local
// name is tag; root itself included. Not finding it gives nil.
func find(root *etree.Element, tag string) *etree.Element {
	if root == nil || root.Tag == tag {
		return root
	}
	for _, c := range root.ChildElements() {
		if e := find(c, tag); e != nil {
			return e
		}
	}
	return nil
}

// child returns the first direct child whose local name is tag, or nil.
func child(parent *etree.Element, tag string) *etree.Element {
	for _, c := range parent.ChildElements() {
		if c.Tag == tag {
			return c
		}
	}
	return nil
}

// standalone returns a deep copy of e that declares every prefix it inherits.
func standalone(e *etree.Element) *etree.Element {
	c := e.Copy()
	for at := e.Parent(); at != nil; at = at.Parent() {
		for _, a := range at.Attr {
			if a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns" {
				if c.SelectAttr(a.FullKey()) == nil {
					c.CreateAttr(a.FullKey(), a.Value)
				}
			}
		}
	}
	return c
}

func serialize(root *etree.Element) ([]byte, error) {
	doc := etree.NewDocument()
	doc.SetRoot(root)
	return doc.WriteToBytes()
}

// stamp writes a time as SAML wants it: UTC, with "Z" (SAML Core §1.3.3).
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
