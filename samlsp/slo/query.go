package slo

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/samlgate/samlgate/samlsp"
)

const (
	maxInflated   = 64 << 10
	deflateScheme = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
)

// parameter names of the HTTP-Redirect binding (Bindings §3.4.4, §3.4.4.1).
func parameters() []string {
	return []string{"SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding"}
}

// FromRedirect takes the query string of a GET request apart. It wants the query
// exactly as it was received: what was signed are the bytes as the sender
// encoded them, and "%2b" and "%2B" are not the same. The error is a [*Rejection].
func FromRedirect(rawQuery string) (*Received, error) {
	if len(rawQuery) > maxQuery {
		return nil, reject(ReasonTooLarge, "a query of %d bytes", len(rawQuery))
	}
	q, err := splitQuery(rawQuery)
	if err != nil {
		return nil, err
	}
	name, other := "SAMLRequest", "SAMLResponse"
	if _, ok := q[name]; !ok {
		name, other = other, name
	}
	_, has := q[name]
	if _, both := q[other]; both || !has {
		return nil, reject(ReasonQuery, "not exactly one SAMLRequest or SAMLResponse")
	}
	if encoding, given := q["SAMLEncoding"]; given && unescape(encoding) != deflateScheme {
		return nil, reject(ReasonQuery, "an encoding other than DEFLATE")
	}
	sig, err := q.signature(name)
	if err != nil {
		return nil, err
	}
	m, err := samlsp.ReadDetached(sig, decodeSigned)
	if err != nil {
		return nil, rejection(err)
	}
	r := &Received{message: m, binding: samlsp.RedirectBinding, relayState: unescape(q["RelayState"])}
	return r.checked(name == "SAMLRequest")
}

// query holds our parameters as they were received :: name → encoded value.
type query map[string]string

// splitQuery refuses a parameter of ours that stands twice, in another case or
// with an encoded name: of two readers one might take the first and one the last.
func splitQuery(raw string) (query, error) {
	q := query{}
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		plain := unescape(name)
		if !slices.ContainsFunc(parameters(), func(p string) bool { return strings.EqualFold(p, plain) }) {
			continue
		}
		if !slices.Contains(parameters(), name) {
			return nil, reject(ReasonQuery, "a parameter whose name is spelt oddly")
		}
		if _, twice := q[name]; twice {
			return nil, reject(ReasonQuery, "%s stands twice", name)
		}
		if _, err := url.QueryUnescape(value); err != nil || strings.ContainsAny(value, "; ") {
			return nil, reject(ReasonQuery, "%s is not encoded for a URL", name)
		}
		q[name] = value
	}
	return q, nil
}

// unescape decodes what splitQuery found to be decodable; "" for anything else.
func unescape(s string) string {
	plain, err := url.QueryUnescape(s)
	if err != nil {
		return ""
	}
	return plain
}

// signature puts the signed text together: in the order of the standard, from
// the values as they were received (Bindings §3.4.4.1).
func (q query) signature(name string) (samlsp.Detached, error) {
	method, given := q["SigAlg"]
	encoded, signed := q["Signature"]
	if !given || !signed || encoded == "" {
		return samlsp.Detached{}, reject(ReasonNoSignature, "the query is not signed")
	}
	value, err := base64.StdEncoding.DecodeString(unescape(encoded))
	if err != nil {
		return samlsp.Detached{}, reject(ReasonBase64, "Signature is not base64")
	}
	text := name + "=" + q[name]
	if relay, ok := q["RelayState"]; ok {
		text += "&RelayState=" + relay
	}
	text += "&SigAlg=" + method
	return samlsp.Detached{Text: text, Method: unescape(method), Value: value}, nil
}

// decodeSigned returns the XML that stands in a signed text: the value of its
// first parameter.
func decodeSigned(text string) ([]byte, error) {
	first, _, _ := strings.Cut(text, "&")
	_, value, _ := strings.Cut(first, "=")
	packed, err := base64.StdEncoding.Strict().DecodeString(unescape(value))
	if err != nil || len(packed) == 0 {
		return nil, reject(ReasonBase64, "the message is not base64")
	}
	return inflate(packed)
}

// inflate is RFC 1951 with an end: a kilobyte can become a megabyte.
func inflate(packed []byte) ([]byte, error) {
	from := bytes.NewReader(packed) // a ByteReader: flate takes no byte too many
	data, err := io.ReadAll(io.LimitReader(flate.NewReader(from), maxInflated+1))
	switch {
	case err != nil:
		return nil, reject(ReasonInflate, "the message is not in DEFLATE encoding")
	case len(data) > maxInflated:
		return nil, reject(ReasonTooLarge, "more than %d bytes when inflated", maxInflated)
	case from.Len() > 0:
		return nil, reject(ReasonInflate, "%d bytes behind the message", from.Len())
	}
	return data, nil
}
