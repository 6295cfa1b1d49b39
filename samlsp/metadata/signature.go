package metadata

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// ErrUnsigned is wrapped when a document that must be signed carries no
// signature over the whole of itself.
var ErrUnsigned = errors.New("the metadata is not signed as a whole")

// ErrSigner is wrapped when none of the pinned certificates made the signature,
// or the document is not the one that was signed.
var ErrSigner = errors.New("the metadata's signature does not verify")

// ParseSigned is [ParseEntity] for a document that one of the signers must have
// signed whole; without signers no signature is asked for. What is parsed is
// the canonical form over which the digest was computed, and nothing else.
func ParseSigned(data []byte, entityID string, signers []*x509.Certificate, now time.Time) (*Descriptor, error) {
	if len(signers) > 0 {
		covered, err := verified(data, signers)
		if err != nil {
			return nil, err
		}
		data = covered
	}
	return ParseEntity(data, entityID, now)
}

// verified returns what the enveloped signature of the document element covers,
// in canonical form, if one of the signers made it. Certificates in KeyInfo
// are not looked at: whose signature counts was decided beforehand.
func verified(data []byte, signers []*x509.Certificate) ([]byte, error) {
	root, err := tree(data)
	if err != nil {
		return nil, err
	}
	sig, err := ownSignature(root)
	if err != nil {
		return nil, err
	}
	info, value, err := canonicalInfo(sig)
	if err != nil {
		return nil, err
	}
	s, err := readInfo(info, root.SelectAttrValue("ID", ""))
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(signers, func(c *x509.Certificate) bool { return s.madeBy(c, info, value) }) {
		return nil, fmt.Errorf("%w: none of the pinned certificates (%d) made it", ErrSigner, len(signers))
	}
	root.RemoveChild(sig) // the enveloped-signature transform (XML Signature §6.6.4)
	covered, err := canonical(root, s.prefixes)
	if err != nil {
		return nil, err
	}
	h := s.digest.New()
	h.Write(covered)
	if !bytes.Equal(h.Sum(nil), s.sum) {
		return nil, fmt.Errorf("%w: the document was changed after it was signed", ErrSigner)
	}
	return covered, nil
}

// tree reads a document that the strict reader finds harmless into the form
// that the canonicalizer takes, without comments, which are never signed.
func tree(data []byte) (*etree.Element, error) {
	if err := notMetadata(data); err != nil {
		return nil, err
	}
	screen := reader{done: func(*element, []*element) error { return nil }}
	if _, err := screen.read(data); err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(plainAttributes(bytes.TrimPrefix(data, []byte("\ufeff")))); err != nil || doc.Root() == nil {
		return nil, errors.New("the XML is damaged")
	}
	root := doc.Root()
	if root.NamespaceURI() != nsMetadata || root.Tag != "EntityDescriptor" && root.Tag != "EntitiesDescriptor" {
		return nil, fmt.Errorf("this is no SAML metadata: its root element is %.40q, not EntityDescriptor", root.Tag)
	}
	dropComments(root)
	return root, nil
}

// dropComments goes over each list of children once; the canonicalizer would
// move a whole list for each comment.
func dropComments(e *etree.Element) {
	e.Child = slices.DeleteFunc(e.Child, func(t etree.Token) bool { _, is := t.(*etree.Comment); return is })
	e.ReindexChildren()
	for _, k := range e.ChildElements() {
		dropComments(k)
	}
}

// ownSignature returns the one signature that stands where the schema puts
// that of the document element: before everything else in it (§2.3.1, §2.3.2).
// Those of entities further down prove nothing about the whole.
func ownSignature(root *etree.Element) (*etree.Element, error) {
	kids := root.ChildElements()
	if len(kids) == 0 || !isSignature(kids[0]) {
		return nil, fmt.Errorf("%w: its root element does not begin with a Signature", ErrUnsigned)
	}
	if slices.ContainsFunc(kids[1:], isSignature) {
		return nil, errors.New("the metadata has several signatures")
	}
	return kids[0], nil
}

func isSignature(e *etree.Element) bool {
	return e.Tag == "Signature" && e.NamespaceURI() == nsSignature
}

// canonicalInfo returns the bytes that the signature's value is over, and the value.
func canonicalInfo(sig *etree.Element) (info, value []byte, err error) {
	kids, ok := children(sig, "SignedInfo", "SignatureValue", "KeyInfo")
	if !ok {
		if kids, ok = children(sig, "SignedInfo", "SignatureValue"); !ok {
			return nil, nil, errShape
		}
	}
	value, ok = decoded(kids[1])
	if !ok {
		return nil, nil, errShape
	}
	method := kids[0].ChildElements()
	if len(method) == 0 {
		return nil, nil, errShape
	}
	prefixes, ok := exclusive(method[0])
	if !ok {
		return nil, nil, errCanonical
	}
	around, err := etreeutils.NSBuildParentContext(kids[0])
	if err != nil {
		return nil, nil, errShape
	}
	detached, err := etreeutils.NSDetatch(around, kids[0])
	if err != nil {
		return nil, nil, errShape
	}
	info, err = canonical(detached, prefixes)
	return info, value, err
}

// canonical returns exclusive canonical XML without comments. It changes e.
func canonical(e *etree.Element, prefixes string) ([]byte, error) {
	out, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(prefixes).Canonicalize(e)
	if err != nil {
		return nil, errors.New("the metadata's namespaces are damaged")
	}
	return out, nil
}

// madeBy says whether the key of this certificate made the signature. The
// certificate's own dates do not matter: the operator pinned the key.
func (s *signedInfo) madeBy(c *x509.Certificate, info, value []byte) bool {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return !s.method.ecdsa && c.CheckSignature(s.method.algorithm, info, value) == nil
	case *ecdsa.PublicKey:
		der, ok := asASN1(key, value)
		return ok && s.method.ecdsa && c.CheckSignature(s.method.algorithm, info, der) == nil
	}
	return false
}

// asASN1 turns r and s, each as long as the curve's order (RFC 4050 §3.3), into
// what Go verifies.
func asASN1(key *ecdsa.PublicKey, value []byte) ([]byte, bool) {
	size := (key.Curve.Params().BitSize + 7) / 8
	if len(value) != 2*size {
		return nil, false
	}
	var rs struct{ R, S *big.Int }
	rs.R, rs.S = new(big.Int).SetBytes(value[:size]), new(big.Int).SetBytes(value[size:])
	der, err := asn1.Marshal(rs)
	return der, err == nil
}

// decoded reads base64 with white space anywhere.
func decoded(e *etree.Element) ([]byte, bool) {
	if len(e.ChildElements()) > 0 {
		return nil, false
	}
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(e.Text()), ""))
	return b, err == nil && len(b) > 0
}
