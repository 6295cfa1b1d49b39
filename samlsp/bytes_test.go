package samlsp

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf16"
)

// Changes of bytes that leave, for one parser or another, the signature whole.
func TestRefusedBytes(t *testing.T) {
	sub := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	before := func(p string) func(string) string { return func(s string) string { return p + s } }
	after := func(p string) func(string) string { return func(s string) string { return s + p } }
	for _, row := range []struct {
		name string
		want Reason
		edit func(string) string
	}{
		{"comment in a value", ReasonComment, sub("Ana@Example.com", "Ana@Example.com<!---->.evil.example")},
		{"comment before the root", ReasonComment, before("<!-- x -->")},
		{"CDATA", ReasonCDATA, sub(">n-1<", "><![CDATA[n-1]]><")},
		{"processing instruction in a value", ReasonProcessingInstruction, sub(">n-1<", ">n-<?x y?>1<")},
		{"processing instruction at the end", ReasonProcessingInstruction, after("<?x?>")},
		{"second declaration", ReasonProcessingInstruction, sub("<saml:Issuer>", `<?xml version="1.0"?><saml:Issuer>`)},
		{"doctype", ReasonDTD, before(`<!DOCTYPE r [<!ENTITY a "b">]>`)},
		{"entity", ReasonNotXML, sub(">n-1<", ">&a;<")},
		{"unknown markup", ReasonNotXML, before(`<!ELEMENT a>`)},
		{"byte order mark", ReasonEncoding, before("\ufeff")},
		{"latin-1", ReasonEncoding, before(`<?xml version="1.0" encoding="ISO-8859-1"?>`)},
		{"UTF-7", ReasonEncoding, before(`<?xml version="1.0" encoding="UTF-7"?>`)},
		{"XML 1.1", ReasonEncoding, before(`<?xml version="1.1"?>`)},
		{"UTF-16", ReasonEncoding, func(s string) string {
			var b strings.Builder
			for _, u := range utf16.Encode([]rune("\ufeff" + s)) {
				b.WriteByte(byte(u))
				b.WriteByte(byte(u >> 8))
			}
			return b.String()
		}},
		{"broken UTF-8", ReasonEncoding, sub(">n-1<", ">n\xff<")},
		{"NUL", ReasonEncoding, sub(">n-1<", ">n\x00<")},
		{"control character", ReasonNotXML, sub(">n-1<", ">n\x01<")},
		{"reference to a control character", ReasonNotXML, sub(">n-1<", ">n&#1;<")},
		{"second root", ReasonNotXML, after("<x/>")},
		{"text behind the root", ReasonNotXML, after("x")},
		{"unclosed", ReasonNotXML, func(s string) string { return s[:len(s)-len("</samlp:Response>")] }},
		{"wrongly closed", ReasonNotXML, sub("</saml:NameID>", "</saml:NameId>")},
		{"angle bracket in an attribute", ReasonNotXML, sub(`SPNameQualifier="q"`, `SPNameQualifier="<"`)},
		{"attribute without quotes", ReasonNotXML, sub(`SPNameQualifier="q"`, `SPNameQualifier=q`)},
		{"nothing", ReasonNotXML, func(string) string { return " " }},
		{"attribute twice", ReasonDuplicateAttribute, sub(`SPNameQualifier="q"`, `SPNameQualifier="q" SPNameQualifier="r"`)},
		{"attribute twice by namespace", ReasonDuplicateAttribute, sub(`xsi:type="xs:string"`, `xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string" i:type="x"`)},
		{"ID twice", ReasonDuplicateAttribute, sub(`ID="_a1"`, `ID="_evil" ID="_a1"`)},
		{"prefix declared twice", ReasonDuplicateAttribute, sub(`xmlns:samlp="`, `xmlns:samlp="urn:x" xmlns:samlp="`)},
		{"undeclared prefix", ReasonNamespace, sub("<saml:Subject>", "<saml:Subject><y:x/>")},
		{"undeclared attribute prefix", ReasonNamespace, sub(`SPNameQualifier="q"`, `SPNameQualifier="q" y:a="b"`)},
		{"two colons", ReasonNotXML, sub("<saml:Subject>", "<saml:Subject><saml:a:b/>")},
		{"no prefix before the colon", ReasonNamespace, sub("<saml:Subject>", "<saml:Subject><:b/>")},
		{"no name behind the colon", ReasonNamespace, sub("<saml:Subject>", "<saml:Subject><saml:/>")},
		{"attribute with a bare colon", ReasonNamespace, sub(`SPNameQualifier="q"`, `SPNameQualifier="q" :a="b"`)},
		{"xml redefined", ReasonNamespace, sub(`ID="_a1"`, `xmlns:xml="urn:x" ID="_a1"`)},
		{"xmlns redefined", ReasonNamespace, sub(`ID="_a1"`, `xmlns:xmlns="urn:x" ID="_a1"`)},
		{"alias of xml", ReasonNamespace, sub(`ID="_a1"`, `xmlns:q="`+nsXML+`" ID="_a1"`)},
		{"prefix undeclared", ReasonNamespace, sub(`ID="_a1"`, `xmlns:xs="" ID="_a1"`)},
		{"SAML 1.1", ReasonNotResponse, sub(nsProtocol, "urn:oasis:names:tc:SAML:1.0:protocol")},
		{"no namespace", ReasonNotResponse, sub(` xmlns:samlp="`+nsProtocol+`"`, ` xmlns:samlp="x"`)},
		{"another namespace for the assertion", ReasonMisplacedAssertion, sub(`<saml:Assertion `, `<saml:Assertion xmlns:saml="urn:x" `)},
		{"entity in an ID", ReasonReference, sub(`ID="_a1"`, `ID="_a&#x32;"`)},
		{"blank in an ID", ReasonID, sub(`ID="_a1"`, `ID="_a1 "`)},
	} {
		m := good()
		m.editSigned = row.edit
		deny(t, row.name, row.want, m)
	}
}

// The same bytes in another dress are the same to every parser.
func TestAcceptedBytes(t *testing.T) {
	for name, edit := range map[string]func(string) string{
		"declaration":           func(s string) string { return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + s },
		"standalone":            func(s string) string { return `<?xml version='1.0' encoding='utf-8' standalone="yes"?>` + s },
		"final line":            func(s string) string { return s + "\n" },
		"entity in the ID":      func(s string) string { return strings.Replace(s, `ID="_a1"`, `ID="_&#97;1"`, 1) },
		"entity in the URI":     func(s string) string { return strings.Replace(s, `URI="#_a1"`, `URI="#_a&#x31;"`, 1) },
		"blanks in the value":   func(s string) string { return strings.Replace(s, `<ds:SignatureValue>`, "<ds:SignatureValue>\n\t ", 1) },
		"another attribute row": func(s string) string { return strings.Replace(s, `ID="_a1"`, `  ID = '_a1' `, 1) },
	} {
		m := good()
		m.editSigned = edit
		allow(t, name, m)
	}
}

func TestFormValues(t *testing.T) {
	value := base64.StdEncoding.EncodeToString([]byte(good().sealed(t)))
	for name, row := range map[string]struct {
		value string
		want  Reason
	}{
		"cut":              {value[:len(value)-7], ReasonBase64},
		"blank for plus":   {value[:100] + " " + value[101:], ReasonBase64},
		"URL alphabet":     {value[:100] + "-_" + value[102:], ReasonBase64},
		"two ends":         {value + "AA==", ReasonBase64},
		"too long":         {strings.Repeat("A", 1<<20+4), ReasonTooLarge},
		"not UTF-8":        {strings.Repeat("/", 1<<20), ReasonEncoding},
		"line breaks only": {strings.Repeat("\n", 1000), ReasonNotXML},
	} {
		m := good()
		m.rawFormValue = row.value
		deny(t, name, row.want, m)
	}
	m := good()
	m.rawFormValue = value[:76] + "\r\n" + value[76:]
	allow(t, "line breaks", m)
	_, err := m.provider(t).VerifyResponse(t.Context(), "", m.want)
	if r, ok := err.(*Rejection); !ok || r.Reason != ReasonBase64 {
		t.Errorf("empty: %v", err)
	}
}

// A peek finds what a response claims, wherever honest ones say it, and
// nothing where it could not be true.
func TestPeekResponse(t *testing.T) {
	issuer, request := "<saml:Issuer>"+testIDP+"</saml:Issuer>", ` InResponseTo="`+testRequest+`"`
	for name, row := range map[string]struct {
		xml  string
		want Hint
	}{
		"complete":              {goodXML(), Hint{testRequest, testIDP}},
		"unasked":               {strings.ReplaceAll(goodXML(), request, ""), Hint{"", testIDP}},
		"issuer inside alone":   {strings.Replace(goodXML(), issuer, "", 1), Hint{testRequest, testIDP}},
		"no issuer":             {strings.ReplaceAll(goodXML(), issuer, ""), Hint{testRequest, ""}},
		"issuer of blanks":      {strings.Replace(goodXML(), testIDP, "a b", 1), Hint{testRequest, ""}},
		"issuer that is long":   {strings.Replace(goodXML(), testIDP, strings.Repeat("a", 1025), 1), Hint{testRequest, ""}},
		"issuer with a element": {strings.Replace(goodXML(), testIDP, "<a/>", 1), Hint{testRequest, ""}},
	} {
		if h, err := PeekResponse(encode(row.xml)); err != nil || h != row.want {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
	for _, s := range []string{"", "!", encode("<x/>"), encode("x"), encode(strings.ReplaceAll(goodXML(), testRequest, "a b")), encode("<!DOCTYPE x>" + goodXML())} {
		if h, err := PeekResponse(s); err == nil || h != (Hint{}) {
			t.Errorf("hint %+v of %.20q", h, s)
		}
	}
}
