package samlsp

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"hash"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// verifySignature returns the bytes that the signature of el covers, in
// canonical form and without the signature itself. parsed is the same element
// as our own reader saw it. el is changed.
//
// The certificate is found first, by the signature over SignedInfo: a forgery
// costs one public-key operation per trusted certificate and no more. Then the
// digest, then goxmldsig validates all of it again with that certificate alone.
// What it returned must be, to the byte, what the digest covers.
func verifySignature(el *etree.Element, parsed *node, trusted []*x509.Certificate) ([]byte, *Rejection) {
	sig, r := readSignature(parsed)
	if r != nil {
		return nil, r
	}
	el = detach(el)
	sigEl := childElement(el, "Signature")
	if sigEl == nil {
		return nil, reject(ReasonMisplacedSignature, "the signature is not where it was")
	}
	canonical, err := canonicalSignedInfo(sigEl)
	if err != nil {
		return nil, reject(ReasonC14N, "SignedInfo has no canonical form")
	}
	cert, value := sig.signer(canonical, trusted)
	if cert == nil {
		return nil, reject(ReasonSignatureInvalid, "no trusted certificate (of %d) made this signature", len(trusted))
	}
	sum := sig.digest.New()
	if err := writeCanonical(sum, el, sigEl, sig.prefixList, signed().bytes); err != nil || !sig.digests(sum) {
		return nil, reject(ReasonDigestMismatch, "the signature is genuine, but covers something else")
	}
	simplify(sigEl, value)
	out, err := validate(el, cert)
	if err != nil {
		// goxmldsig orders attributes of different namespaces on one element by
		// their names alone; such a document ends here though it is honest.
		return nil, reject(ReasonDigestMismatch, "the digest fits, but the second validator computes another")
	}
	covered, err := canonicalBytes(out)
	sum.Reset()
	sum.Write(covered)
	if err != nil || !sig.digests(sum) {
		return nil, reject(ReasonDigestMismatch, "the validated element is not what the digest covers")
	}
	return covered, nil
}

// digests says that hash holds the signed digest.
func (s *signature) digests(h hash.Hash) bool { return bytes.Equal(h.Sum(nil), s.sum) }

// signer returns the certificate that signed, and the value as Go encodes it.
func (s *signature) signer(canonical []byte, trusted []*x509.Certificate) (*x509.Certificate, []byte) {
	for _, cert := range trusted {
		value, fits := s.encodedFor(cert)
		if fits && cert.CheckSignature(s.method.algo, canonical, value) == nil {
			return cert, value
		}
	}
	return nil, nil
}

// validate asks goxmldsig. It believes a certificate only within its lifetime;
// ours is trusted because an operator configured it, whatever its dates say
// (IIP-MD12), so the clock of this one call stands at the certificate's birth.
func validate(el *etree.Element, cert *x509.Certificate) (*etree.Element, error) {
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.IdAttribute = dsig.DefaultIdAttr
	ctx.Clock = dsig.NewFakeClockAt(cert.NotBefore)
	return ctx.Validate(el)
}

// detach returns a copy of a child of the document element, or of that element
// itself, which declares every namespace that it inherits. (NSDetatch of
// goxmldsig does this too, but stops at 1000 elements.)
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

// canonicalSignedInfo returns the bytes over which the signature was made.
func canonicalSignedInfo(sig *etree.Element) ([]byte, error) {
	info := childElement(sig, dsig.SignedInfoTag)
	scope, err := etreeutils.NSBuildParentContext(info)
	if err != nil {
		return nil, err
	}
	own, err := etreeutils.NSDetatch(scope, info)
	if err != nil {
		return nil, err
	}
	return dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(own)
}

// simplify leaves of a signature what counts: KeyInfo is the sender's opinion
// about whom to trust, and the value goes in the encoding that Go reads.
// Neither is covered by the signature.
func simplify(sig *etree.Element, value []byte) {
	if info := childElement(sig, dsig.KeyInfoTag); info != nil {
		sig.RemoveChild(info)
	}
	childElement(sig, dsig.SignatureValueTag).SetText(base64.StdEncoding.EncodeToString(value))
}

// canonicalBytes writes an element that is in canonical form already.
func canonicalBytes(el *etree.Element) ([]byte, error) {
	doc := etree.NewDocument()
	doc.SetRoot(el)
	doc.WriteSettings = etree.WriteSettings{CanonicalEndTags: true, CanonicalText: true, CanonicalAttrVal: true}
	return doc.WriteToBytes()
}
