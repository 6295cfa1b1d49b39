package slo

import (
	"encoding/base64"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

// attack is one misbehaviour. Its twin, the same message without the one
// mutation, is accepted first.
type attack struct {
	name   string
	xml    string // requestXML or responseXML
	by     []samlsp.Binding
	want   Reason
	mutate func(t testing.TB, w *world)
}

const (
	redirect = samlsp.RedirectBinding
	post     = samlsp.PostBinding
)

func onlyBy(b ...samlsp.Binding) []samlsp.Binding { return b }

func front() []samlsp.Binding { return []samlsp.Binding{redirect, post} }

func run(t *testing.T, attacks []attack) {
	t.Helper()
	for _, a := range attacks {
		for _, b := range a.by {
			kind := "request"
			if a.xml == responseXML {
				kind = "response"
			}
			name := kind + " by " + string(b[strings.LastIndex(string(b), ":")+1:]) + ": " + a.name
			allow(t, "twin of "+name, good(a.xml, b))
			w := good(a.xml, b)
			a.mutate(t, w)
			deny(t, name, a.want, w)
			if slices.Contains(ownChecks(), a.want) {
				needed(t, name, a, b)
			}
		}
	}
}

// ownChecks are those that package slo makes of a proven message.
func ownChecks() []Reason {
	return []Reason{
		ReasonDestination, ReasonTimeFormat, ReasonIssuedInFuture, ReasonTooOld, ReasonExpired, ReasonSubject, ReasonSessionIndex,
		ReasonReplay, ReasonIssuer, ReasonInResponseTo, ReasonStatus,
	}
}

// refusedTwice are attacks that another check refuses as well.
func refusedTwice() map[string]Reason {
	return map[string]Reason{
		"never issued": ReasonTooOld, "issued without a zone": ReasonTooOld, "an answer from nobody asked": ReasonIssuer,
		"encrypted, and no NameID": ReasonSubject, // by samlsp
	}
}

// needed wants an attack to pass once the check that refuses it is off.
func needed(t *testing.T, name string, a attack, b samlsp.Binding) {
	t.Helper()
	w := good(a.xml, b)
	a.mutate(t, w)
	w.off = a.want
	_, _, err := w.deliver(t)
	var r *Rejection
	if twice := refusedTwice()[a.name]; errors.As(err, &r) && r.Reason != twice || err == nil && twice != "" {
		t.Errorf("%s: with this check off: %v", name, err)
	}
}

func old(old, new string) func(testing.TB, *world) {
	return func(t testing.TB, w *world) { w.replaced(t, old, new) }
}

func signed(edit func(string) string) func(testing.TB, *world) {
	return func(_ testing.TB, w *world) { w.editSigned = edit }
}

func onQuery(edit func(string) string) func(testing.TB, *world) {
	return func(_ testing.TB, w *world) { w.editQuery = edit }
}

func swap(old, new string) func(string) string {
	return func(s string) string { return strings.ReplaceAll(s, old, new) }
}

// Everything that one needs no key for, or the wrong one.
func TestForgedSignatures(t *testing.T) {
	unsigned := func(_ testing.TB, w *world) { w.unsigned = true }
	stranger := func(_ testing.TB, w *world) { w.key = testKeys().stranger }
	anothers := func(_ testing.TB, w *world) { w.key = testKeys().other }
	ours := func(_ testing.TB, w *world) { w.key = testKeys().sp } // our own signature, sent back
	sha1 := func(_ testing.TB, w *world) { w.method = idptest.RSASHA1 }
	var all []attack
	for _, xml := range []string{requestXML, responseXML} {
		by := bindings()
		if xml == responseXML {
			by = front()
		}
		all = append(all,
			attack{"unsigned", xml, by, "no_signature", unsigned},
			attack{"a stranger's key", xml, by, "signature_invalid", stranger},
			attack{"another idp's key", xml, by, "signature_invalid", anothers},
			attack{"our own key", xml, by, "signature_invalid", ours},
			attack{"SHA-1", xml, by, "signature_algorithm", sha1},
			attack{"the issuer of another idp", xml, by, "signature_invalid", old("<saml:Issuer>"+corpIDP, "<saml:Issuer>"+otherIDP)},
			attack{"an unknown issuer", xml, by, "unknown_idp", old("<saml:Issuer>"+corpIDP, "<saml:Issuer>https://evil.example")},
			attack{"the issuer almost", xml, by, "unknown_idp", old("<saml:Issuer>"+corpIDP, "<saml:Issuer>"+corpIDP+" ")},
			attack{"an issuer of another format", xml, by, "unknown_idp", old("<saml:Issuer>", `<saml:Issuer Format="urn:x">`)},
			attack{"without issuer", xml, onlyBy(redirect), "child_order", old("<saml:Issuer>"+corpIDP+"</saml:Issuer>", "")},
			attack{"the issuer taken away", xml, except(by, redirect), "misplaced_signature", signed(swap("<saml:Issuer>"+corpIDP+"</saml:Issuer>", ""))},
			attack{"a query signature stripped", xml, onlyBy(redirect), "no_signature", onQuery(func(q string) string { return q[:strings.Index(q, "&SigAlg")] })},
			attack{"an empty signature", xml, onlyBy(redirect), "no_signature", onQuery(func(q string) string { return q[:strings.Index(q, "&Signature=")] + "&Signature=" })},
			attack{"a signature without its method", xml, onlyBy(redirect), "no_signature", onQuery(withoutMethod)},
			attack{"the method swapped", xml, onlyBy(redirect), "signature_invalid", onQuery(swap("rsa-sha256", "rsa-sha512"))},
			attack{"the method downgraded", xml, onlyBy(redirect), "signature_algorithm", onQuery(swap(url.QueryEscape(idptest.RSASHA256), url.QueryEscape(idptest.RSASHA1)))},
			attack{"no method at all", xml, onlyBy(redirect), "signature_algorithm", onQuery(swap(url.QueryEscape(idptest.RSASHA256), ""))},
			attack{"the relay state swapped", xml, onlyBy(redirect), "signature_invalid", onQuery(swap("RelayState=r", "RelayState=s"))},
			attack{"the relay state taken away", xml, onlyBy(redirect), "signature_invalid", onQuery(withoutRelay)},
			attack{"a relay state put beside", xml, onlyBy(redirect), "signature_invalid", func(_ testing.TB, w *world) {
				w.relay, w.editQuery = "", func(q string) string { return q + "&RelayState=x" }
			}},
			attack{"an empty relay state put beside", xml, onlyBy(redirect), "signature_invalid", func(_ testing.TB, w *world) {
				w.relay, w.editQuery = "", func(q string) string { return q + "&RelayState=" }
			}},
			attack{"encoded again", xml, onlyBy(redirect), "signature_invalid", onQuery(swap("%2F", "%2f"))},
			attack{"encoded less", xml, onlyBy(redirect), "signature_invalid", onQuery(swap("%2F", "/"))},
			attack{"signed in another order", xml, onlyBy(redirect), "signature_invalid", func(_ testing.TB, w *world) {
				w.editText = func(s string) string {
					parts := strings.Split(s, "&")
					return strings.Join([]string{parts[1], parts[0], parts[2]}, "&")
				}
			}},
			attack{"signed under the other name", xml, onlyBy(redirect), "signature_invalid", func(_ testing.TB, w *world) {
				w.editText = func(s string) string { return strings.Replace(s, "SAMLRe", "SAMLRE", 1) }
			}},
			attack{"the message swapped", xml, onlyBy(redirect), "signature_invalid", func(t testing.TB, w *world) {
				evil := url.QueryEscape(base64.StdEncoding.EncodeToString(deflated(t, strings.Replace(w.xml, `ID="_a`, `ID="_b`, 1))))
				w.editQuery = func(q string) string { return messageParam().ReplaceAllString(q, "${1}="+evil) }
			}},
			attack{"an enveloped signature in the query instead", xml, onlyBy(redirect), "misplaced_signature", func(t testing.TB, w *world) {
				w.editSigned = func(s string) string { return enveloped(t, w.key, "", s) }
			}},
			attack{"an enveloped signature stripped", xml, except(by, redirect), "no_signature", signed(func(s string) string {
				return signatureElement().ReplaceAllString(s, "")
			})},
			attack{"changed after signing", xml, except(by, redirect), "digest_mismatch", signed(swap(`Version="2.0"`, `Version="2.0" Consent="x"`))},
			attack{"the signature behind the message's end", xml, except(by, redirect), "misplaced_signature", signed(signatureLast)},
			attack{"the signature twice", xml, except(by, redirect), "several_signatures", signed(func(s string) string {
				return signatureElement().ReplaceAllString(s, "$0$0")
			})},
		)
	}
	run(t, all)
}

func withoutMethod(q string) string {
	return regexp.MustCompile(`&SigAlg=[^&]*`).ReplaceAllString(q, "")
}

func withoutRelay(q string) string {
	return regexp.MustCompile(`&RelayState=[^&]*`).ReplaceAllString(q, "")
}

func messageParam() *regexp.Regexp {
	return regexp.MustCompile(`^(SAMLRequest|SAMLResponse)=[^&]*`)
}

func signatureElement() *regexp.Regexp {
	return regexp.MustCompile(`<ds:Signature .*</ds:Signature>`)
}

func signatureLast(s string) string {
	sig := signatureElement().FindString(s)
	s = strings.Replace(s, sig, "", 1)
	end := strings.LastIndex(s, "</")
	return s[:end] + sig + s[end:]
}

func except(all []samlsp.Binding, one samlsp.Binding) []samlsp.Binding {
	var rest []samlsp.Binding
	for _, b := range all {
		if b != one {
			rest = append(rest, b)
		}
	}
	return rest
}

// Signature wrapping: the signed message stays somewhere, another one is put
// where it would be read (McIntosh and Austel, 2005).
func TestWrappedMessages(t *testing.T) {
	evil := func(s string) string {
		s = signatureElement().ReplaceAllString(s, "")
		return strings.NewReplacer("ana-1", "bob-1", `ID="_ask1"`, `ID="_evil"`).Replace(s)
	}
	inside := func(s, child string) string {
		if strings.Contains(s, "</ds:Signature>") {
			return strings.Replace(s, "</ds:Signature>", "</ds:Signature>"+child, 1)
		}
		return strings.Replace(s, "</saml:Issuer>", "</saml:Issuer>"+child, 1)
	}
	extension := func(s string) string { return "<samlp:Extensions>" + s + "</samlp:Extensions>" }
	by := onlyBy(post, SOAPBinding)
	run(t, []attack{
		{"the original in the extensions", requestXML, by, "misplaced_assertion", signed(func(s string) string { return inside(evil(s), extension(s)) })},
		{"the original in the evil one's signature", requestXML, by, "misplaced_assertion", signed(func(s string) string {
			sig := signatureElement().FindString(s)
			original := strings.Replace(s, sig, "", 1)
			return inside(evil(s), strings.Replace(sig, "</ds:Signature>", "<ds:Object>"+original+"</ds:Object></ds:Signature>", 1))
		})},
		{"the evil one in the signature of the original", requestXML, by, "misplaced_assertion", signed(func(s string) string {
			return strings.Replace(s, "</ds:Signature>", "<ds:Object>"+evil(s)+"</ds:Object></ds:Signature>", 1)
		})},
		{"an object in the signature", requestXML, by, "signature_shape", signed(swap("</ds:Signature>", "<ds:Object/></ds:Signature>"))},
		{"the reference to nothing", requestXML, by, "reference", signed(swap(`URI="#_ask1"`, `URI=""`))},
		{"the reference to another", requestXML, by, "reference", signed(func(s string) string { return strings.Replace(s, `ID="_ask1"`, `ID="_ask2"`, 1) })},
		{"the ID twice", requestXML, by, "duplicate_id", signed(func(s string) string { return inside(s, extension(`<x ID="_ask1"/>`)) })},
		{"another kind of ID", requestXML, by, "id", signed(func(s string) string { return strings.Replace(s, `ID="_ask1"`, `ID="_ask1" xml:id="_ask1"`, 1) })},
		{"only a part signed", requestXML, by, "misplaced_signature", signed(func(s string) string {
			sig := signatureElement().FindString(s)
			return strings.Replace(strings.Replace(s, sig, "", 1), "</saml:Issuer>", sig+"</saml:Issuer>", 1)
		})},
		{"a second NameID", requestXML, by, "child_order", signed(swap("<samlp:SessionIndex>s-1", "<saml:NameID>bob</saml:NameID><samlp:SessionIndex>s-1"))},
		{"an assertion inside", requestXML, by, "misplaced_assertion", signed(func(s string) string { return inside(s, extension("<saml:Assertion/>")) })},
	})
}

// Honestly signed, and still not for us, not now or not about anybody.
func TestRefusedAlthoughSigned(t *testing.T) {
	issued, until := at(-time.Minute), at(4*time.Minute)
	both := []attack{
		{"for another address", "", bindings(), ReasonDestination, func(_ testing.TB, w *world) {
			w.xml = destination().ReplaceAllString(w.xml, `Destination="https://else.example/slo"`)
		}},
		{"for our address almost", "", bindings(), ReasonDestination, func(_ testing.TB, w *world) {
			w.xml = destination().ReplaceAllString(w.xml, `Destination="`+ourSLO+`/"`)
		}},
		{"for no address", "", front(), ReasonDestination, func(_ testing.TB, w *world) { w.xml = destination().ReplaceAllString(w.xml, "") }},
		{"for an empty address", "", front(), ReasonDestination, func(_ testing.TB, w *world) { w.xml = destination().ReplaceAllString(w.xml, `Destination=""`) }},
		{"for the SOAP address", "", front(), ReasonDestination, old(ourSLO, ourSOAP)},
		{"from the future", "", bindings(), ReasonIssuedInFuture, old(issued, at(61*time.Second))},
		{"issued long ago", "", bindings(), ReasonTooOld, old(issued, at(-11*time.Minute))},
		{"never issued", "", bindings(), ReasonTimeFormat, old(` IssueInstant="`+issued+`"`, "")},
		{"issued without a zone", "", bindings(), ReasonTimeFormat, old(issued, strings.TrimSuffix(issued, "Z"))},
		{"of version 1.1", "", bindings(), "version", old(`Version="2.0"`, `Version="1.1"`)},
		{"without an ID", "", bindings(), "id", func(_ testing.TB, w *world) {
			w.xml = strings.NewReplacer(` ID="_ask1"`, "", ` ID="_answer1"`, "").Replace(w.xml)
			w.unsigned = w.binding != redirect // nothing to sign by
		}},
		{"the idp's metadata expired", "", bindings(), "idp_metadata_expired", func(_ testing.TB, w *world) {
			w.idps[0].ValidUntil = testNow().Add(-2 * time.Minute)
		}},
		{"a relay state that is a book", "", front(), ReasonRelayState, func(_ testing.TB, w *world) { w.relay = strings.Repeat("x", 1025) }},
		{"a relay state of several lines", "", front(), ReasonRelayState, func(_ testing.TB, w *world) { w.relay = "a\r\nSet-Cookie: b" }},
		{"a relay state that is no text", "", front(), ReasonRelayState, func(_ testing.TB, w *world) { w.relay = "\xff" }},
	}
	var all []attack
	for _, a := range both {
		a.xml = requestXML
		all = append(all, a)
		a.xml, a.by = responseXML, except(a.by, SOAPBinding)
		all = append(all, a)
	}
	run(t, append(all, []attack{
		{"expired", requestXML, bindings(), ReasonExpired, old(until, at(-time.Minute))},
		{"a NotOnOrAfter that is no time", requestXML, bindings(), ReasonTimeFormat, old(until, "tomorrow")},
		{"about nobody", requestXML, bindings(), "child_order", func(_ testing.TB, w *world) { w.xml = nameID().ReplaceAllString(w.xml, "") }},
		{"about an empty NameID", requestXML, bindings(), ReasonSubject, old(">ana-1<", "><")},
		{"about a NameID of elements", requestXML, bindings(), ReasonSubject, old(">ana-1<", ">a<b/>na-1<")},
		{"about a BaseID", requestXML, bindings(), ReasonSubject, func(_ testing.TB, w *world) { w.xml = nameID().ReplaceAllString(w.xml, "<saml:BaseID/>") }},
		{"an empty SessionIndex", requestXML, bindings(), ReasonSessionIndex, old(">s-1<", "><")},
		{"a SessionIndex of elements", requestXML, bindings(), ReasonSessionIndex, old(">s-1<", "><b/><")},
		{"a SessionIndex that is a book", requestXML, bindings(), ReasonSessionIndex, old(">s-1<", ">"+strings.Repeat("x", 1025)+"<")},
		{"a SessionIndex of another namespace", requestXML, bindings(), "child_order", func(t testing.TB, w *world) {
			w.replaced(t, "samlp:SessionIndex", "saml:SessionIndex") // passing over it would end all sessions
		}},
		{"for another SOAP address", requestXML, onlyBy(SOAPBinding), ReasonDestination, old(ourSOAP, ourSLO)},
		{"SOAP is not offered", requestXML, onlyBy(SOAPBinding), ReasonDestination, func(t testing.TB, w *world) {
			w.soapURL = ""
			w.replaced(t, ourSOAP, "")
		}},
		{"an answer to another request", responseXML, front(), ReasonInResponseTo, old(pending, "_pending2")},
		{"an answer to no request", responseXML, front(), ReasonInResponseTo, old(` InResponseTo="`+pending+`"`, "")},
		{"an answer while nothing is pending", responseXML, front(), ReasonInResponseTo, func(t testing.TB, w *world) {
			w.want.RequestID = ""
			w.replaced(t, pending, "")
		}},
		{"an answer from another idp", responseXML, front(), ReasonIssuer, func(_ testing.TB, w *world) { w.want.IDP = "other" }},
		{"an answer from nobody asked", responseXML, front(), ReasonInResponseTo, func(_ testing.TB, w *world) { w.want.IDP = "" }},
		{"no status", responseXML, front(), "child_order", func(_ testing.TB, w *world) { w.xml = status().ReplaceAllString(w.xml, "") }},
		{"an empty status", responseXML, front(), ReasonStatus, func(_ testing.TB, w *world) { w.xml = status().ReplaceAllString(w.xml, "<samlp:Status/>") }},
		{"two statuses", responseXML, front(), "child_order", func(_ testing.TB, w *world) { w.xml = status().ReplaceAllString(w.xml, "$0$0") }},
		{"two status codes", responseXML, front(), ReasonStatus, func(_ testing.TB, w *world) { w.xml = statusCode().ReplaceAllString(w.xml, "$0$0") }},
		{"a status code of another namespace", responseXML, front(), ReasonStatus, old("<samlp:StatusCode", "<saml:StatusCode")},
	}...))
}

func destination() *regexp.Regexp { return regexp.MustCompile(`Destination="[^"]*"`) }
func nameID() *regexp.Regexp      { return regexp.MustCompile(`<saml:NameID.*</saml:NameID>`) }
func status() *regexp.Regexp      { return regexp.MustCompile(`<samlp:Status>.*</samlp:Status>`) }
func statusCode() *regexp.Regexp  { return regexp.MustCompile(`<samlp:StatusCode [^>]*/>`) }

func TestReplay(t *testing.T) {
	for _, b := range bindings() {
		w := good(requestXML, b)
		allow(t, "first", w)
		deny(t, "second", ReasonReplay, w)
		w.off = ReasonReplay
		allow(t, "second, with this check off", w)
		w.off = ""
		w.replaced(t, "_ask1", "_ask2")
		allow(t, "another ID", w)
		w.replaced(t, "_ask2", "_ask1")
		w.replaced(t, "<saml:Issuer>"+corpIDP, "<saml:Issuer>"+otherIDP)
		w.key = testKeys().other
		if req, _ := allow(t, "the same ID at another idp", w); req.IDP != "other" {
			t.Errorf("idp %q", req.IDP)
		}
	}
	w := good(requestXML, post)
	allow(t, "by POST", w)
	w.binding = redirect
	deny(t, "again by redirect", ReasonReplay, w)
}

// What could not be done is asked for again, with the same message.
func TestARequestIsSpentWhenItIsDone(t *testing.T) {
	for _, b := range bindings() {
		w := good(requestXML, b)
		w.undone = true
		allow(t, "the store is away", w)
		allow(t, "still", w)
		w.undone = false
		allow(t, "back", w)
		deny(t, "done", ReasonReplay, w)
	}
}
