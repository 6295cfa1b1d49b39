package samlsp

import (
	"bytes"
	"crypto/x509"
	"slices"
)

// verifySignature returns the bytes that the signature of n covers, in canonical
// form and without the signature itself. above are the elements around n.
//
// Only a key and these two sets of bytes have to be believed: SignedInfo in
// canonical form, over which the key verifies, is read again from exactly the
// bytes that were verified; what it refers to is returned as exactly the bytes
// that fit its digest. A fault in the canonical form refuses the honest, and
// cannot let a forgery in. What comes before only makes forgeries cheap to
// refuse: one public-key operation per trusted certificate.
func verifySignature(n *node, above []*node, trusted []*x509.Certificate) ([]byte, *Rejection) {
	claimed, r := readSignature(n)
	if r != nil {
		return nil, r
	}
	sig := n.child(nsDSig, "Signature")
	received := detach(sig.child(nsDSig, "SignedInfo"), slices.Concat(above, []*node{n, sig})...)
	var info bytes.Buffer
	if err := writeCanonical(&info, received, nil, claimed.infoPrefixes, maxSignedInfo); err != nil {
		return nil, reject(ReasonC14N, "SignedInfo is too long")
	}
	if !claimed.madeBy(trusted, info.Bytes()) {
		return nil, reject(ReasonSignatureInvalid, "no trusted certificate (of %d) made this signature", len(trusted))
	}
	proven, r := rereadSignedInfo(info.Bytes(), n.value("ID"))
	if r != nil {
		return nil, r
	}
	if proven.method != claimed.method {
		return nil, reject(ReasonSignatureAlgorithm, "the signature was checked by another method than the signed one")
	}
	return proven.covered(detach(n, above...), sig)
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

// covered returns the canonical form of n without its signature if it has the
// signed digest. It is written twice: what does not fit is not worth a copy.
func (s *signature) covered(n, sig *node) ([]byte, *Rejection) {
	sum := s.digest.New()
	if err := writeCanonical(sum, n, sig, s.prefixes, signed().bytes); err != nil || !bytes.Equal(sum.Sum(nil), s.sum) {
		return nil, reject(ReasonDigestMismatch, "the signature is genuine, but covers something else")
	}
	var out bytes.Buffer
	err := writeCanonical(&out, n, sig, s.prefixes, signed().bytes)
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
