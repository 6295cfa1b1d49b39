package idptest

import "github.com/beevik/etree"

// encrypted are messages whose content cannot be read.
func encrypted() []Misbehaviour {
	return rows(ClassEncrypted,
		pair("encrypted nonsense instead of the assertion", "encrypted_unsupported", Tamper(func(root *etree.Element) {
			drop("Assertion")(root)
			encryptedChild(root, "EncryptedAssertion")
		})),
		pair("encrypted nonsense beside the assertion", "several_assertions", Tamper(func(root *etree.Element) {
			encryptedChild(root, "EncryptedAssertion")
		})),
		pair("encrypted NameID beside the NameID", "encrypted_unsupported", EditAssertion(on("Subject", func(s *etree.Element) {
			e := encryptedChild(s, "EncryptedID")
			s.InsertChildAt(1, e)
		}))),
		pair("encrypted attribute beside the others", "encrypted_unsupported", EditAssertion(on("AttributeStatement", func(s *etree.Element) {
			encryptedChild(s, "EncryptedAttribute")
		}))),
		pair("encrypted NameID", "encrypted_unsupported", EditAssertion(on("Subject", func(s *etree.Element) {
			drop("NameID")(s)
			s.InsertChildAt(0, encryptedChild(s, "EncryptedID"))
		}))),
	)
}

func encryptedChild(parent *etree.Element, tag string) *etree.Element {
	s := StyleSAML
	e := s.add(parent, assertionNS, tag)
	d := e.CreateElement("xenc:EncryptedData")
	d.CreateAttr("xmlns:xenc", "http://www.w3.org/2001/04/xmlenc#")
	d.CreateElement("xenc:EncryptionMethod").CreateAttr("Algorithm", "http://www.w3.org/2009/xmlenc11#aes256-gcm")
	d.CreateElement("xenc:CipherData").CreateElement("xenc:CipherValue").SetText("AAAA")
	return e
}
