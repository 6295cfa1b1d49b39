package slo

import (
	"slices"

	"github.com/samlgate/samlgate/samlsp"
)

const nsSOAP = "http://schemas.xmlsoap.org/soap/envelope/" // SOAP 1.1 (Bindings §3.2)

// FromSOAP takes the body of a SOAP request apart. The error is a [*Rejection].
func FromSOAP(body []byte) (*Received, error) {
	m, err := samlsp.ReadMessage(body, openEnvelope)
	if err != nil {
		return nil, rejection(err)
	}
	r := &Received{message: m, binding: SOAPBinding}
	return r.checked(true) // we ask nobody by SOAP, so no response can come
}

// openEnvelope returns the one child of the one Body (SOAP 1.1 §4).
func openEnvelope(root samlsp.Element) (samlsp.Element, error) {
	if !root.Is(nsSOAP, "Envelope") {
		return root, reject(ReasonEnvelope, "the document element is not the Envelope of SOAP 1.1")
	}
	parts := root.Children()
	if len(parts) > 0 && parts[0].Is(nsSOAP, "Header") {
		if err := checkHeader(parts[0]); err != nil {
			return root, err
		}
		parts = parts[1:]
	}
	if len(parts) != 1 || !parts[0].Is(nsSOAP, "Body") || !root.Layout() {
		return root, reject(ReasonEnvelope, "the envelope has not exactly one Body")
	}
	content := parts[0].Children()
	if len(content) != 1 || !parts[0].Layout() {
		return root, reject(ReasonEnvelope, "%d messages in the body", len(content))
	}
	return content[0], nil
}

// checkHeader passes over blocks that may be ignored (SOAP 1.1 §4.2.3). The
// binding uses none (Bindings §3.2.2.2).
func checkHeader(header samlsp.Element) error {
	for _, block := range header.Children() {
		if v, given := block.Attr(nsSOAP, "mustUnderstand"); given && v != "0" {
			return reject(ReasonMustUnderstand, "a header block that must be understood")
		}
	}
	return nil
}

const (
	openSOAP  = `<soap:Envelope xmlns:soap="` + nsSOAP + `"><soap:Body>`
	closeSOAP = `</soap:Body></soap:Envelope>`
)

// wrap puts a signed message into an envelope, byte for byte.
func wrap(message []byte) []byte { return slices.Concat([]byte(openSOAP), message, []byte(closeSOAP)) }

// Fault returns the SOAP answer to what is no message that could be answered; it
// goes with status 500 (SOAP 1.1 §6.2) and says no more than whose fault it is:
// that of the sender whose message was refused, or ours.
func Fault(refused bool) []byte {
	code, text := "soap:Server", "try again later"
	if refused {
		code, text = "soap:Client", "the message was refused"
	}
	return wrap([]byte("<soap:Fault><faultcode>" + code + "</faultcode><faultstring>" + text + "</faultstring></soap:Fault>"))
}
