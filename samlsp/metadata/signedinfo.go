package metadata

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

const nsExclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"

var (
	errShape     = errors.New("the metadata's signature has an unusual shape")
	errCanonical = errors.New("the metadata's signature is not in exclusive canonical form without comments")
	errReference = errors.New("the metadata's signature is over something else than the whole document")
)

// signedInfo is what a signature says about itself, in the one form that is
// accepted; the same as for messages.
type signedInfo struct {
	method   method
	digest   crypto.Hash
	sum      []byte
	prefixes string // InclusiveNamespaces of the last transform
}

type method struct {
	ecdsa     bool
	algorithm x509.SignatureAlgorithm
}

// methodOf is the allow-list: RSA (PKCS #1 v1.5) and ECDSA with SHA-2.
func methodOf(uri string) (method, bool) {
	switch uri {
	case dsig.RSASHA256SignatureMethod:
		return method{false, x509.SHA256WithRSA}, true
	case dsig.RSASHA384SignatureMethod:
		return method{false, x509.SHA384WithRSA}, true
	case dsig.RSASHA512SignatureMethod:
		return method{false, x509.SHA512WithRSA}, true
	case dsig.ECDSASHA256SignatureMethod:
		return method{true, x509.ECDSAWithSHA256}, true
	case dsig.ECDSASHA384SignatureMethod:
		return method{true, x509.ECDSAWithSHA384}, true
	case dsig.ECDSASHA512SignatureMethod:
		return method{true, x509.ECDSAWithSHA512}, true
	}
	return method{}, false
}

func digestOf(uri string) (crypto.Hash, bool) {
	switch uri {
	case "http://www.w3.org/2001/04/xmlenc#sha256":
		return crypto.SHA256, true
	case "http://www.w3.org/2001/04/xmldsig-more#sha384":
		return crypto.SHA384, true
	case "http://www.w3.org/2001/04/xmlenc#sha512":
		return crypto.SHA512, true
	}
	return 0, false
}

// readInfo reads a SignedInfo from the bytes over which the signature's value
// is computed. id is that of the document element.
func readInfo(info []byte, id string) (*signedInfo, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(info); err != nil || doc.Root() == nil {
		return nil, errShape
	}
	kids, ok := children(doc.Root(), "CanonicalizationMethod", "SignatureMethod", "Reference")
	if !ok {
		return nil, errShape
	}
	if _, ok := exclusive(kids[0]); !ok {
		return nil, errCanonical
	}
	m, ok := methodOf(algorithm(kids[1]))
	if !ok || len(kids[1].ChildElements()) > 0 {
		return nil, fmt.Errorf("the metadata is signed by a method that is not allowed (%.60q); RSA or ECDSA with SHA-256 or more is needed", algorithm(kids[1]))
	}
	s := &signedInfo{method: m}
	return s, s.reference(kids[2], id)
}

// reference wants the document element itself, whole: by its ID, or by the
// empty URI for the document (XML Signature §4.4.3.2).
func (s *signedInfo) reference(ref *etree.Element, id string) error {
	uri := ref.SelectAttr("URI")
	if uri == nil || len(plain(ref)) != 1 || uri.Value != "" && (id == "" || uri.Value != "#"+id) {
		return errReference
	}
	kids, ok := children(ref, "Transforms", "DigestMethod", "DigestValue")
	if !ok {
		return errShape
	}
	transforms, ok := children(kids[0], "Transform", "Transform")
	if !ok || algorithm(transforms[0]) != nsSignature+"enveloped-signature" || len(transforms[0].ChildElements()) > 0 {
		return errReference
	}
	if s.prefixes, ok = exclusive(transforms[1]); !ok {
		return errCanonical
	}
	if s.digest, ok = digestOf(algorithm(kids[1])); !ok || len(kids[1].ChildElements()) > 0 {
		return fmt.Errorf("the metadata's digest is of a method that is not allowed (%.60q); SHA-256 or more is needed", algorithm(kids[1]))
	}
	if s.sum, ok = decoded(kids[2]); !ok || len(s.sum) != s.digest.Size() {
		return errShape
	}
	return nil
}

// children returns the child elements if they are those of XML Signature with
// these names, in this order.
func children(e *etree.Element, names ...string) ([]*etree.Element, bool) {
	kids := e.ChildElements()
	if len(kids) != len(names) {
		return nil, false
	}
	for i, k := range kids {
		if k.Tag != names[i] || k.NamespaceURI() != nsSignature {
			return nil, false
		}
	}
	return kids, true
}

// algorithm returns the Algorithm of an element that has no other attribute.
func algorithm(e *etree.Element) string {
	if len(plain(e)) != 1 {
		return ""
	}
	return e.SelectAttrValue("Algorithm", "")
}

// plain returns the attributes that declare no namespace.
func plain(e *etree.Element) (found []etree.Attr) {
	for _, a := range e.Attr {
		if a.Space != "xmlns" && (a.Space != "" || a.Key != "xmlns") {
			found = append(found, a)
		}
	}
	return found
}

// exclusive accepts exclusive canonicalisation without comments, and returns
// the one parameter that it has.
func exclusive(e *etree.Element) (prefixes string, ok bool) {
	if algorithm(e) != nsExclusive {
		return "", false
	}
	kids := e.ChildElements()
	if len(kids) == 0 {
		return "", true
	}
	list := kids[0].SelectAttr("PrefixList")
	if len(kids) > 1 || kids[0].Tag != "InclusiveNamespaces" || kids[0].NamespaceURI() != nsExclusive || list == nil || len(plain(kids[0])) != 1 {
		return "", false
	}
	return strings.Join(strings.Fields(list.Value), " "), true
}
