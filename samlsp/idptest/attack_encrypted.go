package idptest

import (
	"bytes"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/samlgate/samlgate/samlsp/xmlenc"
	"github.com/samlgate/samlgate/samlsp/xmlenc/xmlenctest"
)

// ciphertexts are wrong in what anybody can see.
func ciphertexts() []Misbehaviour {
	honest := Encrypt(GCM())
	shape := func(name, want string, change edit) Misbehaviour {
		return pair(name, want, EditEncrypted(within("EncryptedAssertion", change)), honest)
	}
	algorithm := func(name string, change func(*xmlenctest.Recipe)) Misbehaviour {
		r := GCM()
		change(&r)
		return pair(name, "encryption_algorithm", Encrypt(r), honest)
	}
	return rows(ClassEncrypted,
		algorithm("content key by RSA PKCS #1 v1.5", func(r *xmlenctest.Recipe) { r.Transport = xmlenctest.RSA15 }),
		algorithm("content in Triple DES", func(r *xmlenctest.Recipe) { r.Content = xmlenctest.TripleDES }),
		algorithm("content in AES-192", func(r *xmlenctest.Recipe) { r.Content = xmlenctest.AES192GCM }),
		algorithm("content in AES-CBC, response unsigned", func(r *xmlenctest.Recipe) { r.Content = xmlenc.AES128CBC }),
		algorithm("content key wrapped with a key of nobody", func(r *xmlenctest.Recipe) { r.Transport = xmlenctest.KWAES256 }),
		algorithm("OAEP with MD5", func(r *xmlenctest.Recipe) { r.Digest = xmlenctest.MD5 }),
		shape("ciphertext to be fetched", "encryption_shape", on("CipherValue", func(e *etree.Element) {
			e.Tag = "CipherReference"
			e.SetText("")
			e.CreateAttr("URI", "https://evil.example/")
		})),
		shape("no EncryptedData", "encryption_shape", drop("EncryptedData")),
		shape("EncryptedData twice", "encryption_shape", double("EncryptedData", drop("KeyInfo"))),
		shape("content of another type than an element", "encryption_shape", setAttr("EncryptedData", "Type", xmlenctest.Enc+"Content")),
		shape("no EncryptedKey", "encryption_shape", drop("KeyInfo")),
		shape("three EncryptedKeys", "encryption_shape", double("EncryptedKey", dropAttr("EncryptedKey", "Id"))),
		shape("ciphertext that is not base64", "encryption_shape", on("EncryptedData", func(e *etree.Element) {
			find(child(e, "CipherData"), "CipherValue").SetText("AAAA=AAA")
		})),
		pair("encrypted nonsense beside the assertion", "several_assertions", Tamper(nonsense)),
		pair("encrypted assertion, forged one before it", "several_assertions", EditAssertion(), honest).and(Tamper(func(root *etree.Element) {
			root.InsertChildAt(child(root, "EncryptedAssertion").Index(), forgedAssertion())
		})),
		pair("encrypted assertion, forged one in its KeyInfo", "misplaced_assertion", Tamper(within("EncryptedAssertion", on("KeyInfo", func(k *etree.Element) {
			k.AddChild(forgedAssertion())
		}))), honest),
		pair("encrypted assertion twice", "several_assertions", Tamper(double("EncryptedAssertion")), honest),
		pair("encrypted assertion in the status", "misplaced_assertion", Tamper(func(root *etree.Element) {
			e := child(root, "EncryptedAssertion")
			root.RemoveChild(e)
			child(root, "Status").AddChild(e)
		}), honest),
	)
}

// and adds to the mutation.
func (m Misbehaviour) and(o Option) Misbehaviour {
	m.mutation = append(m.mutation, o)
	return m
}

func nonsense(root *etree.Element) {
	e := StyleSAML.add(root, assertionNS, "EncryptedAssertion")
	e.CreateElement("xenc:EncryptedData").CreateAttr("xmlns:xenc", xmlenctest.Enc)
}

// forgedAssertion is enough for a reader that looks for no signature.
func forgedAssertion() *etree.Element {
	s := StyleSAML
	a := s.add(nil, assertionNS, "Assertion", "ID", "_forgedAssertion", "Version", "2.0")
	s.text(a, assertionNS, "Issuer", "urn:evil")
	s.text(s.add(a, assertionNS, "Subject"), assertionNS, "NameID", Mallory)
	return a
}

// plain encrypts something else than the assertion.
func plain(change func([]byte) []byte) Option {
	return func(m *message) { m.encryption.replace = change }
}

func wrapped(before, after string) Option {
	return plain(func(a []byte) []byte { return slices.Concat([]byte(before), a, []byte(after)) })
}

// plaintexts are encrypted well, for nobody has to be anybody to do that.
func plaintexts() []Misbehaviour {
	honest := Encrypt(GCM())
	p := func(name, want string, mutation Option) Misbehaviour { return pair(name, want, mutation, honest) }
	inner := func(old, by string) Option {
		return plain(func(a []byte) []byte { return bytes.Replace(a, []byte(old), []byte(by), 1) })
	}
	unsigned := Sign(false, false)
	return rows(ClassEncrypted,
		p("unsigned assertion, encrypted, in an unsigned response", "no_signature", unsigned),
		p("signed by a stranger, encrypted", "signature_invalid", stranger(func(*Signing, Key) {})),
		p("changed after it was signed, then encrypted", "digest_mismatch", inner(">Ana<", ">Eve<")),
		p("two assertions in one ciphertext", "not_xml", plain(func(a []byte) []byte { return append(a, a...) })),
		p("a response in the ciphertext", "no_assertion", wrapped(`<samlp:Response xmlns:samlp="`+protocolNS+`" ID="_inner">`, `</samlp:Response>`)),
		p("an element of another name in the ciphertext", "no_assertion", wrapped(`<x>`, `</x>`)),
		p("a document type in the ciphertext", "dtd", wrapped(`<!DOCTYPE x>`, ``)),
		p("a comment in the ciphertext", "comment", inner(">Ana<", ">A<!-- -->na<")),
		p("a CDATA section in the ciphertext", "cdata", inner(">Ana<", "><![CDATA[Ana]]><")),
		p("a processing instruction in the ciphertext", "processing_instruction", wrapped(``, `<?x y?>`)),
		p("text behind the assertion in the ciphertext", "not_xml", wrapped(``, `x`)),
		p("text before the assertion in the ciphertext", "not_xml", wrapped(`x`, ``)),
		p("half an assertion in the ciphertext", "not_xml", plain(func(a []byte) []byte { return a[:len(a)/2] })),
		p("broken UTF-8 in the ciphertext", "encoding", inner(">Ana<", ">An\xff<")),
		p("an element bomb in the ciphertext", "too_many_elements", inner(">Ana<", ">"+strings.Repeat("<a/>", 6000)+"<")),
		p("one ID for the response and the encrypted assertion", "duplicate_id", IDs("_same", "_same")),
		p("one ID for the EncryptedData and the assertion in it", "duplicate_id", func(m *message) {
			EditEncrypted(setAttr("EncryptedData", "Id", m.assertionID))(m)
		}),
		p("genuine assertion in the advice of a forged one, encrypted", "misplaced_assertion", plain(rewrapped(inside("Advice")))),
		p("signature taken over, original in its object, encrypted", "misplaced_assertion", plain(rewrapped(xsw8))),
		p("an encrypted assertion in the encrypted assertion", "misplaced_assertion", inner("</saml:Assertion>", "<saml:EncryptedAssertion/></saml:Assertion>")),
		pair("encrypted assertion whose prefix stands outside", "namespace", func(m *message) { m.encryption.bare = true }, honest, WithStyle(StyleInherited)),
		pair("response signed, encrypted assertion not, both needed", "signature_not_required_part", Sign(false, true), honest, Sign(true, true)).needing(Setup{Require: "both"}),
		pair("encrypted assertion signed, response not, both needed", "signature_not_required_part", Sign(true, false), honest, Sign(true, true)).needing(Setup{Require: "both"}),
		pair("encrypted assertion unsigned, though needed", "signature_not_required_part", Sign(false, true), honest, Sign(true, true)).needing(Setup{Require: "assertion"}),
	)
}

func (m Misbehaviour) needing(s Setup) Misbehaviour {
	m.Setup = s
	return m
}

// rewrapped plays a wrapping attack inside the ciphertext.
func rewrapped(attack edit) func([]byte) []byte {
	return func(a []byte) []byte {
		doc := etree.NewDocument()
		if err := doc.ReadFromBytes(a); err != nil {
			return nil
		}
		root := etree.NewElement("root")
		root.AddChild(doc.Root())
		attack(root)
		out, err := serialize(standalone(child(root, "Assertion")))
		if err != nil {
			return nil
		}
		return out
	}
}

// changedCiphertexts are what somebody sends who has seen an encrypted message
// and wants to read it from our answers: to all of them the answer is one.
func changedCiphertexts() []Misbehaviour {
	flipAt := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b[(at+len(b))%len(b)] ^= 1; return b }
	}
	content := func(r xmlenctest.Recipe, at int) Option { r.EditContent = flipAt(at); return Encrypt(r) }
	key := func(r xmlenctest.Recipe) Option { r.EditKey = flipAt(9); return Encrypt(r) }
	cbc := Encrypt(CBC())
	inCBC := func(name string, mutations ...Option) Misbehaviour {
		return pair(name, "decrypt", Together(mutations...), cbc).needing(Setup{AllowCBC: true})
	}
	return rows(ClassEncrypted,
		pair("ciphertext changed", "decrypt", content(GCM(), 40), Encrypt(GCM())),
		pair("tag changed", "decrypt", content(GCM(), -1), Encrypt(GCM())),
		pair("content key changed", "decrypt", key(GCM()), Encrypt(GCM())),
		pair("encrypted for somebody else", "decrypt", encryptForStranger(GCM()), Encrypt(GCM())),
		pair("ciphertext changed under the signature of the response", "digest_mismatch", Tamper(within("EncryptedAssertion", on("EncryptedData", func(d *etree.Element) {
			flip("CipherValue")(child(d, "CipherData"))
		}))), cbc, Sign(true, true)),
		inCBC("CBC: padding changed", content(CBC(), -17)),
		inCBC("CBC: first block changed, so that a tag is broken", content(CBC(), 0)),
		inCBC("CBC: a block in the middle changed", content(CBC(), 160)),
		inCBC("CBC: content key changed", key(CBC())),
		inCBC("CBC: unsigned assertion", Sign(false, false)),
		inCBC("CBC: signed by a stranger", stranger(func(*Signing, Key) {})),
		inCBC("CBC: document type in the plaintext", wrapped(`<!DOCTYPE x>`, ``)),
		inCBC("CBC: text behind the assertion", wrapped(``, `x`)),
		inCBC("CBC: weak signature method", Algorithms(RSASHA1, DigestSHA256)),
		inCBC("CBC: one ID twice", IDs("_same", "_same")),
	)
}

func encryptForStranger(r xmlenctest.Recipe) Option {
	return func(m *message) {
		k, err := m.idp.stranger()
		if err != nil {
			m.err = err
			return
		}
		if len(publicKeys(k.Certificate)) == 0 {
			m.err = errNoRSA
			return
		}
		Encrypt(r, k.Certificate)(m)
	}
}

// encryptedParts are EncryptedIDs and EncryptedAttributes, which the identity
// provider has signed.
func encryptedParts() []Misbehaviour {
	id, attr := EncryptNameID(GCM()), EncryptAttribute(GCM(), "LastName")
	hidden := func(name, want string, changes ...edit) Misbehaviour {
		return pair(name, want, func(m *message) { m.editHidden = append(m.editHidden, changes...) }, attr)
	}
	changed := func(tag string, change edit) Option { return EditAssertion(within(tag, change)) }
	content := on("EncryptedData", func(d *etree.Element) { flip("CipherValue")(child(d, "CipherData")) })
	rsa15 := within("EncryptedKey", setAttr("EncryptionMethod", "Algorithm", xmlenctest.RSA15))
	another := Together(EditAssertion(func(a *etree.Element) {
		l := attribute(a, "LastName")
		l.Parent().InsertChildAt(l.Index(), standalone(l))
	}), attr)
	return rows(ClassEncrypted,
		pair("NameID encrypted and changed", "decrypt", changed("EncryptedID", content), id),
		pair("NameID encrypted by RSA PKCS #1 v1.5", "encryption_algorithm", changed("EncryptedID", rsa15), id),
		pair("encrypted NameID beside the NameID", "several_name_ids", EditAssertion(func(a *etree.Element) {
			s := StyleSAML.text(nil, assertionNS, "NameID", Mallory)
			find(a, "Subject").InsertChildAt(1, s)
		}), id),
		pair("attribute encrypted and changed", "decrypt", changed("EncryptedAttribute", content), attr),
		pair("second e-mail address, encrypted", "several_emails", func(m *message) {
			m.editHidden = append(m.editHidden, setAttr("Attribute", "Name", "Email"), setText("AttributeValue", Mallory))
		}, another),
		pair("address of another domain, encrypted", "email_domain", func(m *message) {
			m.editHidden = append(m.editHidden, setText("AttributeValue", "ana@evil.example"))
		}, EncryptAttribute(GCM(), "Email")),
		hidden("EncryptedAttribute that holds a NameID", "encryption_shape", func(e *etree.Element) { e.Tag = "NameID" }),
		hidden("EncryptedAttribute that holds an assertion", "misplaced_assertion", appendTo("AttributeValue", "Assertion", "ID", "_inner")),
		hidden("EncryptedAttribute that holds an EncryptedAttribute", "encryption_shape", appendTo("AttributeValue", "EncryptedAttribute")),
		pair("EncryptedAttribute with the ID of the assertion", "duplicate_id", func(m *message) {
			m.editHidden = append(m.editHidden, setAttr("AttributeValue", "Id", m.assertionID))
		}, attr),
		pair("two EncryptedAttributes with one ID", "duplicate_id", func(m *message) {
			m.editHidden = append(m.editHidden, setAttr("AttributeValue", "Id", "_twice"))
		}, attr, id, EncryptAttribute(GCM(), "FirstName")),
		pair("EncryptedAttribute in the advice", "encryption_shape", EditAssertion(func(a *etree.Element) {
			advice := StyleSAML.add(nil, assertionNS, "Advice")
			advice.AddChild(find(a, "EncryptedAttribute"))
			a.InsertChildAt(child(a, "Conditions").Index()+1, advice)
		}), attr),
		pair("EncryptedID outside the subject", "encryption_shape", EditAssertion(func(a *etree.Element) {
			child(a, "AttributeStatement").AddChild(find(a, "EncryptedID"))
		}), id),
		pair("seventeen EncryptedAttributes", "encryption_shape", manyEncrypted(9), manyEncrypted(8)),
	)
}

// manyEncrypted adds n encrypted attributes, with two encrypted keys each.
func manyEncrypted(n int) Option {
	return func(m *message) {
		for range n {
			EditAssertion(func(a *etree.Element) {
				StyleSAML.attributes(child(a, "AttributeStatement"), []Attribute{{Name: "more", Values: []string{"x"}}})
			})(m)
			EncryptAttribute(GCM(), "more")(m)
		}
	}
}
