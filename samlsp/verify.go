package samlsp

import (
	"bytes"
	_ "crypto/sha1" // where an operator allows it
	"crypto/x509"
	"slices"
)

// verifySignature returns the bytes that the signature of n covers, in canonical
// form and without the signature itself, and whether it relies on SHA-1. above
// are the elements around n.
//
// Only a key and these two sets of bytes have to be believed: SignedInfo in
// canonical form, over which the key verifies, is read again from exactly the
// bytes that were verified; what it refers to is returned as exactly the bytes
// that fit its digest. A fault in the canonical form refuses the honest, and
// cannot let a forgery in. What comes before only makes forgeries cheap to
// refuse: one public-key operation per trusted certificate.
func (t *trial) verifySignature(n *node, above []*node, idp *IdentityProvider) (content []byte, sha1 bool, r *Rejection) {
	claimed, r := t.readSignature(n, idp.AllowSHA1)
	if r != nil {
		return nil, false, r
	}
	sig := n.child(nsDSig, "Signature")
	received := detach(sig.child(nsDSig, "SignedInfo"), slices.Concat(above, []*node{n, sig})...)
	var info bytes.Buffer
	if err := writeCanonical(&info, received, nil, claimed.infoPrefixes, maxSignedInfo); err != nil {
		return nil, false, reject(ReasonC14N, "SignedInfo is too long")
	}
	if !claimed.madeBy(idp.certs, info.Bytes()) && t.makes(ReasonSignatureInvalid) {
		return nil, false, reject(ReasonSignatureInvalid, "no trusted certificate (of %d) made this signature", len(idp.certs))
	}
	t.pass(ReasonSignatureInvalid)
	proven, r := t.rereadSignedInfo(info.Bytes(), n.value("ID"), idp.AllowSHA1)
	if r != nil {
		return nil, false, r
	}
	if proven.method != claimed.method {
		return nil, false, reject(ReasonSignatureAlgorithm, "the signature was checked by another method than the signed one")
	}
	if content, r = proven.covered(detach(n, above...), sig); r == nil {
		t.pass(ReasonDigestMismatch)
	}
	return content, proven.usesSHA1(), r
}

// rereadSignedInfo takes SignedInfo from the bytes that a key vouches for.
func (t *trial) rereadSignedInfo(data []byte, id string, sha1 bool) (*signature, *Rejection) {
	info, r := t.parse(data, canonical())
	if r != nil {
		return nil, r
	}
	s := signature{trial: t, lax: sha1}
	if !info.is(nsDSig, "SignedInfo") {
		return nil, reject(ReasonSignatureShape, "something else than SignedInfo is signed")
	}
	return &s, s.readInfo(info, id)
}

// covered returns the canonical form of n without its signature if it has the
// signed digest. It is written twice: what does not fit is not worth a copy.
func (s *signature) covered(n, sig *node) ([]byte, *Rejection) {
	sum := s.digest.New()
	if err := writeCanonical(sum, n, sig, s.prefixes, canonical().bytes); (err != nil || !bytes.Equal(sum.Sum(nil), s.sum)) && s.makes(ReasonDigestMismatch) {
		return nil, reject(ReasonDigestMismatch, "the signature is genuine, but covers something else")
	}
	var out bytes.Buffer
	err := writeCanonical(&out, n, sig, s.prefixes, canonical().bytes)
	sum.Reset()
	sum.Write(out.Bytes())
	if err != nil || !bytes.Equal(sum.Sum(nil), s.sum) && s.makes(ReasonDigestMismatch) {
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
