package xmlenc

import (
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// MaxKeys is how many encrypted keys a message may have: each costs one RSA
// operation for each key of ours. Two, so that an identity provider that knows
// our old and our new certificate may use both.
const MaxKeys = 2

const (
	maxContent = 1 << 20 // bytes of ciphertext
	maxWrapped = 1 << 10 // bytes of an encrypted key: RSA with 8192 bits
	maxLabel   = 1 << 10 // bytes of OAEPparams
)

// ErrShape says that the XML is not what XML Encryption and SAML write. The
// message says what, in our words.
var ErrShape = errors.New("malformed encryption")

func misshapen(what string) error { return fmt.Errorf("%w: %s", ErrShape, what) }

// Message is one EncryptedData with its encrypted keys, as read from the clear.
// Nothing in it is proven.
type Message struct {
	uri     string
	content content
	cipher  []byte
	keys    []wrapped
}

// wrapped is a content key, encrypted for some RSA key.
type wrapped struct {
	name   string // for the log
	oaep   rsa.OAEPOptions
	cipher []byte
}

// Algorithms lists what the message uses, in short, for the log: "aes256-gcm,
// rsa-oaep sha256 mgf1sha1".
func (m *Message) Algorithms() string {
	names := []string{shortName(m.uri)}
	for _, k := range m.keys {
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
}

// Keys is how many encrypted keys the message has: each is tried with each of
// the keys that are handed to [Message.Decrypt].
func (m *Message) Keys() int { return len(m.keys) }

// Authenticated says whether the content's cipher notices changes (GCM). With
// CBC it does not: see [Policy].
func (m *Message) Authenticated() bool { return !m.content.cbc }

// Read understands an EncryptedAssertion, EncryptedID, EncryptedAttribute or
// another element of SAML's EncryptedElementType (Core §2.2.4): one
// EncryptedData, and up to [MaxKeys] EncryptedKeys in its KeyInfo or behind it.
// It uses no key and looks into every element, so the caller's reader bounds
// their number and depth. Errors are an [ErrShape] or an [AlgorithmError].
func Read(encrypted *Element) (*Message, error) {
	if encrypted == nil {
		return nil, misshapen("no element")
	}
	data, ok := encrypted.only(nsEnc, "EncryptedData")
	if !ok || data == nil || encrypted.count("EncryptedData") != 1 {
		return nil, misshapen("not exactly one EncryptedData")
	}
	// Core §2.2.4: the Type, if present, is that of an element.
	if t := data.value("Type"); t != "" && t != nsEnc+"Element" {
		return nil, misshapen("EncryptedData is not of the type of an element")
	}
	m := &Message{}
	if err := m.readContent(data); err != nil {
		return nil, err
	}
	keys, err := encryptedKeys(encrypted, data)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		w, err := readKey(k)
		if err != nil {
			return nil, err
		}
		m.keys = append(m.keys, w)
	}
	return m, nil
}

func (m *Message) readContent(data *Element) (err error) {
	method, uri, err := methodOf(data, Content)
	if err != nil {
		return err
	}
	if m.content, err = lookup(Content, uri, contentOf); err != nil {
		return err
	}
	m.uri = uri
	// §3.2: a KeySize that differs from the algorithm's is an error.
	size, ok := method.only(nsEnc, "KeySize")
	if !ok || size != nil && strings.TrimSpace(size.Text) != fmt.Sprint(8*m.content.keyBytes) {
		return misshapen("a KeySize that is not the algorithm's")
	}
	m.cipher, err = cipherValue(data, maxContent)
	return err
}

// encryptedKeys returns the EncryptedKeys that belong to data. They stand in
// its KeyInfo or beside it and nowhere else, so the keys of keys are refused.
func encryptedKeys(parent, data *Element) ([]*Element, error) {
	info, ok := data.only(nsDSig, "KeyInfo")
	if !ok {
		return nil, misshapen("several KeyInfos")
	}
	var keys []*Element
	for _, place := range []*Element{info, parent} {
		if place == nil {
			continue
		}
		for _, k := range place.Kids {
			if k.is(nsEnc, "EncryptedKey") {
				keys = append(keys, k)
			}
		}
	}
	switch {
	case len(keys) == 0:
		return nil, misshapen("no EncryptedKey in or beside the EncryptedData")
	case len(keys) > MaxKeys:
		return nil, misshapen(fmt.Sprintf("more than %d EncryptedKeys", MaxKeys))
	case parent.count("EncryptedKey") != len(keys):
		return nil, misshapen("an EncryptedKey in another place")
	}
	return keys, nil
}

// readKey understands one EncryptedKey. Its Recipient is a hint (§3.5.1) that
// is not needed: what is for others does not open with our keys.
func readKey(k *Element) (wrapped, error) {
	method, uri, err := methodOf(k, Transport)
	if err != nil {
		return wrapped{}, err
	}
	if uri != OAEP && uri != OAEPMGF1P {
		return wrapped{}, refuse(Transport, uri)
	}
	digest, err := option(method, nsDSig, "DigestMethod", SHA1)
	if err != nil {
		return wrapped{}, err
	}
	mask, err := option(method, nsEnc11, "MGF", MGF1SHA1)
	if err != nil {
		return wrapped{}, err
	}
	w := wrapped{name: strings.Join([]string{shortName(uri), shortName(digest), shortName(mask)}, " ")}
	if w.oaep.Hash, err = lookup(Digest, digest, digestOf); err != nil {
		return wrapped{}, err
	}
	if w.oaep.MGFHash, err = lookup(Mask, mask, maskOf); err != nil {
		return wrapped{}, err
	}
	// §5.5.2: the mask of rsa-oaep-mgf1p is fixed.
	if uri == OAEPMGF1P && mask != MGF1SHA1 {
		return wrapped{}, refuse(Mask, mask)
	}
	if w.oaep.Label, err = label(method); err != nil {
		return wrapped{}, err
	}
	w.cipher, err = cipherValue(k, maxWrapped)
	return w, err
}

// methodOf returns the EncryptionMethod of e and the algorithm that it names.
// Without one the recipient would have to know (§3.2), and we do not.
func methodOf(e *Element, part Part) (*Element, string, error) {
	method, ok := e.only(nsEnc, "EncryptionMethod")
	if !ok {
		return nil, "", misshapen("several EncryptionMethods")
	}
	if method == nil {
		return nil, "", refuse(part, "")
	}
	return method, method.value("Algorithm"), nil
}

// option returns the algorithm of an element inside a method, or what the
// specification says when the element is left out.
func option(method *Element, space, local, fallback string) (string, error) {
	e, ok := method.only(space, local)
	switch {
	case !ok:
		return "", misshapen("several of " + local)
	case e == nil:
		return fallback, nil
	}
	return e.value("Algorithm"), nil
}

func lookup[T any](part Part, uri string, of func(string) (T, bool)) (T, error) {
	found, ok := of(uri)
	if !ok {
		return found, refuse(part, uri)
	}
	return found, nil
}

// label returns the OAEPparams (§5.5.2), which are empty when left out.
func label(method *Element) ([]byte, error) {
	e, ok := method.only(nsEnc, "OAEPparams")
	if !ok {
		return nil, misshapen("several OAEPparams")
	}
	if e == nil {
		return nil, nil
	}
	return octets(e, maxLabel)
}

// cipherValue returns the ciphertext of e (§3.3). A CipherReference would have
// us fetch something, and is refused.
func cipherValue(e *Element, limit int) ([]byte, error) {
	data, ok := e.only(nsEnc, "CipherData")
	if !ok || data == nil || len(data.Kids) != 1 || !data.Kids[0].is(nsEnc, "CipherValue") {
		return nil, misshapen("CipherData is not exactly one CipherValue")
	}
	return octets(data.Kids[0], limit)
}

// octets decodes the base64 of e, which may have spaces and line breaks
// (XML Schema Datatypes §3.2.16).
func octets(e *Element, limit int) ([]byte, error) {
	if len(e.Kids) != 0 {
		return nil, misshapen("an element inside base64")
	}
	if len(e.Text) > 2*limit {
		return nil, misshapen("too long")
	}
	text := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n':
			return -1
		}
		return r
	}, e.Text)
	value, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, misshapen("not base64")
	}
	if len(value) > limit {
		return nil, misshapen("too long")
	}
	return value, nil
}
