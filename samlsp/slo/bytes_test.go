package slo

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/samlsp"
)

// Bytes that no honest identity provider sends, refused before any key is used.
func TestOddXML(t *testing.T) {
	by := bindings()
	run(t, []attack{
		{"a comment in the NameID", requestXML, by, "comment", signed(swap("ana-1", "ana-1<!---->.evil"))},
		{"a CDATA section", requestXML, by, "cdata", signed(swap("ana-1", "<![CDATA[ana-1]]>"))},
		{"a document type", requestXML, onlyBy(redirect, post), "dtd", signed(func(s string) string { return "<!DOCTYPE x>" + s })},
		{"an entity bomb", requestXML, onlyBy(redirect, post), "dtd", signed(func(s string) string {
			return `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>` + strings.Replace(s, "ana-1", "&b;", 1)
		})},
		{"an entity", requestXML, by, "not_xml", signed(swap("ana-1", "&xxe;"))},
		{"a processing instruction", requestXML, by, "processing_instruction", signed(swap("ana-1", "ana-1<?x?>"))},
		{"no XML", requestXML, by, "not_xml", signed(swap("</samlp:LogoutRequest>", ""))},
		{"nothing", requestXML, onlyBy(redirect, post), "not_xml", signed(func(string) string { return " " })},
		{"UTF-16", requestXML, onlyBy(redirect, post), "encoding", signed(func(s string) string { return "\xff\xfe" + strings.Join(strings.Split(s, ""), "\x00") })},
		{"two documents", requestXML, onlyBy(redirect, post), "not_xml", signed(func(s string) string { return s + "<x/>" })},
		{"too deep", requestXML, by, "too_deep", old(">ana-1<", ">"+strings.Repeat("<b>", 20)+strings.Repeat("</b>", 20)+"<")},
		{"too many elements", requestXML, by, "too_many_elements", func(t testing.TB, w *world) {
			w.replaced(t, "<samlp:SessionIndex>s-1</samlp:SessionIndex>", strings.Repeat("<samlp:SessionIndex>s</samlp:SessionIndex>", 1100)+strings.Repeat("<b/>", 1000))
			w.unsigned = w.binding != redirect
		}},
		{"an unknown child", requestXML, by, "child_order", old("</samlp:LogoutRequest>", "<samlp:Evil/></samlp:LogoutRequest>")},
		{"text between the children", requestXML, by, "child_order", old("</saml:Issuer>", "</saml:Issuer>x")},
		{"a login response", responseXML, front(), "not_response", old("LogoutResponse", "Response")},
		{"another namespace", requestXML, by, "not_response", old(`samlp="`+nsProtocol, `samlp="urn:oasis:names:tc:SAML:1.0:protocol`)},
	})
}

func TestOddQueries(t *testing.T) {
	by := onlyBy(redirect)
	run(t, []attack{
		{"the message twice", requestXML, by, ReasonQuery, onQuery(func(q string) string { return q + "&" + q[:strings.Index(q, "&")] })},
		{"another message first", requestXML, by, ReasonQuery, onQuery(func(q string) string { return "SAMLRequest=x&" + q })},
		{"a request and a response", requestXML, by, ReasonQuery, onQuery(func(q string) string { return q + "&SAMLResponse=x" })},
		{"no message", requestXML, by, ReasonQuery, onQuery(func(q string) string { return q[strings.Index(q, "&"):] })},
		{"two relay states", requestXML, by, ReasonQuery, onQuery(func(q string) string { return q + "&RelayState=x" })},
		{"two methods", requestXML, by, ReasonQuery, onQuery(func(q string) string { return q + "&SigAlg=x" })},
		{"two signatures", requestXML, by, ReasonQuery, onQuery(func(q string) string { return q + "&Signature=x" })},
		{"a name in another case", requestXML, by, ReasonQuery, onQuery(func(q string) string { return q + "&samlrequest=x" })},
		{"an encoded name", requestXML, by, ReasonQuery, onQuery(func(q string) string { return q + "&SAML%52equest=x" })},
		{"a separator of old", requestXML, by, ReasonQuery, onQuery(func(q string) string { return q + "%41;SAMLRequest=x" })},
		{"a broken escape", requestXML, by, ReasonQuery, onQuery(func(q string) string { return strings.Replace(q, "RelayState=", "RelayState=%zz", 1) })},
		{"another encoding", requestXML, by, ReasonQuery, onQuery(func(q string) string { return q + "&SAMLEncoding=urn:x" })},
		{"two encodings", requestXML, by, ReasonQuery, onQuery(func(q string) string { return q + "&SAMLEncoding=" + deflateScheme + "&SAMLEncoding=" + deflateScheme })},
		{"a query that is a book", requestXML, by, ReasonTooLarge, onQuery(func(q string) string { return q + "&x=" + strings.Repeat("x", maxQuery) })},
		{"a message that is not base64", requestXML, by, ReasonBase64, onQuery(func(q string) string { return strings.Replace(q, "SAMLRequest=", "SAMLRequest=*", 1) })},
		{"spaces for plus signs", requestXML, by, ReasonBase64, onQuery(func(q string) string { return strings.Replace(q, "SAMLRequest=", "SAMLRequest=+", 1) })},
		{"a signature that is not base64", requestXML, by, ReasonBase64, onQuery(func(q string) string { return strings.Replace(q, "Signature=", "Signature=*", 1) })},
		{"a message that is not deflated", requestXML, by, ReasonInflate, packed(func(t testing.TB, xml string) []byte { return []byte(xml) })},
		{"a message that is cut off", requestXML, by, ReasonInflate, packed(func(t testing.TB, xml string) []byte { d := deflated(t, xml); return d[:len(d)-8] })},
		{"bytes behind the message", requestXML, by, ReasonInflate, packed(func(t testing.TB, xml string) []byte { return append(deflated(t, xml), "more"...) })},
		{"a bomb", requestXML, by, ReasonTooLarge, packed(func(t testing.TB, xml string) []byte {
			return deflated(t, strings.Replace(xml, "ana-1", strings.Repeat("a", 40<<20), 1))
		})},
		{"a request under the name of a response", requestXML, by, ReasonKind, onQuery(func(q string) string { return strings.Replace(q, "SAMLRequest=", "SAMLResponse=", 1) })},
	})
}

// packed replaces the message in the query by other bytes.
func packed(pack func(t testing.TB, xml string) []byte) func(testing.TB, *world) {
	return func(t testing.TB, w *world) {
		value := url.QueryEscape(base64.StdEncoding.EncodeToString(pack(t, w.xml)))
		w.editQuery = func(q string) string { return messageParam().ReplaceAllString(q, "${1}="+value) }
	}
}

func TestOddForms(t *testing.T) {
	form := func(edit func(url.Values)) func(testing.TB, *world) {
		return func(_ testing.TB, w *world) { w.editForm = edit }
	}
	by := onlyBy(post)
	run(t, []attack{
		{"the message twice", requestXML, by, ReasonForm, form(func(f url.Values) { f.Add("SAMLRequest", f.Get("SAMLRequest")) })},
		{"a request and a response", requestXML, by, ReasonForm, form(func(f url.Values) { f.Set("SAMLResponse", "x") })},
		{"no message", requestXML, by, ReasonForm, form(func(f url.Values) { f.Del("SAMLRequest") })},
		{"two relay states", requestXML, by, ReasonForm, form(func(f url.Values) { f.Add("RelayState", "x") })},
		{"not base64", requestXML, by, ReasonBase64, form(func(f url.Values) { f.Set("SAMLRequest", "*") })},
		{"deflated, which POST is not", requestXML, by, "encoding", form(func(f url.Values) {
			f.Set("SAMLRequest", base64.StdEncoding.EncodeToString(deflated(t, requestXML)))
		})},
		{"a book", requestXML, by, ReasonTooLarge, form(func(f url.Values) { f.Set("SAMLRequest", strings.Repeat("A", maxField+1)) })},
		{"a long message", requestXML, by, "too_large", form(func(f url.Values) {
			f.Set("SAMLRequest", base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", 65<<10))))
		})},
		{"a response under the name of a request", responseXML, by, ReasonKind, form(func(f url.Values) {
			f["SAMLRequest"] = f["SAMLResponse"]
			f.Del("SAMLResponse")
		})},
	})
}

func TestOddEnvelopes(t *testing.T) {
	soap := func(edit func(message string) string) func(testing.TB, *world) {
		return func(_ testing.TB, w *world) { w.soap = edit }
	}
	around := func(old, new string) func(testing.TB, *world) {
		return soap(func(m string) string { return strings.Replace(body(m), old, new, 1) })
	}
	by := onlyBy(SOAPBinding)
	run(t, []attack{
		{"two bodies", requestXML, by, ReasonEnvelope, soap(func(m string) string { return strings.Replace(body(m), "<s:Body>", "<s:Body/><s:Body>", 1) })},
		{"a body behind the body", requestXML, by, ReasonEnvelope, around("</s:Envelope>", "<s:Body/></s:Envelope>")},
		{"two messages in the body", requestXML, by, ReasonEnvelope, around("</s:Body>", "<x/></s:Body>")},
		{"the message twice", requestXML, by, ReasonEnvelope, soap(func(m string) string { return body(m + m) })},
		{"an empty body", requestXML, by, ReasonEnvelope, soap(func(string) string { return body("") })},
		{"text in the body", requestXML, by, ReasonEnvelope, around("<s:Body>", "<s:Body>x")},
		{"text in the envelope", requestXML, by, ReasonEnvelope, around("<s:Body>", "x<s:Body>")},
		{"no envelope", requestXML, by, ReasonEnvelope, soap(func(m string) string { return m })},
		{"an envelope of another name", requestXML, by, ReasonEnvelope, soap(func(m string) string {
			return strings.NewReplacer("<s:Envelope", "<s:Other", "</s:Envelope", "</s:Other").Replace(body(m))
		})},
		{"no body", requestXML, by, ReasonEnvelope, soap(func(m string) string { return `<s:Envelope xmlns:s="` + nsSOAP + `">` + m + `</s:Envelope>` })},
		{"SOAP 1.2", requestXML, by, ReasonEnvelope, around(nsSOAP, "http://www.w3.org/2003/05/soap-envelope")},
		{"a header that must be understood", requestXML, by, ReasonMustUnderstand, around("<s:Body>", `<s:Header><x:y xmlns:x="urn:x" s:mustUnderstand="1"/></s:Header><s:Body>`)},
		{"a header behind the body", requestXML, by, ReasonEnvelope, around("</s:Body>", "</s:Body><s:Header/>")},
		{"two headers", requestXML, by, ReasonEnvelope, around("<s:Body>", "<s:Header/><s:Header/><s:Body>")},
		{"another message in the header", requestXML, by, "misplaced_assertion", soap(func(m string) string {
			return strings.Replace(body(m), "<s:Body>", "<s:Header>"+signatureElement().ReplaceAllString(m, "")+"</s:Header><s:Body>", 1)
		})},
		{"the signature in the header", requestXML, by, "misplaced_signature", soap(func(m string) string {
			sig := signatureElement().FindString(m)
			return strings.Replace(body(strings.Replace(m, sig, "", 1)), "<s:Body>", "<s:Header>"+sig+"</s:Header><s:Body>", 1)
		})},
		{"the message one deeper", requestXML, by, "not_response", soap(func(m string) string { return body("<x>" + m + "</x>") })},
		{"a document type", requestXML, by, "dtd", soap(func(m string) string { return "<!DOCTYPE x>" + body(m) })},
		{"the namespace redefined around a prefix", requestXML, by, "not_response", soap(func(m string) string {
			return strings.Replace(inheritNamespaces(m), `xmlns:samlp="`+nsProtocol, `xmlns:samlp="urn:x`, 1)
		})},
		{"a signed response to nothing we asked", requestXML, by, ReasonKind, func(t testing.TB, w *world) {
			answer := enveloped(t, w.key, "", good(responseXML, SOAPBinding).xml)
			w.soap = func(string) string { return body(answer) }
		}},
	})
}

// A message taken apart under one kind is never believed as the other.
func TestKindsAreNotMixed(t *testing.T) {
	w := good(requestXML, samlsp.PostBinding)
	in, err := w.receive(t)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.service(t).VerifyResponse(in, w.want); err == nil {
		t.Error("a request was believed as a response")
	}
	w = good(responseXML, samlsp.PostBinding)
	if in, err = w.receive(t); err != nil {
		t.Fatal(err)
	}
	if _, err := w.service(t).VerifyRequest(t.Context(), in); err == nil {
		t.Error("a response was believed as a request")
	}
}
