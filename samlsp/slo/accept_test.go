package slo

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

func bindings() []samlsp.Binding {
	return []samlsp.Binding{samlsp.RedirectBinding, samlsp.PostBinding, SOAPBinding}
}

func TestRequestIsReadExactly(t *testing.T) {
	for _, b := range bindings() {
		w := good(requestXML, b)
		req, _ := allow(t, string(b), w)
		want := &LogoutRequest{
			IDP: "corp", Issuer: corpIDP, ID: "_ask1", Issued: testNow().Add(-time.Minute), Binding: b, RelayState: w.relay, SessionIndexes: []string{"s-1", "s-2"},
			NameID: identity.NameID{Value: "ana-1", Format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", NameQualifier: corpIDP, SPNameQualifier: ourEntity},
		}
		if !reflect.DeepEqual(req, want) {
			t.Errorf("%s: %+v", b, req)
		}
		if len(w.replay.Until()) != 1 {
			t.Errorf("%s: %d requests remembered", b, len(w.replay.Until()))
		}
		for _, until := range w.replay.Until() {
			if !until.Equal(testNow().Add(19 * time.Minute)) {
				t.Errorf("%s: remembered until %v", b, until)
			}
		}
	}
}

// What honest identity providers do, each in its own way.
func TestHonestVariants(t *testing.T) {
	for name, edit := range map[string]func(*world){
		"no session index":      func(w *world) { w.xml = withoutIndexes(w.xml) },
		"no NotOnOrAfter":       func(w *world) { w.replaced(t, ` NotOnOrAfter="`+at(4*time.Minute)+`"`, "") },
		"milliseconds":          func(w *world) { w.replaced(t, at(4*time.Minute), "2026-03-04T05:10:07.123Z") },
		"clock a little ahead":  func(w *world) { w.replaced(t, at(-time.Minute), at(50*time.Second)) },
		"ended within the skew": func(w *world) { w.replaced(t, at(4*time.Minute), at(-50*time.Second)) },
		"no relay state":        func(w *world) { w.relay = "" },
		"reason and consent": func(w *world) {
			w.replaced(t, ` Version="2.0"`, ` Version="2.0" Reason="urn:oasis:names:tc:SAML:2.0:logout:admin" Consent="urn:x"`)
		},
		"asynchronous extension": func(w *world) {
			w.replaced(t, `</saml:Issuer>`, `</saml:Issuer><samlp:Extensions><aslo:Asynchronous xmlns:aslo="urn:oasis:names:tc:SAML:2.0:protocol:ext:async-slo"/></samlp:Extensions>`)
		},
		"layout": func(w *world) { w.replaced(t, `</saml:NameID>`, "</saml:NameID>\n  ") },
		"issuer with format": func(w *world) {
			w.replaced(t, `<saml:Issuer>`, `<saml:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">`)
		},
		"RSA with SHA-512":       func(w *world) { w.method = idptest.RSASHA512 },
		"query in another order": func(w *world) { w.order = []string{"Signature", "RelayState", "SigAlg", "SAMLRequest"} },
		"foreign parameters":     func(w *world) { w.editQuery = func(q string) string { return "route=1&" + q + "&utm" } },
		"named encoding": func(w *world) {
			w.editQuery = func(q string) string { return "SAMLEncoding=" + deflateScheme + "&" + q }
		},
		"a header to pass over": func(w *world) {
			w.soap = func(m string) string {
				return strings.Replace(body(m), "<s:Body>", `<s:Header><x:y xmlns:x="urn:x" s:mustUnderstand="0"/></s:Header><s:Body>`, 1)
			}
		},
		"namespaces from the envelope": func(w *world) { w.soap = inheritNamespaces },
		"SOAP without destination": func(w *world) {
			if w.binding == SOAPBinding {
				w.replaced(t, ` Destination="`+ourSOAP+`"`, "")
			}
		},
	} {
		for _, b := range bindings() {
			w := good(requestXML, b)
			edit(w)
			allow(t, name+" by "+string(b), w)
		}
	}
	w := good(requestXML, samlsp.RedirectBinding)
	w.key = testKeys().corpEC
	allow(t, "ECDSA in the query", w)
}

func withoutIndexes(xml string) string {
	return strings.Replace(strings.Replace(xml, "<samlp:SessionIndex>s-1</samlp:SessionIndex>", "", 1), "<samlp:SessionIndex>s-2</samlp:SessionIndex>", "", 1)
}

// inheritNamespaces declares what the message uses on the envelope alone: the
// exclusive canonical form is the same.
func inheritNamespaces(m string) string {
	declared := ` xmlns:samlp="` + nsProtocol + `" xmlns:saml="` + nsAssertion + `"`
	return strings.Replace(body(strings.Replace(m, declared, "", 1)), "<s:Envelope", "<s:Envelope"+declared, 1)
}

func TestLowerCaseEscapesAreKept(t *testing.T) {
	w := good(requestXML, samlsp.RedirectBinding)
	lower := func(s string) string {
		return strings.NewReplacer("%2B", "%2b", "%2F", "%2f", "%3D", "%3d", "%3A", "%3a", "%C3%BC", "%c3%bc").Replace(s)
	}
	w.editText, w.editQuery = lower, lower // .NET writes them so
	if req, _ := allow(t, "lower case", w); req.RelayState != w.relay {
		t.Errorf("relay state %q", req.RelayState)
	}
}

func TestNoIndexMeansAll(t *testing.T) {
	w := good(requestXML, samlsp.RedirectBinding)
	w.xml = withoutIndexes(w.xml)
	if req, _ := allow(t, "no index", w); len(req.SessionIndexes) != 0 {
		t.Errorf("indexes %q", req.SessionIndexes)
	}
}

func TestResponseOutcomes(t *testing.T) {
	code := func(top, second string) string {
		if second != "" {
			second = `<samlp:StatusCode Value="` + statusPrefix + second + `"/>`
		}
		return `<samlp:StatusCode Value="` + statusPrefix + top + `">` + second + `</samlp:StatusCode>`
	}
	for _, x := range []struct {
		codes string
		want  Outcome
		name  string
	}{
		{code("Success", ""), Success, "Success"},
		{code("Success", "") + `<samlp:StatusMessage>bye</samlp:StatusMessage>`, Success, "Success"},
		{code("Success", "PartialLogout"), Partial, "PartialLogout"},
		{code("Responder", "PartialLogout"), Partial, "PartialLogout"},
		{code("Responder", ""), Failed, "Responder"},
		{code("Requester", "RequestDenied"), Failed, "RequestDenied"},
		{code("PartialLogout", ""), Failed, "PartialLogout"},               // no code of the first level
		{code("Requester", "Success"), Failed, "Success"},                  // Success where nobody looks for it
		{code("Success", "AuthnFailed"), Failed, "AuthnFailed"},            // contradicts itself
		{code("Success/", ""), Failed, ""},                                 // not quite
		{`<samlp:StatusCode Value="success"/>`, Failed, ""},                // not the URI
		{`<samlp:StatusCode Value=" ` + statusSuccess + `"/>`, Failed, ""}, // compared exactly
	} {
		for _, b := range bindings()[:2] {
			w := good(responseXML, b)
			w.replaced(t, `<samlp:StatusCode Value="`+statusSuccess+`"/>`, x.codes)
			_, resp := allow(t, x.codes, w)
			if want := (&LogoutResponse{IDP: "corp", Outcome: x.want, Status: x.name, RelayState: w.relay}); !reflect.DeepEqual(resp, want) {
				t.Errorf("%s: %+v", x.codes, resp)
			}
		}
	}
}

// The hints of unproven messages are for looking up, and give nothing odd.
func TestHints(t *testing.T) {
	w := good(responseXML, samlsp.PostBinding)
	allow(t, "response", w)
	if in := w.received; in.IsRequest() || in.InResponseToHint() != pending || in.RelayState() != w.relay || in.Binding() != samlsp.PostBinding {
		t.Errorf("hints %q, %q", in.InResponseToHint(), in.RelayState())
	}
	w = good(responseXML, samlsp.PostBinding)
	w.replaced(t, `InResponseTo="`+pending+`"`, `InResponseTo="1 &lt;b>"`)
	deny(t, "odd InResponseTo", ReasonInResponseTo, w)
	if w.received.InResponseToHint() != "" {
		t.Error("an odd InResponseTo is handed on")
	}
}

func TestStoreAwayIsNoRefusal(t *testing.T) {
	w := good(requestXML, samlsp.PostBinding)
	w.replay.Fail(errors.New("away"))
	_, _, err := w.deliver(t)
	var r *Rejection
	if !errors.Is(err, samlsp.ErrUnavailable) || errors.As(err, &r) {
		t.Errorf("%v", err)
	}
}

// SHA-1 is believed where an operator allowed it, and it is said.
func TestSHA1ByChoice(t *testing.T) {
	for _, xml := range []string{requestXML, responseXML} {
		for _, b := range front() {
			w := good(xml, b)
			w.method, w.idps[0].AllowSHA1 = idptest.RSASHA1, true
			req, resp := allow(t, "SHA-1 by choice", w)
			if req != nil && !req.UsedSHA1 || resp != nil && !resp.UsedSHA1 {
				t.Errorf("%s by %s: nobody hears of SHA-1", w.name(), b)
			}
			w = good(xml, b)
			w.idps[0].AllowSHA1 = true
			if req, resp = allow(t, "SHA-256", w); req != nil && req.UsedSHA1 || resp != nil && resp.UsedSHA1 {
				t.Errorf("%s by %s: SHA-256 is called SHA-1", w.name(), b)
			}
		}
	}
}
