package httpsig

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Params are the parameters of a signature (RFC 9421 §2.3) besides the key's
// id. A zero value leaves its parameter out.
type Params struct {
	Created, Expires time.Time // in whole seconds
	Nonce            string    // printable ASCII without quote and backslash
	Tag              string    // likewise
}

// Sign returns the values of the members of Signature-Input and Signature that
// sign these components of m: field names in lower case, or derived components.
// The parameter "alg" is not written: the key's id tells the verifier.
func (k *Key) Sign(m Message, components []string, p Params) (input, signature string, err error) {
	if k.sign == nil {
		return "", "", fmt.Errorf("key %q cannot sign", k.id)
	}
	if err := checkComponents(components); err != nil {
		return "", "", fmt.Errorf("signing a message: %w", err)
	}
	if !plain(p.Nonce) || !plain(p.Tag) {
		return "", "", errors.New("signing a message: nonce or tag would need to be escaped")
	}
	var room [1536]byte
	params := k.appendParams(room[:0], components, p)
	base, err := m.base(params[len(params):], components, params)
	if err != nil {
		return "", "", fmt.Errorf("signing a message: %w", err)
	}
	raw, err := k.sign(base)
	if err != nil {
		return "", "", fmt.Errorf("signing a message with key %q: %w", k.id, err)
	}
	var encoded [96]byte
	value := append(encoded[:0], ':')
	value = append(base64.StdEncoding.AppendEncode(value, raw), ':')
	return string(params), string(value), nil
}

// appendParams writes the inner list of RFC 9421 §2.3. Nothing in it needs to
// be escaped: names and values were checked, the key's id was quoted before.
func (k *Key) appendParams(dst []byte, components []string, p Params) []byte {
	dst = append(dst, '(')
	for i, name := range components {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(append(append(dst, '"'), name...), '"')
	}
	dst = append(dst, ')')
	if !p.Created.IsZero() {
		dst = strconv.AppendInt(append(dst, ";created="...), p.Created.Unix(), 10)
	}
	if !p.Expires.IsZero() {
		dst = strconv.AppendInt(append(dst, ";expires="...), p.Expires.Unix(), 10)
	}
	dst = append(append(dst, ";keyid="...), k.quoted...)
	if p.Nonce != "" {
		dst = append(append(append(dst, `;nonce="`...), p.Nonce...), '"')
	}
	if p.Tag != "" {
		dst = append(append(append(dst, `;tag="`...), p.Tag...), '"')
	}
	return dst
}

func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
