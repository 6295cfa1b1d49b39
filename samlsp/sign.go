package samlsp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// algorithm is the URI of the signature method of a key: always SHA-256.
func (k KeyPair) algorithm() string {
	if _, ok := k.Key.Public().(*ecdsa.PublicKey); ok {
		return dsig.ECDSASHA256SignatureMethod
	}
	return dsig.RSASHA256SignatureMethod
}

// sign returns the signature over data in the encoding of XML Signature.
func (k KeyPair) sign(data []byte) ([]byte, error) {
	sum := sha256.Sum256(data)
	value, err := k.Key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return k.encode(value)
}

// encode turns an ECDSA signature from ASN.1 into r and s of equal length
// (RFC 6931 §2.3.6); RSA needs nothing.
func (k KeyPair) encode(value []byte) ([]byte, error) {
	public, ok := k.Key.Public().(*ecdsa.PublicKey)
	if !ok {
		return value, nil
	}
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(value, &rs); err != nil {
		return nil, fmt.Errorf("signing: reading the ECDSA signature: %w", err)
	}
	size := (public.Curve.Params().BitSize + 7) / 8
	out := make([]byte, 2*size)
	rs.R.FillBytes(out[:size])
	rs.S.FillBytes(out[size:])
	return out, nil
}

// behindIssuer is the place of a signature in a message: behind its first child
// (Core §3.2.1).
const behindIssuer = 1

// signElement adds an enveloped signature to el, as the child at that place.
func (k KeyPair) signElement(el *etree.Element, at int) error {
	ctx, err := dsig.NewSigningContext(k.Key, [][]byte{k.Certificate.Raw})
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if err := ctx.SetSignatureMethod(k.algorithm()); err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	sig, err := ctx.ConstructSignature(el.Copy(), true)
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	text := childElement(sig, dsig.SignatureValueTag)
	raw, err := base64.StdEncoding.DecodeString(text.Text())
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	value, err := k.encode(raw)
	if err != nil {
		return err
	}
	text.SetText(base64.StdEncoding.EncodeToString(value))
	el.InsertChildAt(at, sig)
	return nil
}

// childElement returns the first child of that tag, or nil.
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
