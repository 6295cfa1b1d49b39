package headers

import (
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Encoding is how a value travels in a header. The zero value is [UTF8].
type Encoding string

// A header field is bytes, and only visible ASCII means the same to everybody
// (RFC 9110 §5.5). What is no UTF-8 is absent in every encoding, and the token
// carries every value as it is.
const (
	UTF8    Encoding = "utf8"    // as it is; with a control character it is absent
	ASCII   Encoding = "ascii"   // as it is; with a control character or beyond ASCII it is absent
	Percent Encoding = "percent" // RFC 3986 §2.1 of the UTF-8, for all but visible ASCII, and for % and +
	RFC2047 Encoding = "rfc2047" // encoded words, where the value is not plain ASCII text
	Base64  Encoding = "base64"  // RFC 4648 §4 of the UTF-8, with padding
)

// Encodings are all there are.
func Encodings() []Encoding { return []Encoding{UTF8, Percent, RFC2047, Base64, ASCII} }

// encode returns a value as it travels, and whether it can. Empty stays empty.
func (e Encoding) encode(value string) (string, bool) {
	if !utf8.ValidString(value) { // before anything looks for whole characters in it
		return "", false
	}
	if e.escapes() {
		return e.escape(value), true
	}
	value, ok := representable(value)
	if e == ASCII && strings.ContainsFunc(value, func(r rune) bool { return r > '~' }) {
		return "", false
	}
	return value, ok
}

func (e Encoding) escape(value string) string {
	switch {
	case value == "":
		return ""
	case e == Base64:
		return base64.StdEncoding.EncodeToString([]byte(value))
	case e == Percent:
		return percent(value)
	case plainText(value):
		return value
	}
	return encodedWords(value)
}

// escapes reports whether an encoded value holds nothing that a field could
// lose, outer blanks included.
func (e Encoding) escapes() bool { return e == Percent || e == RFC2047 || e == Base64 }

// percent escapes "+" as well, which some decoders take for a blank.
func percent(value string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		if c <= ' ' || c > '~' || c == '%' || c == '+' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// plainText reports whether a reader of encoded words finds none in value.
func plainText(value string) bool {
	return !strings.Contains(value, "=?") && strings.Trim(value, " ") == value &&
		!strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
}

// encodedWords cuts value at whole characters into words of at most 75 bytes
// (RFC 2047 §2, §5). Readers take the blanks between words away.
func encodedWords(value string) string {
	const most = 45 // bytes, so that base64 of them fits beside =?UTF-8?B?…?=
	var words []string
	for value != "" {
		end := min(len(value), most)
		for end < len(value) && !utf8.RuneStart(value[end]) {
			end--
		}
		words = append(words, "=?UTF-8?B?"+base64.StdEncoding.EncodeToString([]byte(value[:end]))+"?=")
		value = value[end:]
	}
	return strings.Join(words, " ")
}

// Decode returns the value that travels as s, or an error that does not quote
// it. An app that reads a joined header splits first and decodes each part.
func (e Encoding) Decode(s string) (value string, err error) {
	switch e {
	case "", UTF8, ASCII:
		return s, nil
	case Base64:
		var b []byte
		b, err = base64.StdEncoding.Strict().DecodeString(s)
		value = string(b)
	case Percent:
		value, err = url.PathUnescape(s)
	case RFC2047:
		value, err = new(mime.WordDecoder).DecodeHeader(s)
	default:
		err = errors.New("no such encoding")
	}
	if err != nil || !utf8.ValidString(value) {
		return "", fmt.Errorf("a header's value is not in the encoding %s", e)
	}
	return value, nil
}

// encoding returns how the value of a header travels.
func (n Names) encoding(header string) Encoding {
	for name, e := range n.Encodings {
		if strings.EqualFold(name, header) {
			return e
		}
	}
	return n.Encoding
}

// decoded returns the value of a header, empty where it is not there or not in
// its encoding.
func (n Names) decoded(header, value string) string {
	value, err := n.encoding(header).Decode(value)
	if err != nil {
		return ""
	}
	return value
}

func (n Names) checkEncodings() error {
	all := []Encoding{n.Encoding}
	for _, e := range n.Encodings {
		all = append(all, e)
	}
	for _, e := range all {
		if e != "" && !slices.Contains(Encodings(), e) {
			return fmt.Errorf("there is no encoding %q", string(e))
		}
	}
	return nil
}
