package idptest

import (
	"encoding/base64"

	"github.com/beevik/etree"
)

// signatureAttacks are about where signatures are, and how many.
func signatureAttacks() []Misbehaviour {
	both, onResponse := Sign(true, true), Sign(false, true)
	block := func(e ...edit) Option {
		return SignWith(func(g *Signing) { g.EditBlock = func(s *etree.Element) { apply(e, s) } })
	}
	return rows(ClassSignature,
		pair("signature of the assertion stripped", "no_signature", Tamper(drop("Signature"))),
		pair("signature of the response stripped", "no_signature", Tamper(drop("Signature")), onResponse),
		pair("both signatures stripped", "no_signature", Tamper(drop("Signature"), drop("Signature")), both),
		pair("nothing was ever signed", "no_signature", Sign(false, false)),
		pair("NameID changed after signing", "digest_mismatch", Tamper(setText("NameID", "mallory@example.com"))),
		pair("attribute changed after signing", "digest_mismatch", Tamper(email(setText("AttributeValue", "mallory@example.com")))),
		pair("attribute added after signing", "digest_mismatch", Tamper(within("AttributeStatement", double("Attribute")))),
		pair("assertion changed below a signed response", "digest_mismatch", Tamper(setText("NameID", "mallory@example.com")), onResponse),
		pair("assertion changed, response signed anew by nobody", "digest_mismatch", Tamper(setAttr("Response", "InResponseTo", "_other")), onResponse),
		pair("one byte of the signature flipped", "signature_invalid", block(flip("SignatureValue"))),
		pair("digest replaced by that of other content", "signature_invalid", block(flip("DigestValue"))),
		pair("signature value empty", "signature_shape", block(setText("SignatureValue", ""))),
		pair("signature value missing", "signature_shape", block(drop("SignatureValue"))),
		pair("signature without SignedInfo", "signature_shape", block(drop("SignedInfo"))),
		pair("two signatures on the assertion", "several_signatures", Tamper(double("Signature"))),
		pair("signature last in the assertion", "misplaced_signature", SignWith(func(g *Signing) { g.AtEnd = true })),
		pair("signature last in the response", "misplaced_signature", SignWith(func(g *Signing) { g.AtEnd = true }), onResponse),
		pair("signature before the issuer", "misplaced_signature", Tamper(within("Assertion", signatureFirst))),
		pair("signature inside the subject", "misplaced_signature", Tamper(moveSignature("Subject"))),
		pair("signature inside the status", "misplaced_signature", Tamper(moveSignature("Status")), onResponse),
		pair("signature of the response moved into the assertion", "reference", Tamper(moveSignatureIntoAssertion), onResponse),
		pair("SignedInfo twice, forged one first", "signature_shape", block(forgedInfo(0))),
		pair("SignedInfo twice, forged one last", "signature_shape", block(forgedInfo(1))),
		pair("SignatureValue twice", "signature_shape", block(double("SignatureValue", flip("SignatureValue")))),
		pair("signature with an Object", "signature_shape", block(appendTo("Signature", "Object"))),
	)
}

// flip changes the first byte of a base64 text.
func flip(tag string) edit {
	return on(tag, func(e *etree.Element) {
		if b, err := base64.StdEncoding.DecodeString(e.Text()); err == nil && len(b) > 0 {
			b[0] ^= 1
			e.SetText(base64.StdEncoding.EncodeToString(b))
		}
	})
}

func signatureFirst(a *etree.Element) {
	sig := child(a, "Signature")
	a.RemoveChild(sig)
	a.InsertChildAt(0, sig)
}

// moveSignature hangs the first signature into another element.
func moveSignature(into string) edit {
	return func(root *etree.Element) {
		sig, to := find(root, "Signature"), find(root, into)
		sig.Parent().RemoveChild(sig)
		to.AddChild(sig)
	}
}

func moveSignatureIntoAssertion(root *etree.Element) {
	sig, a := child(root, "Signature"), child(root, "Assertion")
	root.RemoveChild(sig)
	a.InsertChildAt(child(a, "Issuer").Index()+1, sig)
}

// forgedInfo adds a SignedInfo with another digest beside the signed one
// (CVE-2025-29774).
func forgedInfo(offset int) edit {
	return on("SignedInfo", func(info *etree.Element) {
		forged := standalone(info)
		flip("DigestValue")(forged)
		info.Parent().InsertChildAt(info.Index()+offset, forged)
	})
}
