package samlsp

import (
	"bytes"
	"crypto/x509"
	"slices"

	"github.com/beevik/etree"
)

// verifySignature returns the bytes that the signature of el covers, in
// canonical form and without the signature itself. parsed is the same element
// as our own reader saw it.
//
// Only a key and these two sets of bytes have to be believed: SignedInfo in
// canonical form, over which the key verifies, is read again from exactly the
// bytes that were verified; what it refers to is returned as exactly the bytes
// that fit its digest. A fault in the canonical form refuses the honest, and
// cannot let a forgery in. What comes before only makes forgeries cheap to
// refuse: one public-key operation per trusted certificate.
func verifySignature(el *etree.Element, parsed *node, trusted []*x509.Certificate) ([]byte, *Rejection) {
	claimed, r := readSignature(parsed)
	if r != nil {
		return nil, r
	}
	el = detach(el)
	sigEl := childElement(el, "Signature")
	if sigEl == nil {
		return nil, reject(ReasonMisplacedSignature, "the signature is not where it was")
	}
	var info bytes.Buffer
	if err := writeCanonical(&info, detach(childElement(sigEl, "SignedInfo")), nil, claimed.infoPrefixes, maxSignedInfo); err != nil {
		return nil, reject(ReasonC14N, "SignedInfo is too long")
	}
	if !claimed.madeBy(trusted, info.Bytes()) {
		return nil, reject(ReasonSignatureInvalid, "no trusted certificate (of %d) made this signature", len(trusted))
	}
	proven, r := rereadSignedInfo(info.Bytes(), parsed.value("ID"))
	if r != nil {
		return nil, r
	}
	if proven.method != claimed.method {
		return nil, reject(ReasonSignatureAlgorithm, "the signature was checked by another method than the signed one")
	}
	return proven.covered(el, sigEl)
}

// rereadSignedInfo takes SignedInfo from the bytes that a key vouches for.
func rereadSignedInfo(canonical []byte, id string) (*signature, *Rejection) {
	info, r := parse(canonical, signed())
	if r != nil {
		return nil, r
	}
	var s signature
	if !info.is(nsDSig, "SignedInfo") {
		return nil, reject(ReasonSignatureShape, "something else than SignedInfo is signed")
	}
	return &s, s.readInfo(info, id)
}

// covered returns the canonical form of el without its signature if it has the
// signed digest. It is written twice: what does not fit is not worth a copy.
func (s *signature) covered(el, sigEl *etree.Element) ([]byte, *Rejection) {
	sum := s.digest.New()
	if err := writeCanonical(sum, el, sigEl, s.prefixes, signed().bytes); err != nil || !bytes.Equal(sum.Sum(nil), s.sum) {
		return nil, reject(ReasonDigestMismatch, "the signature is genuine, but covers something else")
	}
	var out bytes.Buffer
	err := writeCanonical(&out, el, sigEl, s.prefixes, signed().bytes)
	sum.Reset()
	sum.Write(out.Bytes())
	if err != nil || !bytes.Equal(sum.Sum(nil), s.sum) {
		return nil, reject(ReasonDigestMismatch, "the canonical form differs the second time")
	}
	return out.Bytes(), nil
}

// madeBy says that one of the certificates made the signature over canonical.
func (s *signature) madeBy(trusted []*x509.Certificate, canonical []byte) bool {
	return slices.ContainsFunc(trusted, func(cert *x509.Certificate) bool {
		value, fits := s.encodedFor(cert)
		return fits && cert.CheckSignature(s.method.algo, canonical, value) == nil
	})
}

// detach returns a copy of a child of the document element, or of that element
// itself, which declares every namespace that it inherits.
func detach(el *etree.Element) *etree.Element {
	own := el.Copy()
	for p := el.Parent(); p != nil; p = p.Parent() {
		for _, a := range p.Attr {
			declares := a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns"
			if declares && !hasAttr(own, a.Space, a.Key) {
				own.Attr = append(own.Attr, etree.Attr{Space: a.Space, Key: a.Key, Value: a.Value})
			}
		}
	}
	return own
}

func hasAttr(el *etree.Element, space, key string) bool {
	for _, a := range el.Attr {
		if a.Space == space && a.Key == key {
			return true
		}
	}
	return false
}

// childElement returns the child of that tag. The shape was checked: there is
// one, or none.
func childElement(el *etree.Element, tag string) *etree.Element {
	for _, token := range el.Child {
		if c, ok := token.(*etree.Element); ok && c.Tag == tag {
			return c
		}
	}
	return nil
}

// canonicalBytes writes an element that is in canonical form already.
func canonicalBytes(el *etree.Element) ([]byte, error) {
	doc := etree.NewDocument()
	doc.SetRoot(el)
	doc.WriteSettings = etree.WriteSettings{CanonicalEndTags: true, CanonicalText: true, CanonicalAttrVal: true}
	return doc.WriteToBytes()
}
