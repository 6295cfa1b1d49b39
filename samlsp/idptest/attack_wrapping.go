package idptest

import "github.com/beevik/etree"

// Mallory is whom forged messages speak of.
const Mallory = "mallory@example.com"

// wrappingAttacks carry a genuine, valid signature along: XSW1 to XSW8 of
// Somorovsky et al., "On Breaking SAML: Be Whoever You Want to Be", and their
// relatives. A test shows each succeed against a naive verifier.
func wrappingAttacks() []Misbehaviour {
	onResponse := Sign(false, true)
	return rows(ClassWrapping,
		pair("XSW1: signed response inside the signature of a forged one", "misplaced_assertion", Tamper(xsw1), onResponse),
		pair("XSW2: signed response beside the signature of a forged one", "misplaced_assertion", Tamper(xsw2), onResponse),
		pair("XSW3: forged assertion before the signed one", "several_assertions", Tamper(xsw3)),
		pair("XSW4: signed assertion inside a forged one", "misplaced_assertion", Tamper(xsw4)),
		pair("XSW5: signature taken over, original at the end", "several_assertions", Tamper(xsw5)),
		pair("XSW6: original inside the signature taken over", "misplaced_assertion", Tamper(xsw6)),
		pair("XSW7: forged assertion in Extensions", "misplaced_assertion", Tamper(xsw7)),
		pair("XSW8: original in an Object of the signature taken over", "misplaced_assertion", Tamper(xsw8)),
		pair("forged assertion after the signed one", "several_assertions", Tamper(unsignedAfter)),
		pair("signed assertion twice", "several_assertions", Tamper(double("Assertion"))),
		pair("forged assertion with the ID of the signed one", "several_assertions", Tamper(sameID)),
		pair("signed assertion in the Advice of a forged one", "misplaced_assertion", Tamper(inside("Advice"))),
		pair("signed assertion in an attribute of a forged one", "misplaced_assertion", Tamper(inside("AttributeStatement", "Attribute", "AttributeValue"))),
		pair("signed assertion in the confirmation of a forged one", "misplaced_assertion", Tamper(inside("SubjectConfirmationData"))),
		pair("signed assertion in the KeyInfo of its own signature, forged one around", "misplaced_assertion", Tamper(inKeyInfo)),
		pair("signed response in the status of a forged one", "misplaced_assertion", Tamper(inStatus), onResponse),
	)
}

// forge makes el speak of Mallory under another ID; nothing is signed anew.
func forge(el *etree.Element) *etree.Element {
	el.CreateAttr("ID", "_forged"+el.Tag)
	if a := child(el, "Assertion"); a != nil {
		a.CreateAttr("ID", "_forgedAssertion")
	}
	setText("NameID", Mallory)(el)
	email(setText("AttributeValue", Mallory))(el)
	return el
}

// bare returns a copy without its own signature: what the signature covers.
func bare(el *etree.Element) *etree.Element {
	c := standalone(el)
	if sig := child(c, "Signature"); sig != nil {
		c.RemoveChild(sig)
	}
	return c
}

func xsw1(root *etree.Element) {
	genuine := bare(root)
	child(forge(root), "Signature").AddChild(genuine)
}

func xsw2(root *etree.Element) {
	genuine := bare(root)
	root.InsertChildAt(child(forge(root), "Signature").Index(), genuine)
}

func xsw3(root *etree.Element) {
	a := child(root, "Assertion")
	root.InsertChildAt(a.Index(), forge(bare(a)))
}

func xsw4(root *etree.Element) {
	a := child(root, "Assertion")
	genuine, forged := standalone(a), forge(bare(a))
	root.RemoveChild(a)
	forged.AddChild(genuine)
	root.AddChild(forged)
}

func xsw5(root *etree.Element) {
	a := child(root, "Assertion")
	genuine := bare(a)
	forge(a)
	root.AddChild(genuine)
}

func xsw6(root *etree.Element) {
	a := child(root, "Assertion")
	genuine := bare(a)
	child(forge(a), "Signature").AddChild(genuine)
}

func xsw7(root *etree.Element) {
	ext := etree.NewElement("Extensions")
	ext.Space = root.Space
	ext.AddChild(forge(bare(child(root, "Assertion"))))
	root.InsertChildAt(child(root, "Issuer").Index()+1, ext)
}

func xsw8(root *etree.Element) {
	a := child(root, "Assertion")
	genuine := bare(a)
	sig := child(forge(a), "Signature")
	object := sig.CreateElement("Object")
	object.Space = sig.Space
	object.AddChild(genuine)
}

func unsignedAfter(root *etree.Element) { root.AddChild(forge(bare(child(root, "Assertion")))) }

func sameID(root *etree.Element) {
	a := child(root, "Assertion")
	forged := forge(bare(a))
	forged.CreateAttr("ID", a.SelectAttrValue("ID", ""))
	root.InsertChildAt(a.Index(), forged)
}

// inside hides the signed assertion in a forged one, at a path that is made
// where it is missing.
func inside(path ...string) edit {
	return func(root *etree.Element) {
		a := child(root, "Assertion")
		genuine, forged := standalone(a), forge(bare(a))
		at := forged
		for _, tag := range path {
			next := find(at, tag)
			if next == nil {
				next = etree.NewElement(tag)
				next.Space = at.Space
				at.InsertChildAt(child(at, "Conditions").Index()+1, next)
			}
			at = next
		}
		at.AddChild(genuine)
		root.RemoveChild(a)
		root.AddChild(forged)
	}
}

func inStatus(root *etree.Element) {
	genuine := standalone(root)
	sig := child(forge(root), "Signature")
	root.RemoveChild(sig)
	detail := child(root, "Status").CreateElement("StatusDetail")
	detail.Space = root.Space
	detail.AddChild(genuine)
}

func inKeyInfo(root *etree.Element) {
	a := child(root, "Assertion")
	genuine := bare(a)
	find(child(forge(a), "Signature"), "KeyInfo").AddChild(genuine)
}
