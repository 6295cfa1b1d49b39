package idptest

import (
	"strings"

	"github.com/beevik/etree"
)

// namespaceAttacks rely on readers that compare prefixes, or local names, or
// that do not survive a round trip (CVE-2020-29509, -29510, -29511).
func namespaceAttacks() []Misbehaviour {
	swap := func(old, by string) Option {
		return Wire(func(b []byte) []byte { return []byte(strings.ReplaceAll(string(b), old, by)) })
	}
	return rows(ClassNamespace,
		pair("response of another namespace", "not_response", swap(protocolNS, "urn:evil:protocol")),
		pair("response of SAML 1.1", "not_response", swap(protocolNS, "urn:oasis:names:tc:SAML:1.0:protocol")),
		pair("assertion of another namespace", "misplaced_assertion", Tamper(setAttr("Assertion", "xmlns:saml", "urn:evil:assertion"))),
		pair("signature of another namespace", "misplaced_signature", Tamper(setAttr("Signature", "xmlns:ds", "urn:evil:signature"))),
		pair("status of another namespace", "child_order", Tamper(setAttr("Status", "xmlns:samlp", "urn:evil:protocol"))),
		pair("prefix bound to another namespace inside", "digest_mismatch", Tamper(within("Subject", setAttr("NameID", "xmlns:saml", "urn:evil:assertion")))),
		pair("prefix without a namespace", "namespace", replace("<samlp:Status>", "<samlp:Status><evil:x/>")),
		pair("prefix xmlns on an element", "namespace", replace("<samlp:Status>", "<samlp:Status><xmlns:x/>")),
		pair("empty prefix on an element", "namespace", replace("<samlp:Status>", "<samlp:Status><:x/>")),
		pair("two colons in a name", "not_xml", replace("<samlp:Status>", "<samlp:Status><a:b:c/>")),
		pair("empty prefix on an attribute", "namespace", replace("<samlp:Status>", `<samlp:Status :x="1">`)),
		pair("namespace unbound", "namespace", replace("<samlp:Status>", `<samlp:Status xmlns:samlp="">`)),
		pair("prefix xml bound elsewhere", "namespace", replace("<samlp:Status>", `<samlp:Status xmlns:xml="urn:evil">`)),
		pair("ID twice on the assertion", "duplicate_attribute", replace("<saml:Assertion ", `<saml:Assertion ID="_evil" `)),
		pair("one attribute by two prefixes", "duplicate_attribute", replace("<samlp:Status>", `<samlp:Status xmlns:a="urn:a" xmlns:b="urn:a" a:x="1" b:x="2">`)),
		pair("xml:id where no ID is", "id", Tamper(setAttr("Status", "xml:id", "_x"))),
		pair("xml:id beside ID", "id", Tamper(func(r *etree.Element) {
			a := child(r, "Assertion")
			r.CreateAttr("xml:id", a.SelectAttrValue("ID", ""))
		})),
	)
}
