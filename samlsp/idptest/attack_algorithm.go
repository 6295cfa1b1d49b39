package idptest

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"

	"github.com/beevik/etree"
)

// algorithmAttacks use cryptography that is broken, or that means something
// else than the verifier's key (XML Signature §6; IIP-ALG).
func algorithmAttacks() []Misbehaviour {
	method := func(uri string) Option {
		return Together(SignWith(func(g *Signing) { g.EditBlock = setAttr("SignatureMethod", "Algorithm", uri) }))
	}
	return rows(ClassAlgorithm,
		pair("RSA with SHA-1", "signature_algorithm", Algorithms(RSASHA1, DigestSHA256)),
		pair("SHA-1 digest", "digest_algorithm", Algorithms(RSASHA256, DigestSHA1)),
		pair("RSA with MD5", "signature_algorithm", Algorithms(RSAMD5, DigestSHA256)),
		pair("MD5 digest", "digest_algorithm", Algorithms(RSASHA256, DigestMD5)),
		pair("ECDSA with SHA-1", "signature_algorithm", Algorithms(ECDSASHA1, DigestSHA256), useECDSA()),
		pair("HMAC with the public key as secret", "signature_algorithm", hmacWith(publicKeyDER)),
		pair("HMAC with the PEM certificate as secret", "signature_algorithm", hmacWith(certificatePEM)),
		pair("HMAC with an empty secret", "signature_algorithm", hmacWith(func(*x509.Certificate) []byte { return nil })),
		pair("no algorithm named", "signature_algorithm", method("")),
		pair("algorithm none", "signature_algorithm", method("none")),
		pair("RSA-PSS", "signature_algorithm", method("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1")),
		pair("DSA", "signature_algorithm", method("http://www.w3.org/2009/xmldsig11#dsa-sha256")),
		pair("EdDSA", "signature_algorithm", method("http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519")),
		pair("garbage behind the signature value", "signature_shape", SignWith(func(g *Signing) {
			g.EditBlock = on("SignatureValue", func(v *etree.Element) { v.SetText(v.Text() + "AAA") })
		})),
		pair("algorithm with a blank behind", "signature_algorithm", method(RSASHA256+" ")),
		pair("RSA signature called ECDSA", "signature_invalid", method(ECDSASHA256)),
		pair("ECDSA signature called RSA", "signature_invalid", method(RSASHA256), useECDSA()),
		pair("RSA-SHA256 signature called RSA-SHA512", "signature_invalid", method(RSASHA512)),
		pair("ECDSA signature of zeros", "signature_invalid", SignWith(func(g *Signing) {
			g.EditBlock = setText("SignatureValue", base64.StdEncoding.EncodeToString(make([]byte, 64)))
		}), useECDSA()),
		pair("ECDSA signature in ASN.1", "signature_invalid", SignWith(func(g *Signing) { g.DER = true }), useECDSA()),
		pair("ECDSA signature of odd length", "signature_invalid", SignWith(func(g *Signing) { g.EditBlock = lengthen }), useECDSA()),
		pair("no SignatureMethod", "signature_shape", SignWith(func(g *Signing) { g.EditBlock = drop("SignatureMethod") })),
		pair("no DigestMethod", "signature_shape", SignWith(func(g *Signing) { g.EditInfo = drop("DigestMethod") })),
	)
}

// useECDSA signs with the published ECDSA key.
func useECDSA() Option {
	return func(m *message) {
		for _, k := range m.idp.also {
			if k.Certificate.PublicKeyAlgorithm == x509.ECDSA {
				SignedBy(k)(m)
				return
			}
		}
		m.err = errors.New("the identity provider has no ECDSA key")
	}
}

// hmacWith signs with a "secret" that everybody knows.
func hmacWith(secret func(*x509.Certificate) []byte) Option {
	return func(m *message) {
		m.signing.Method, m.signing.HMAC = HMACSHA256, secret(m.idp.key.Certificate)
	}
}

func publicKeyDER(c *x509.Certificate) []byte { return c.RawSubjectPublicKeyInfo }

func certificatePEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// lengthen puts a zero byte in front, so that halves are no longer r and s.
func lengthen(sig *etree.Element) {
	v := find(sig, "SignatureValue")
	if raw, err := base64.StdEncoding.DecodeString(v.Text()); err == nil {
		n := new(big.Int).SetBytes(raw)
		v.SetText(base64.StdEncoding.EncodeToString(n.FillBytes(make([]byte, len(raw)+1))))
	}
}

// keyAttacks are signed well, by somebody else.
func keyAttacks() []Misbehaviour {
	return rows(ClassKey,
		pair("signed by a stranger who shows his certificate", "signature_invalid", stranger(func(g *Signing, k Key) {})),
		pair("signed by a stranger without KeyInfo", "signature_invalid", stranger(func(g *Signing, k Key) { g.KeyInfo = nil })),
		pair("signed by a stranger who shows the genuine certificate", "signature_invalid", strangerShowing(func(m *message, k Key) []*x509.Certificate {
			return m.idp.Certificates()[:1]
		})),
		pair("signed by a stranger who shows both certificates", "signature_invalid", strangerShowing(func(m *message, k Key) []*x509.Certificate {
			return append(m.idp.Certificates()[:1], k.Certificate)
		})),
		pair("response signed by a stranger, assertion genuine", "signature_invalid", Tamper(func(root *etree.Element) {
			flip("SignatureValue")(child(root, "Signature"))
		}), Sign(true, true)),
	)
}

func stranger(change func(*Signing, Key)) Option {
	return func(m *message) {
		k, err := m.idp.stranger()
		if err != nil {
			m.err = err
			return
		}
		SignedBy(k)(m)
		change(&m.signing, k)
	}
}

func strangerShowing(certs func(*message, Key) []*x509.Certificate) Option {
	return func(m *message) {
		stranger(func(g *Signing, k Key) { g.KeyInfo = certs(m, k) })(m)
	}
}
