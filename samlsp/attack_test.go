package samlsp

import (
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"
)

// evil is an assertion of the attacker's making, unsigned.
func evil(t testing.TB, id string) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(strings.Replace(goodXML(), "Ana@Example.com", "root@example.com", 1)); err != nil {
		t.Fatal(err)
	}
	a := standalone(childElement(doc.Root(), "Assertion"))
	a.CreateAttr("ID", id)
	return a
}

// Signature wrapping: the genuine, signed assertion moves somewhere, or another
// one joins it, in the hope that the signature is found in one place and the
// person is read in another.
func TestWrapping(t *testing.T) {
	genuine := func(root *etree.Element) *etree.Element { return childElement(root, "Assertion") }
	sigOf := func(a *etree.Element) *etree.Element { return childElement(a, "Signature") }
	for _, row := range []struct {
		name string
		want Reason
		edit func(root *etree.Element)
	}{
		{"evil first", ReasonSeveralAssertions, func(root *etree.Element) { root.InsertChildAt(2, evil(t, "_evil")) }},
		{"evil last", ReasonSeveralAssertions, func(root *etree.Element) { root.AddChild(evil(t, "_evil")) }},
		{"evil with the same ID", ReasonSeveralAssertions, func(root *etree.Element) { root.AddChild(evil(t, "_a1")) }},
		{"genuine inside extensions", ReasonMisplacedAssertion, func(root *etree.Element) {
			a := genuine(root)
			root.RemoveChild(a)
			x := etree.NewElement("samlp:Extensions")
			x.AddChild(a)
			root.InsertChildAt(1, x)
			root.AddChild(evil(t, "_evil"))
		}},
		{"genuine inside the evil one's advice", ReasonMisplacedAssertion, func(root *etree.Element) {
			a, e := genuine(root), evil(t, "_evil")
			root.RemoveChild(a)
			advice := etree.NewElement("saml:Advice")
			advice.AddChild(a)
			e.InsertChildAt(3, advice)
			root.AddChild(e)
		}},
		{"genuine inside the evil one's signature object", ReasonMisplacedAssertion, func(root *etree.Element) {
			a, e := genuine(root), evil(t, "_evil")
			sig := sigOf(a)
			root.RemoveChild(a)
			a.RemoveChild(sig)
			sig.CreateElement("ds:Object").AddChild(a)
			e.InsertChildAt(1, sig)
			root.AddChild(e)
		}},
		{"evil inside the genuine one's signature object", ReasonMisplacedAssertion, func(root *etree.Element) {
			sigOf(genuine(root)).CreateElement("ds:Object").AddChild(evil(t, "_evil"))
		}},
		{"signature moved to the evil one", ReasonReference, func(root *etree.Element) {
			a, e := genuine(root), evil(t, "_evil")
			sig := sigOf(a)
			a.RemoveChild(sig)
			root.RemoveChild(a)
			e.InsertChildAt(1, sig)
			root.AddChild(e)
		}},
		{"signature moved to an evil one of the same ID", ReasonDigestMismatch, func(root *etree.Element) {
			a, e := genuine(root), evil(t, "_a1")
			sig := sigOf(a)
			a.RemoveChild(sig)
			root.RemoveChild(a)
			e.InsertChildAt(1, sig)
			root.AddChild(e)
		}},
		{"signature moved to the response", ReasonReference, func(root *etree.Element) {
			a := genuine(root)
			sig := sigOf(a)
			a.RemoveChild(sig)
			root.InsertChildAt(1, sig)
		}},
		{"response inside the evil response", ReasonMisplacedAssertion, func(root *etree.Element) {
			inner := root.Copy()
			x := etree.NewElement("samlp:Extensions")
			x.AddChild(inner)
			root.InsertChildAt(1, x)
		}},
		{"evil as a value", ReasonMisplacedAssertion, func(root *etree.Element) {
			genuine(root).FindElement("//AttributeValue").AddChild(evil(t, "_evil"))
		}},
		{"evil in another namespace", ReasonMisplacedAssertion, func(root *etree.Element) {
			genuine(root).FindElement("//AttributeValue").CreateElement("x:assertion").CreateAttr("xmlns:x", "urn:x")
		}},
		{"one ID on another element", ReasonDuplicateID, func(root *etree.Element) {
			genuine(root).FindElement("//AuthnStatement").CreateAttr("Id", "_a1")
		}},
		{"xml:id", ReasonID, func(root *etree.Element) { genuine(root).CreateAttr("xml:id", "_a2") }},
		{"xml:id where no ID is", ReasonID, func(root *etree.Element) { childElement(root, "Status").CreateAttr("xml:id", "_a2") }},
		{"ID of 257 letters", ReasonID, func(root *etree.Element) { root.CreateAttr("ID", strings.Repeat("r", 257)) }},
		{"response inside the status", ReasonMisplacedAssertion, func(root *etree.Element) {
			childElement(root, "Status").CreateElement("samlp:StatusDetail").CreateElement("samlp:Response")
		}},
		{"signature of another language", ReasonMisplacedSignature, func(root *etree.Element) {
			s := etree.NewElement("x:Signature")
			s.CreateAttr("xmlns:x", "urn:x")
			root.InsertChildAt(1, s)
		}},
		{"second kind of ID", ReasonID, func(root *etree.Element) { genuine(root).CreateAttr("Id", "_evil") }},
		{"no ID", ReasonID, func(root *etree.Element) { genuine(root).RemoveAttr("ID") }},
		{"two signatures", ReasonSeveralSignatures, func(root *etree.Element) {
			a := genuine(root)
			a.InsertChildAt(2, sigOf(a).Copy())
		}},
		{"signature at the end", ReasonMisplacedSignature, func(root *etree.Element) {
			a := genuine(root)
			sig := sigOf(a)
			a.RemoveChild(sig)
			a.AddChild(sig)
		}},
		{"signature in a value", ReasonMisplacedSignature, func(root *etree.Element) {
			genuine(root).FindElement("//AttributeValue").AddChild(sigOf(genuine(root)).Copy())
		}},
		{"signature stripped", ReasonNoSignature, func(root *etree.Element) { genuine(root).RemoveChild(sigOf(genuine(root))) }},
		{"assertion stripped", ReasonNoAssertion, func(root *etree.Element) { root.RemoveChild(genuine(root)) }},
		{"assertion encrypted", ReasonEncryptionShape, func(root *etree.Element) {
			root.RemoveChild(genuine(root))
			root.CreateElement("saml:EncryptedAssertion")
		}},
		{"unknown child of the response", ReasonChildOrder, func(root *etree.Element) { root.CreateElement("samlp:Other") }},
		{"status behind the assertion", ReasonChildOrder, func(root *etree.Element) {
			s := childElement(root, "Status")
			root.RemoveChild(s)
			root.AddChild(s)
		}},
		{"text in the response", ReasonChildOrder, func(root *etree.Element) { root.AddChild(etree.NewText("x")) }},
	} {
		m := good()
		m.editTree = row.edit
		deny(t, row.name, row.want, m)
	}
}

// What may stand in a signature, and what not: the certificate's owner never
// made these, or an identity provider should not.
func TestSignatureForms(t *testing.T) {
	find := func(root *etree.Element, path string) *etree.Element { return root.FindElement("//Signature" + path) }
	algorithm := func(path, uri string) func(*etree.Element) {
		return func(root *etree.Element) { find(root, path).CreateAttr("Algorithm", uri) }
	}
	for _, row := range []struct {
		name string
		want Reason
		edit func(root *etree.Element)
	}{
		{"RSA-SHA1", ReasonSignatureAlgorithm, algorithm("//SignatureMethod", "http://www.w3.org/2000/09/xmldsig#rsa-sha1")},
		{"HMAC", ReasonSignatureAlgorithm, algorithm("//SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")},
		{"SHA-1 digest", ReasonDigestAlgorithm, algorithm("//DigestMethod", "http://www.w3.org/2000/09/xmldsig#sha1")},
		{"inclusive c14n of SignedInfo", ReasonC14N, algorithm("//CanonicalizationMethod", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")},
		{"c14n of SignedInfo with comments", ReasonC14N, algorithm("//CanonicalizationMethod", nsExcC14N+"WithComments")},
		{"transform with comments", ReasonTransform, algorithm("//Transform[2]", nsExcC14N+"WithComments")},
		{"XSLT", ReasonTransform, algorithm("//Transform[2]", "http://www.w3.org/TR/1999/REC-xslt-19991116")},
		{"XPath", ReasonTransform, algorithm("//Transform[1]", "http://www.w3.org/TR/1999/REC-xpath-19991116")},
		{"one transform", ReasonTransform, func(root *etree.Element) { find(root, "//Transforms").RemoveChildAt(0) }},
		{"three transforms", ReasonTransform, func(root *etree.Element) {
			find(root, "//Transforms").AddChild(find(root, "//Transform").Copy())
		}},
		{"XPath inside the first transform", ReasonTransform, func(root *etree.Element) {
			find(root, "//Transform[1]").CreateElement("ds:XPath").SetText("1")
		}},
		{"unknown parameter of the second transform", ReasonTransform, func(root *etree.Element) {
			find(root, "//Transform[2]").CreateElement("ds:X")
		}},
		{"empty reference", ReasonReference, func(root *etree.Element) { find(root, "//Reference").CreateAttr("URI", "") }},
		{"no reference URI", ReasonReference, func(root *etree.Element) { find(root, "//Reference").RemoveAttr("URI") }},
		{"XPointer", ReasonReference, func(root *etree.Element) {
			find(root, "//Reference").CreateAttr("URI", "#xpointer(id('_a1'))")
		}},
		{"external reference", ReasonReference, func(root *etree.Element) {
			find(root, "//Reference").CreateAttr("URI", "https://evil.example/#_a1")
		}},
		{"typed reference", ReasonReference, func(root *etree.Element) { find(root, "//Reference").CreateAttr("Type", "x") }},
		{"two references", ReasonReference, func(root *etree.Element) {
			find(root, "/SignedInfo").AddChild(find(root, "//Reference").Copy())
		}},
		{"two SignedInfos", ReasonSignatureShape, func(root *etree.Element) {
			find(root, "").InsertChildAt(0, find(root, "/SignedInfo").Copy())
		}},
		{"object", ReasonSignatureShape, func(root *etree.Element) { find(root, "").CreateElement("ds:Object") }},
		{"output length", ReasonSignatureAlgorithm, func(root *etree.Element) {
			find(root, "//SignatureMethod").CreateElement("ds:HMACOutputLength").SetText("0")
		}},
		{"no value", ReasonSignatureShape, func(root *etree.Element) { find(root, "/SignatureValue").SetText("") }},
		{"value that is not base64", ReasonSignatureShape, func(root *etree.Element) { find(root, "/SignatureValue").SetText("!") }},
		{"short digest", ReasonSignatureShape, func(root *etree.Element) { find(root, "//DigestValue").SetText("AAAA") }},
		{"other digest", ReasonSignatureInvalid, func(root *etree.Element) {
			find(root, "//DigestValue").SetText(base64.StdEncoding.EncodeToString(make([]byte, 32)))
		}},
		{"cut value", ReasonSignatureInvalid, func(root *etree.Element) {
			v := find(root, "/SignatureValue")
			b, _ := base64.StdEncoding.DecodeString(v.Text())
			v.SetText(base64.StdEncoding.EncodeToString(b[:len(b)-1]))
		}},
		{"one character of a value", ReasonDigestMismatch, func(root *etree.Element) { root.FindElement("//NameID").SetText("n-2") }},
		{"one attribute", ReasonDigestMismatch, func(root *etree.Element) { root.FindElement("//NameID").CreateAttr("SPNameQualifier", "r") }},
		{"a name", ReasonDigestMismatch, func(root *etree.Element) { root.FindElement("//Attribute[1]").CreateAttr("Name", "Mail") }},
		{"white space", ReasonDigestMismatch, func(root *etree.Element) { root.FindElement("//AttributeStatement").AddChild(etree.NewText("\n")) }},
		{"a namespace behind a prefix", ReasonDigestMismatch, func(root *etree.Element) {
			root.FindElement("//AttributeValue[1]").CreateAttr("xmlns:xsi", "urn:other")
		}},
	} {
		m := good()
		m.editTree = row.edit
		deny(t, row.name, row.want, m)
	}
}

func TestKeyInfoIsIgnored(t *testing.T) {
	m := good()
	m.signWith = testKeys().p256 // the attacker's key, with his certificate beside the signature
	deny(t, "key of nobody we know", ReasonSignatureInvalid, m)
	m = good()
	m.editTree = func(root *etree.Element) {
		root.FindElement("//X509Certificate").SetText(base64.StdEncoding.EncodeToString(testKeys().p256.Certificate.Raw))
	}
	allow(t, "another certificate in KeyInfo", m)
	m = good()
	m.editTree = func(root *etree.Element) {
		sig := root.FindElement("//Signature")
		sig.RemoveChild(childElement(sig, "KeyInfo"))
	}
	m.idp.Certificates = []*x509.Certificate{testKeys().p256.Certificate, testKeys().weak.Certificate, testKeys().rsa.Certificate}
	allow(t, "rollover without KeyInfo", m)
	m = good()
	m.signWith = testKeys().weak
	m.idp.Certificates = append(m.idp.Certificates, testKeys().weak.Certificate)
	deny(t, "RSA of 1024 bits", ReasonSignatureInvalid, m)
}

func TestSignedPartPolicy(t *testing.T) {
	for _, row := range []struct {
		require             SignedPart
		response, assertion bool
		want                Reason // ReasonInternal: accepted
	}{
		{SignedResponse, false, true, ReasonSignedPart},
		{SignedAssertion, true, false, ReasonSignedPart},
		{SignedBoth, true, false, ReasonSignedPart},
		{SignedBoth, false, true, ReasonSignedPart},
		{SignedEither, false, false, ReasonNoSignature},
		{SignedResponse, true, false, ReasonInternal},
		{SignedAssertion, false, true, ReasonInternal},
		{SignedBoth, true, true, ReasonInternal},
	} {
		m := good()
		m.idp.Require, m.response, m.assertion = row.require, row.response, row.assertion
		if row.want == ReasonInternal {
			allow(t, string(row.require), m)
		} else {
			deny(t, string(row.require), row.want, m)
		}
	}
}

// XML Signature writes r and s side by side; other lengths and ASN.1 are no
// signature (RFC 6931 §2.3.6).
func TestECDSAEncoding(t *testing.T) {
	for name, change := range map[string]func([]byte) []byte{
		"ASN.1":      func(b []byte) []byte { return append([]byte{0x30, 0x44, 2, 32}, b...) },
		"padded":     func(b []byte) []byte { return slices.Concat([]byte{0}, b[:32], []byte{0}, b[32:]) },
		"odd length": func(b []byte) []byte { return b[:63] },
		"zeros":      func(b []byte) []byte { return make([]byte, 64) },
	} {
		m := fixedGood()
		m.editTree = func(root *etree.Element) {
			v := root.FindElement("//SignatureValue")
			b, _ := base64.StdEncoding.DecodeString(v.Text())
			v.SetText(base64.StdEncoding.EncodeToString(change(b)))
		}
		deny(t, name, ReasonSignatureInvalid, m)
	}
}

// Both signatures must hold, whichever the policy asks for.
func TestEverySignatureCounts(t *testing.T) {
	spoil := func(path string) func(*etree.Element) {
		return func(root *etree.Element) {
			v := root.FindElement(path)
			b, _ := base64.StdEncoding.DecodeString(v.Text())
			b[0] ^= 1
			v.SetText(base64.StdEncoding.EncodeToString(b))
		}
	}
	for path, want := range map[string]Reason{
		"/Response/Signature/SignatureValue":           ReasonSignatureInvalid,
		"/Response/Assertion/Signature/SignatureValue": ReasonDigestMismatch, // the outer signature covers the inner
	} {
		m := good()
		m.response, m.editTree = true, spoil(path)
		deny(t, path, want, m)
	}
}
