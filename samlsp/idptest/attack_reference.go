package idptest

import "github.com/beevik/etree"

// referenceAttacks are about what a signature says that it covers. The
// identity provider itself signs them: no verifier may be talked into another
// reading of SignedInfo, not even by its own IdP.
func referenceAttacks() []Misbehaviour {
	info := func(e ...edit) Option {
		return SignWith(func(g *Signing) { g.EditInfo = func(s *etree.Element) { apply(e, s) } })
	}
	const (
		xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116"
		xslt  = "http://www.w3.org/TR/1999/REC-xslt-19991116"
		b64   = "http://www.w3.org/2000/09/xmldsig#base64"
		c14n  = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
	)
	return rows(ClassSignature,
		pair("reference to another element", "reference", info(setAttr("Reference", "URI", "#_other"))),
		pair("reference to the whole document", "reference", info(setAttr("Reference", "URI", "")), Sign(false, true)),
		pair("reference without URI", "reference", info(dropAttr("Reference", "URI"))),
		pair("reference by XPointer", "reference", info(func(i *etree.Element) {
			r := find(i, "Reference")
			r.CreateAttr("URI", "#xpointer(id('"+r.SelectAttrValue("URI", "#")[1:]+"'))")
		})),
		pair("reference to a web address", "reference", info(setAttr("Reference", "URI", "https://evil.example/a.xml"))),
		pair("two references", "reference", info(double("Reference"))),
		pair("two references, the second elsewhere", "reference", info(double("Reference", setAttr("Reference", "URI", "#_other")))),
		pair("no reference", "signature_shape", info(drop("Reference"))),
		pair("XPath transform", "transform", info(appendTransform(xpath, "XPath", "not(ancestor-or-self::NameID)"))),
		pair("XSLT transform", "transform", info(appendTransform(xslt, "stylesheet", ""))),
		pair("base64 transform", "transform", info(appendTransform(b64, "", ""))),
		pair("a third, allowed transform", "transform", info(double("Transform"))),
		pair("no enveloped-signature transform", "transform", info(drop("Transform"))),
		pair("no transforms", "signature_shape", info(drop("Transforms"))),
		pair("inclusive canonicalization", "c14n", SignWith(func(g *Signing) { g.C14N = InclusiveC14N })),
		pair("exclusive canonicalization with comments", "c14n", SignWith(func(g *Signing) { g.C14N = ExclusiveC14N + "WithComments" })),
		pair("parameter of a transform that nobody knows", "transform", info(on("Transform", func(t *etree.Element) {
			t.CreateElement("ds:XPath").SetText("1")
		}))),
		pair("canonicalization with comments", "transform", info(func(i *etree.Element) {
			i.FindElements(".//Transform")[1].CreateAttr("Algorithm", c14n)
		})),
		pair("SignedInfo canonicalized with comments", "c14n", info(setAttr("CanonicalizationMethod", "Algorithm", c14n))),
		pair("SignedInfo canonicalized by nothing known", "c14n", info(setAttr("CanonicalizationMethod", "Algorithm", "urn:none"))),
		pair("no CanonicalizationMethod", "signature_shape", info(drop("CanonicalizationMethod"))),
		pair("two digest values", "signature_shape", info(double("DigestValue"))),
	)
}

func appendTransform(algorithm, tag, text string) edit {
	return on("Transforms", func(all *etree.Element) {
		t := all.CreateElement("Transform")
		t.Space = all.Space
		t.CreateAttr("Algorithm", algorithm)
		if tag != "" {
			e := t.CreateElement(tag)
			e.Space = all.Space
			e.SetText(text)
		}
	})
}
