package samlsp

import (
	"bytes"
	"encoding/xml"
)

// Hint is what a response says of itself before anything of it is verified.
type Hint struct {
	RequestID string // the request that it claims to answer; empty = none
	Issuer    string // the identity provider that it claims to be from; empty = none, or none that could be one
}

// PeekResponse returns what a response claims, only to find the pending login that
// it answers or, when it answers none, the configured identity provider that it
// seems to come from. The error is a [*Rejection].
func PeekResponse(samlResponse string) (Hint, error) {
	var t *trial // keeps no record
	data, r := t.decodeForm(samlResponse)
	if r != nil {
		return Hint{}, r
	}
	if r := t.prescan(data, received()); r != nil {
		return Hint{}, r
	}
	h := hintReader{dec: xml.NewDecoder(bytes.NewReader(data))}
	start, r := h.element()
	if r != nil {
		return Hint{}, r
	}
	if start.Name != (xml.Name{Space: nsProtocol, Local: "Response"}) {
		return Hint{}, reject(ReasonNotResponse, "the document element is not samlp:Response")
	}
	var hint Hint
	for _, a := range start.Attr {
		if a.Name != (xml.Name{Local: "InResponseTo"}) {
			continue
		}
		if !ncName(a.Value) || len(a.Value) > maxID {
			return Hint{}, reject(ReasonInResponseTo, "the response answers a request that nobody can have sent")
		}
		hint.RequestID = a.Value
	}
	hint.Issuer = h.issuer()
	return hint, nil
}

// hintReader reads the beginning of a response.
type hintReader struct{ dec *xml.Decoder }

// element returns the next start tag.
func (h hintReader) element() (xml.StartElement, *Rejection) {
	for {
		token, err := h.dec.Token()
		if err != nil {
			return xml.StartElement{}, reject(ReasonNotXML, "syntax error near byte %d", h.dec.InputOffset())
		}
		if start, ok := token.(xml.StartElement); ok {
			return start, nil
		}
	}
}

// issuer returns the text of the Issuer of the response or, where that has none,
// of its assertion. Each comes first in its element.
func (h hintReader) issuer() string {
	for {
		start, r := h.element()
		switch {
		case r != nil:
			return ""
		case start.Name == xml.Name{Space: nsAssertion, Local: "Issuer"}:
			token, err := h.dec.Token()
			if text, ok := token.(xml.CharData); err == nil && ok && len(text) <= maxURI && printable(string(text)) {
				return string(text)
			}
			return ""
		}
	}
}
