package idptest

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"math/big"

	"github.com/beevik/etree"
)

// rawToDER rewrites an ECDSA SignatureValue from r‖s (XML Signature §6.4.3)
// to the ASN.1 that crypto/x509 reads; other keys stay as they are.
func rawToDER(sig *etree.Element, c *x509.Certificate) {
	if _, ok := c.PublicKey.(*ecdsa.PublicKey); !ok {
		return
	}
	value := child(sig, "SignatureValue")
	if value == nil {
		return
	}
	raw, err := base64.StdEncoding.DecodeString(value.Text())
	if err != nil {
		return
	}
	n := len(raw) / 2
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:n]), new(big.Int).SetBytes(raw[n:])})
	if err != nil {
		return
	}
	value.SetText(base64.StdEncoding.EncodeToString(der))
}
