package samlsp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"

	dsig "github.com/russellhaering/goxmldsig"
)

// signature is what an enveloped ds:Signature says about itself, in the one
// form that we accept (Core §5.4).
type signature struct {
	*trial
	method method
	digest crypto.Hash
	sum    []byte // DigestValue
	lax    bool   // SHA-1 will do
	value  []byte // SignatureValue

	// InclusiveNamespaces of CanonicalizationMethod and of the second transform
	infoPrefixes, prefixes string
}

// method is a signature algorithm of the allow-list.
type method struct {
	uri   string
	ecdsa bool
	algo  x509.SignatureAlgorithm
}

// methods is the allow-list: RSA (PKCS #1 v1.5) and ECDSA with SHA-2, and with
// SHA-1 where an operator allows it.
func methods(sha1 bool) []method {
	list := []method{
		{dsig.RSASHA256SignatureMethod, false, x509.SHA256WithRSA},
		{dsig.RSASHA384SignatureMethod, false, x509.SHA384WithRSA},
		{dsig.RSASHA512SignatureMethod, false, x509.SHA512WithRSA},
		{dsig.ECDSASHA256SignatureMethod, true, x509.ECDSAWithSHA256},
		{dsig.ECDSASHA384SignatureMethod, true, x509.ECDSAWithSHA384},
		{dsig.ECDSASHA512SignatureMethod, true, x509.ECDSAWithSHA512},
	}
	if sha1 {
		list = append(list, method{dsig.RSASHA1SignatureMethod, false, x509.SHA1WithRSA},
			method{dsig.ECDSASHA1SignatureMethod, true, x509.ECDSAWithSHA1})
	}
	return list
}

// usesSHA1 says that the signature holds only as long as SHA-1 does.
func (s *signature) usesSHA1() bool {
	return s.digest == crypto.SHA1 || s.method.algo == x509.SHA1WithRSA || s.method.algo == x509.ECDSAWithSHA1
}

func digestOf(uri string, sha1 bool) (crypto.Hash, bool) {
	switch uri {
	case nsDSig + "sha1":
		return crypto.SHA1, sha1
	case "http://www.w3.org/2001/04/xmlenc#sha256":
		return crypto.SHA256, true
	case "http://www.w3.org/2001/04/xmldsig-more#sha384":
		return crypto.SHA384, true
	case "http://www.w3.org/2001/04/xmlenc#sha512":
		return crypto.SHA512, true
	}
	return 0, false
}

// readSignature takes the signature of parent apart. Whatever is not exactly
// one reference to parent itself, by the usual transforms and algorithms of
// today, is refused before a key is touched.
func (t *trial) readSignature(parent *node, sha1 bool) (*signature, *Rejection) {
	sig := parent.child(nsDSig, "Signature")
	if r := t.stands(signatureShape(checkOrder(sig, []place{
		{nsDSig, []string{"SignedInfo"}, 1, 1}, {nsDSig, []string{"SignatureValue"}, 1, 1}, {nsDSig, []string{"KeyInfo"}, 0, 1},
	}))); r != nil {
		return nil, r
	}
	s := signature{trial: t, lax: sha1}
	if r := s.readInfo(sig.child(nsDSig, "SignedInfo"), parent.value("ID")); r != nil {
		return nil, r
	}
	value, ok := decodeText(sig.child(nsDSig, "SignatureValue"))
	if !ok && t.makes(ReasonSignatureShape) {
		return nil, reject(ReasonSignatureShape, "SignatureValue is not base64")
	}
	s.value = value
	t.pass(ReasonSignatureShape, ReasonC14N, ReasonSignatureAlgorithm, ReasonReference, ReasonTransform, ReasonDigestAlgorithm)
	return &s, nil
}

// readInfo reads SignedInfo of a signature over the element with that ID.
func (s *signature) readInfo(info *node, id string) *Rejection {
	if r := s.stands(signatureShape(checkOrder(info, []place{
		{nsDSig, []string{"CanonicalizationMethod"}, 1, 1}, {nsDSig, []string{"SignatureMethod"}, 1, 1}, {nsDSig, []string{"Reference"}, 1, many},
	}))); r != nil {
		return r
	}
	if r := s.readMethods(info); r != nil {
		return r
	}
	return s.readReference(info, id)
}

func signatureShape(r *Rejection) *Rejection {
	if r != nil {
		r.Reason = ReasonSignatureShape
	}
	return r
}

func (s *signature) readMethods(info *node) *Rejection {
	c14n := info.child(nsDSig, "CanonicalizationMethod")
	if (!algorithm(c14n, nsExcC14N) || !prefixListOnly(c14n)) && s.makes(ReasonC14N) {
		return reject(ReasonC14N, "SignedInfo is not in exclusive canonical form without comments")
	}
	s.infoPrefixes = prefixList(c14n)
	sm := info.child(nsDSig, "SignatureMethod")
	known := methods(s.lax || !s.makes(ReasonSignatureAlgorithm))
	i := slices.IndexFunc(known, func(m method) bool { return algorithm(sm, m.uri) })
	if i < 0 || !leaf(sm) {
		return reject(ReasonSignatureAlgorithm, "the signature method is not allowed")
	}
	s.method = known[i]
	return nil
}

// readReference wants one reference to the very element that holds the
// signature. XML Signature knows more: an empty URI for the whole document,
// none at all, several of which a verifier may pick the wrong one.
func (s *signature) readReference(info *node, id string) *Rejection {
	refs := info.all(nsDSig, "Reference")
	if len(refs) == 0 || len(refs) > 1 && s.makes(ReasonReference) {
		return reject(ReasonReference, "%d references", len(refs))
	}
	ref := refs[0]
	if uri, ok := ref.attr("URI"); (!ok || uri != "#"+id || len(ref.attrs) != 1) && s.makes(ReasonReference) {
		return reject(ReasonReference, "the reference is not to the element that holds the signature")
	}
	if r := s.stands(signatureShape(checkOrder(ref, []place{
		{nsDSig, []string{"Transforms"}, 1, 1}, {nsDSig, []string{"DigestMethod"}, 1, 1}, {nsDSig, []string{"DigestValue"}, 1, 1},
	}))); r != nil {
		return r
	}
	transforms := ref.child(nsDSig, "Transforms")
	if r := s.stands(checkTransforms(transforms)); r != nil {
		return r
	}
	s.prefixes = prefixList(transforms.kids[len(transforms.kids)-1])
	return s.readDigest(ref)
}

func (s *signature) readDigest(ref *node) *Rejection {
	dm := ref.child(nsDSig, "DigestMethod")
	hash, ok := digestOf(dm.value("Algorithm"), s.lax || !s.makes(ReasonDigestAlgorithm))
	if !ok || len(dm.attrs) != 1 || !leaf(dm) {
		return reject(ReasonDigestAlgorithm, "the digest method is not allowed")
	}
	sum, ok := decodeText(ref.child(nsDSig, "DigestValue"))
	if !ok || len(sum) != hash.Size() {
		return reject(ReasonSignatureShape, "DigestValue does not fit its method")
	}
	s.digest, s.sum = hash, sum
	return nil
}

// checkTransforms wants the two that Core §5.4.4 allows, in the order that
// makes sense: cut out the signature, then canonicalise.
func checkTransforms(t *node) *Rejection {
	if len(t.kids) != 2 || !t.kids[0].is(nsDSig, "Transform") || !t.kids[1].is(nsDSig, "Transform") ||
		!t.blank() || len(t.attrs) != 0 {
		return reject(ReasonTransform, "%d transforms", len(t.kids))
	}
	enveloped, c14n := t.kids[0], t.kids[1]
	if !algorithm(enveloped, nsDSig+"enveloped-signature") || !leaf(enveloped) {
		return reject(ReasonTransform, "the first transform is not the enveloped signature")
	}
	if !algorithm(c14n, nsExcC14N) || !prefixListOnly(c14n) {
		return reject(ReasonTransform, "the second transform is not exclusive canonicalisation without comments")
	}
	return nil
}

// algorithm says that Algorithm is uri and that there is no other attribute.
func algorithm(n *node, uri string) bool {
	return n.value("Algorithm") == uri && len(n.attrs) == 1
}

func leaf(n *node) bool { return len(n.kids) == 0 && n.blank() }

// prefixListOnly allows the one parameter that exclusive c14n has.
func prefixListOnly(n *node) bool {
	if !n.blank() || len(n.kids) > 1 {
		return false
	}
	if len(n.kids) == 0 {
		return true
	}
	list := n.kids[0]
	_, ok := list.attr("PrefixList")
	return list.is(nsExcC14N, "InclusiveNamespaces") && ok && len(list.attrs) == 1 && leaf(list)
}

func prefixList(n *node) string {
	if list := n.child(nsExcC14N, "InclusiveNamespaces"); list != nil {
		return list.value("PrefixList")
	}
	return ""
}

// decodeText decodes base64 with white space anywhere.
func decodeText(n *node) ([]byte, bool) {
	if len(n.kids) > 0 {
		return nil, false
	}
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.text()), ""))
	return b, err == nil && len(b) > 0
}

// encodedFor returns the signature in the encoding that Go verifies. XML
// Signature writes ECDSA as r and s, each as long as the curve's order
// (RFC 4050 §3.3, RFC 6931 §2.3.6); Go reads ASN.1.
func (s *signature) encodedFor(cert *x509.Certificate) ([]byte, bool) {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return s.value, !s.method.ecdsa
	case *ecdsa.PublicKey:
		size := (key.Curve.Params().BitSize + 7) / 8
		if !s.method.ecdsa || len(s.value) != 2*size {
			return nil, false
		}
		var rs struct{ R, S *big.Int }
		rs.R, rs.S = new(big.Int).SetBytes(s.value[:size]), new(big.Int).SetBytes(s.value[size:])
		der, err := asn1.Marshal(rs)
		return der, err == nil
	}
	return nil, false
}
