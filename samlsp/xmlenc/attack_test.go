package xmlenc

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/samlsp/xmlenc/xmlenctest"
)

// counted counts what is done with a key.
type counted struct {
	key *rsa.PrivateKey
	n   int
}

func (c *counted) Public() crypto.PublicKey { return c.key.Public() }

func (c *counted) Decrypt(random io.Reader, msg []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	if _, ok := opts.(*rsa.OAEPOptions); !ok {
		return nil, errors.New("RSA-1.5") // what crypto/rsa does without options
	}
	c.n++
	return c.key.Decrypt(random, msg, opts)
}

func flip(i int, x byte) func([]byte) []byte {
	return func(b []byte) []byte { b[i] ^= x; return b }
}

func cut(n int) func([]byte) []byte {
	return func(b []byte) []byte { return b[:n] }
}

// Any changed byte of what GCM protects, and of a wrapped key.
func TestFlips(t *testing.T) {
	for i := range 12 + len(secret) + 16 {
		r := gcm()
		r.EditContent = flip(i, 1)
		deny(t, "content", sealed(t, r))
	}
	for i := range 256 {
		for _, r := range []xmlenctest.Recipe{gcm(), cbc()} {
			r.EditKey = flip(i, 0x80)
			deny(t, "key", sealed(t, r))
		}
	}
}

func TestTruncated(t *testing.T) {
	for n := range 12 + len(secret) + 16 {
		r := gcm()
		r.EditContent = cut(n)
		deny(t, "GCM", sealed(t, r))
	}
	for n := range 256 {
		r := gcm()
		r.EditKey = cut(n)
		deny(t, "key", sealed(t, r))
	}
	for n := range 64 {
		if n%16 == 0 && n >= 32 {
			continue // whole blocks: only the padding tells, see below
		}
		r := cbc()
		r.EditContent = cut(n)
		deny(t, "CBC", sealed(t, r))
	}
	for _, r := range []xmlenctest.Recipe{gcm(), cbc()} {
		r.EditContent = func(b []byte) []byte { return append(b, 0) }
		deny(t, "longer", sealed(t, r))
		r.EditContent, r.EditKey = nil, func(b []byte) []byte { return append(b, 0) }
		deny(t, "longer key", sealed(t, r))
		r.EditKey = func(b []byte) []byte { return bytes.Repeat([]byte{0xff}, len(b)) }
		deny(t, "key above the modulus", sealed(t, r))
	}
}

func TestEmptyPlaintext(t *testing.T) {
	for _, r := range []xmlenctest.Recipe{gcm(), cbc()} {
		text, err := r.Encrypt("EncryptedID", nil, &ours().PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		deny(t, r.Content, text)
	}
}

// The padding oracle: all 256 values of the last byte. What is no padding looks
// like every other failure; what is one may only say how much to take off.
func TestPaddingOracle(t *testing.T) {
	padding := byte(16 - len(secret)%16)
	for want := range 256 {
		r := cbc()
		r.EditContent = func(b []byte) []byte { return flip(len(b)-17, padding^byte(want))(b) }
		text := sealed(t, r)
		if want < 1 || want > 16 {
			deny(t, "padding", text)
			continue
		}
		got, err := open(t, text)
		if n := len(secret) + int(padding) - want; err != nil || len(got) != n {
			t.Errorf("padding %d: %d bytes, %v", want, len(got), err)
		}
	}
}

func TestWrongKeys(t *testing.T) {
	deny(t, "another's", sealed(t, gcm(), stranger()))
	deny(t, "another's, CBC", sealed(t, cbc(), stranger()))
	deny(t, "two others'", sealed(t, gcm(), stranger(), next()))
	named := gcm()
	named.Recipient = "https://sp.example/saml/metadata"
	deny(t, "another's in our name", sealed(t, named, stranger()))
	for n := range 40 {
		for _, r := range []xmlenctest.Recipe{gcm(), cbc()} {
			if r.Key = make([]byte, n); n == 32 && r.Content == AES256GCM || n == 16 && r.Content == AES128CBC {
				continue
			}
			deny(t, "content key of another length", sealed(t, r))
		}
	}
}

// An AES-256 key says AES-128, and a GCM message says CBC: same key, other use.
func TestRelabelled(t *testing.T) {
	deny(t, "GCM 128 for 256", strings.Replace(sealed(t, gcm()), AES256GCM, AES128GCM, 1))
	deny(t, "CBC 256 for 128", strings.Replace(sealed(t, cbc()), AES128CBC, AES256CBC, 1))
	deny(t, "GCM for CBC", strings.Replace(sealed(t, cbc()), AES128CBC, AES128GCM, 1))
	text := strings.Replace(sealed(t, gcm()), AES256GCM, AES256CBC, 1)
	root, err := parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Read(root)
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Decrypt(keys(ours()), Policy{})
	refused(t, "CBC for GCM", err)
}

// OAEP binds its digest, mask and label: none may be exchanged.
func TestOAEPParameters(t *testing.T) {
	labelled := gcm()
	labelled.Label = []byte("for us")
	for name, edit := range map[string][2]string{
		"digest downgraded": {`Algorithm="` + SHA256, `Algorithm="` + SHA1},
		"digest upgraded":   {`Algorithm="` + SHA256, `Algorithm="` + SHA512},
		"mask downgraded":   {MGF1SHA256, MGF1SHA1},
		"label changed":     {"Zm9yIHVz", "Zm9yIHV0"},
		"label emptied":     {"Zm9yIHVz", ""},
		"label left out":    {"<xenc:OAEPparams>Zm9yIHVz</xenc:OAEPparams>", ""},
	} {
		good := sealed(t, labelled)
		allow(t, "the twin", good)
		text := strings.Replace(good, edit[0], edit[1], 1)
		if text == good {
			t.Fatalf("%s: nothing was edited", name)
		}
		deny(t, name, text)
	}
	deny(t, "label added", strings.Replace(sealed(t, gcm()), "<ds:DigestMethod", "<xenc:OAEPparams>Zm9yIHVz</xenc:OAEPparams><ds:DigestMethod", 1))
}

// The same work, whatever the message is: each key on each encrypted key, and
// after a failure a content key that nobody knows.
func TestSameWork(t *testing.T) {
	broken := gcm()
	broken.EditKey = flip(200, 1)
	short := gcm()
	short.Key = make([]byte, 31)
	content := gcm()
	content.EditContent = flip(40, 1)
	empty := gcm()
	empty.EditContent = cut(0)
	for name, text := range map[string]string{
		"good":            sealed(t, gcm(), ours(), next()),
		"good for one":    sealed(t, gcm(), ours(), stranger()),
		"for others":      sealed(t, gcm(), stranger(), stranger()),
		"broken":          sealed(t, broken, ours(), next()),
		"short key":       sealed(t, short, ours(), next()),
		"content changed": sealed(t, content, ours(), next()),
		"no content":      sealed(t, empty, ours(), next()),
	} {
		a, b := &counted{key: ours()}, &counted{key: next()}
		if _, err := open(t, text, a, b); err != nil && err != ErrDecrypt {
			t.Errorf("%s: %v", name, err)
		}
		if a.n != 2 || b.n != 2 {
			t.Errorf("%s: %d and %d operations", name, a.n, b.n)
		}
	}
}

func TestRandomContentKey(t *testing.T) {
	root, err := parse([]byte(sealed(t, gcm(), stranger())))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Read(root)
	if err != nil {
		t.Fatal(err)
	}
	first, ok1 := m.unwrap(keys(ours()))
	second, ok2 := m.unwrap(keys(ours()))
	if ok1|ok2 != 0 || len(first) != 32 || bytes.Equal(first, second) || bytes.Equal(first, make([]byte, 32)) {
		t.Errorf("%x, %x, %d, %d", first, second, ok1, ok2)
	}
	right, ok := m.unwrap(keys(ours(), stranger(), next()))
	again, _ := m.unwrap(keys(stranger()))
	if ok != 1 || !bytes.Equal(right, again) {
		t.Errorf("%x, %x, %d", right, again, ok)
	}
}

// A key that is too weak or of another kind is not used, even if it would fit.
func TestUnusableKeys(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	elliptic, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text := sealed(t, cbc(), weak)
	for _, k := range []crypto.Decrypter{weak, nil, noRSA{elliptic}} {
		if got, err := open(t, text, k); err != ErrNoKeys || got != "" {
			t.Errorf("%T: %q, %v", k, got, err)
		}
	}
	allow(t, "beside a good one", sealed(t, gcm()), weak, nil, ours())
}

// A device may return bytes together with its error. They are nobody's key.
func TestErrorWithBytes(t *testing.T) {
	r := gcm()
	r.Key = make([]byte, 32)
	deny(t, "error and zeros", sealed(t, r), faulty{ours()})
}

type faulty struct{ *rsa.PrivateKey }

func (faulty) Decrypt(io.Reader, []byte, crypto.DecrypterOpts) ([]byte, error) {
	return make([]byte, 32), errors.New("device busy")
}

type noRSA struct{ *ecdsa.PrivateKey }

func (noRSA) Decrypt(io.Reader, []byte, crypto.DecrypterOpts) ([]byte, error) { return nil, nil }
