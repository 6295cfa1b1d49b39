package idptest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	_ "crypto/md5" // #nosec: refused by verifiers, hence made here
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// The algorithms of XML Signature that Responses are made with, good and bad.
const (
	RSASHA1     = dsig.RSASHA1SignatureMethod
	RSASHA256   = dsig.RSASHA256SignatureMethod
	RSASHA384   = dsig.RSASHA384SignatureMethod
	RSASHA512   = dsig.RSASHA512SignatureMethod
	RSAMD5      = "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"
	ECDSASHA1   = dsig.ECDSASHA1SignatureMethod
	ECDSASHA256 = dsig.ECDSASHA256SignatureMethod
	ECDSASHA384 = dsig.ECDSASHA384SignatureMethod
	ECDSASHA512 = dsig.ECDSASHA512SignatureMethod
	HMACSHA256  = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"

	DigestMD5    = "http://www.w3.org/2001/04/xmldsig-more#md5"
	DigestSHA1   = "http://www.w3.org/2000/09/xmldsig#sha1"
	DigestSHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
	DigestSHA384 = "http://www.w3.org/2001/04/xmldsig-more#sha384"
	DigestSHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"

	ExclusiveC14N = string(dsig.CanonicalXML10ExclusiveAlgorithmId)
	InclusiveC14N = string(dsig.CanonicalXML10RecAlgorithmId)
	enveloped     = string(dsig.EnvelopedSignatureAltorithmId)
)

// Signing says how a signature is made.
type Signing struct {
	Key       crypto.Signer
	KeyInfo   []*x509.Certificate // none = no KeyInfo
	HMAC      []byte              // secret for HMACSHA256
	Method    string              // "" = SHA-256 with the kind of Key
	Digest    string              // "" = SHA-256
	C14N      string              // "" = exclusive, of content and SignedInfo
	Prefixes  string              // InclusiveNamespaces of exclusive C14N, as OpenSAML writes them
	AtEnd     bool                // after all other children; the schema wants it right after Issuer
	DER       bool                // ECDSA as ASN.1, against XML Signature §6.4.3
	EditInfo  func(signedInfo *etree.Element)
	EditBlock func(signature *etree.Element) // the finished Signature: what an attacker without the key can do
}

// Sign puts an enveloped signature into el, behind its Issuer. It must be the
// last that is done to el, which may hang in a document.
func (g Signing) Sign(el *etree.Element) error { return g.sign(StyleSAML, el) }

// sign puts an enveloped signature (XML Signature §6.6.4) into el, which must
// hang where it will be sent and hold its final content.
func (g Signing) sign(s Style, el *etree.Element) error {
	g = g.defaults()
	digest, err := g.digest(el)
	if err != nil {
		return err
	}
	sig := s.add(nil, signatureNS, "Signature")
	at := len(el.Child)
	if issuer := child(el, "Issuer"); issuer != nil && !g.AtEnd { // SAML Core §2.3.3, §3.2.2: ds:Signature follows Issuer
		at = issuer.Index() + 1
	}
	el.InsertChildAt(at, sig)
	info := g.signedInfo(s, sig, "#"+el.SelectAttrValue("ID", ""), digest)
	if g.EditInfo != nil {
		g.EditInfo(info)
	}
	canonical, err := canonicalize(info, g.C14N, "")
	if err != nil {
		return err
	}
	value, err := g.value(canonical)
	if err != nil {
		return err
	}
	s.text(sig, signatureNS, "SignatureValue", base64.StdEncoding.EncodeToString(value))
	if len(g.KeyInfo) > 0 {
		data := s.add(s.add(sig, signatureNS, "KeyInfo"), signatureNS, "X509Data")
		for _, c := range g.KeyInfo {
			s.text(data, signatureNS, "X509Certificate", base64.StdEncoding.EncodeToString(c.Raw))
		}
	}
	if g.EditBlock != nil {
		g.EditBlock(sig)
	}
	return nil
}

func (g Signing) defaults() Signing {
	if g.Method == "" {
		g.Method = RSASHA256
		if _, ok := g.Key.(*ecdsa.PrivateKey); ok {
			g.Method = ECDSASHA256
		}
	}
	if g.Digest == "" {
		g.Digest = DigestSHA256
	}
	if g.C14N == "" {
		g.C14N = ExclusiveC14N
	}
	return g
}

func (g Signing) signedInfo(s Style, sig *etree.Element, uri string, digest []byte) *etree.Element {
	info := s.add(sig, signatureNS, "SignedInfo")
	s.add(info, signatureNS, "CanonicalizationMethod", "Algorithm", g.C14N)
	s.add(info, signatureNS, "SignatureMethod", "Algorithm", g.Method)
	ref := s.add(info, signatureNS, "Reference", "URI", uri)
	transforms := s.add(ref, signatureNS, "Transforms")
	s.add(transforms, signatureNS, "Transform", "Algorithm", enveloped)
	last := s.add(transforms, signatureNS, "Transform", "Algorithm", g.C14N)
	if g.Prefixes != "" { // Exclusive XML Canonicalization §4
		e := last.CreateElement("ec:InclusiveNamespaces")
		setAttrs(e, "xmlns:ec", ExclusiveC14N, "PrefixList", g.Prefixes)
	}
	s.add(ref, signatureNS, "DigestMethod", "Algorithm", g.Digest)
	s.text(ref, signatureNS, "DigestValue", base64.StdEncoding.EncodeToString(digest))
	return info
}

func (g Signing) digest(el *etree.Element) ([]byte, error) {
	canonical, err := canonicalize(el, g.C14N, g.Prefixes)
	if err != nil {
		return nil, err
	}
	h, err := hashOf(g.Digest)
	if err != nil {
		return nil, err
	}
	return sum(h, canonical), nil
}

// value signs the canonical SignedInfo.
func (g Signing) value(canonical []byte) ([]byte, error) {
	h, err := hashOf(g.Method)
	if err != nil {
		return nil, err
	}
	if strings.Contains(g.Method, "hmac") {
		m := hmac.New(h.New, g.HMAC)
		m.Write(canonical)
		return m.Sum(nil), nil
	}
	switch k := g.Key.(type) {
	case *rsa.PrivateKey:
		return rsa.SignPKCS1v15(nil, k, h, sum(h, canonical))
	case *ecdsa.PrivateKey:
		if g.DER {
			return k.Sign(rand.Reader, sum(h, canonical), h)
		}
		return rawECDSA(k, sum(h, canonical))
	}
	return nil, fmt.Errorf("signing with a key of type %T is not supported", g.Key)
}

// rawECDSA returns r‖s, each as long as the curve's order (XML Signature §6.4.3).
func rawECDSA(k *ecdsa.PrivateKey, digest []byte) ([]byte, error) {
	r, s, err := ecdsa.Sign(rand.Reader, k, digest)
	if err != nil {
		return nil, fmt.Errorf("signing with ECDSA: %w", err)
	}
	n := (k.Params().BitSize + 7) / 8
	out := make([]byte, 2*n)
	r.FillBytes(out[:n])
	s.FillBytes(out[n:])
	return out, nil
}

func sum(h crypto.Hash, b []byte) []byte {
	d := h.New()
	d.Write(b)
	return d.Sum(nil)
}

// hashOf reads the hash out of an algorithm URI.
func hashOf(uri string) (crypto.Hash, error) {
	for suffix, h := range map[string]crypto.Hash{
		"md5": crypto.MD5, "sha1": crypto.SHA1, "sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512,
	} {
		if strings.HasSuffix(uri, suffix) {
			return h, nil
		}
	}
	return 0, fmt.Errorf("no hash is known for algorithm %q", uri)
}

// canonicalize returns the canonical bytes of el in the place where it hangs.
// prefixes are those that exclusive C14N treats inclusively.
func canonicalize(el *etree.Element, algorithm, prefixes string) ([]byte, error) {
	var c dsig.Canonicalizer
	switch dsig.AlgorithmID(algorithm) {
	case dsig.CanonicalXML10ExclusiveAlgorithmId:
		c = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(prefixes)
	case dsig.CanonicalXML10ExclusiveWithCommentsAlgorithmId:
		c = dsig.MakeC14N10ExclusiveWithCommentsCanonicalizerWithPrefixList(prefixes)
	case dsig.CanonicalXML10RecAlgorithmId:
		c = dsig.MakeC14N10RecCanonicalizer()
	case dsig.CanonicalXML11AlgorithmId:
		c = dsig.MakeC14N11Canonicalizer()
	default:
		return nil, fmt.Errorf("no canonicalization is known for algorithm %q", algorithm)
	}
	out, err := c.Canonicalize(standalone(el))
	if err != nil {
		return nil, fmt.Errorf("canonicalizing %s: %w", el.Tag, err)
	}
	return out, nil
}
