package httpsig

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// Params are the parameters of a signature (RFC 9421 §2.3) besides the key's
// id. A zero value leaves its parameter out.
type Params struct {
	Created, Expires time.Time // in whole seconds
	Nonce            string    // printable ASCII without quote and backslash
	Tag              string    // likewise
}

// buffers are reused: each holds the parameters and the base of one signature.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }}

// Sign returns the values of the members of Signature-Input and Signature that
// sign these components of m, of which none is there twice. The parameter "alg"
// is not written: the key's id tells the verifier.
func (k *Key) Sign(m Message, components []Component, p Params) (input, signature string, err error) {
	if k.sign == nil {
		return "", "", fmt.Errorf("key %q cannot sign", k.id)
	}
	if !plain(p.Nonce) || !plain(p.Tag) {
		return "", "", errors.New("signing a message: nonce or tag would need to be escaped")
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	params := k.appendParams((*buffer)[:0], components, p)
	base, err := m.base(params, components, params)
	if err != nil {
		return "", "", fmt.Errorf("signing a message: %w", err)
	}
	*buffer = base
	raw, err := k.sign(base[len(params):])
	if err != nil {
		return "", "", fmt.Errorf("signing a message with key %q: %w", k.id, err)
	}
	var room [96]byte
	value := append(base64.StdEncoding.AppendEncode(append(room[:0], ':'), raw), ':')
	return string(base[:len(params)]), string(value), nil
}

// appendParams writes the inner list of RFC 9421 §2.3. Nothing in it needs to
// be escaped: names and values were checked, the key's id was quoted before.
func (k *Key) appendParams(dst []byte, components []Component, p Params) []byte {
	dst = append(dst, '(')
	for i, c := range components {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, c.quoted...)
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
