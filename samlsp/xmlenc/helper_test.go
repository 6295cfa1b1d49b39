package xmlenc

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/samlgate/samlgate/samlsp/xmlenc/xmlenctest"
)

const secret = `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a">ana@example.com</saml:Assertion>`

// ours is the key of testdata, so that every fuzzing process has the same.
var ours = sync.OnceValue(func() *rsa.PrivateKey {
	data, err := os.ReadFile(filepath.Join("testdata", "xmlsec", "sp.key"))
	if err != nil {
		return nil
	}
	block, _ := pem.Decode(data)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil
	}
	return key.(*rsa.PrivateKey)
})

var next, stranger = sync.OnceValue(generate), sync.OnceValue(generate)

func generate() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil
	}
	return k
}

func keys(all ...*rsa.PrivateKey) []crypto.Decrypter {
	var d []crypto.Decrypter
	for _, k := range all {
		d = append(d, k)
	}
	return d
}

// gcm is the recipe that most tests vary.
func gcm() xmlenctest.Recipe {
	return xmlenctest.Recipe{Content: AES256GCM, Transport: OAEP, Digest: SHA256, Mask: MGF1SHA256}
}

func cbc() xmlenctest.Recipe {
	return xmlenctest.Recipe{Content: AES128CBC, Transport: OAEPMGF1P}
}

// sealed encrypts the secret for us, or for others.
func sealed(t testing.TB, r xmlenctest.Recipe, to ...*rsa.PrivateKey) string {
	t.Helper()
	if to == nil {
		to = []*rsa.PrivateKey{ours()}
	}
	var public []*rsa.PublicKey
	for _, k := range to {
		public = append(public, &k.PublicKey)
	}
	text, err := r.Encrypt("EncryptedAssertion", []byte(secret), public...)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// open reads and decrypts with our key, CBC allowed.
func open(t testing.TB, text string, k ...crypto.Decrypter) (string, error) {
	t.Helper()
	root, err := parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Read(root)
	if err != nil {
		return "", err
	}
	if k == nil {
		k = keys(ours())
	}
	plaintext, err := m.Decrypt(k, Policy{AllowCBC: true})
	return string(plaintext), err
}

func allow(t *testing.T, what, text string, k ...crypto.Decrypter) {
	t.Helper()
	if got, err := open(t, text, k...); err != nil || got != secret {
		t.Errorf("%s: %q, %v", what, got, err)
	}
}

// deny wants the one uniform error: the value itself, nothing wrapped around it.
func deny(t *testing.T, what, text string, k ...crypto.Decrypter) {
	t.Helper()
	if got, err := open(t, text, k...); err != ErrDecrypt || got != "" {
		t.Errorf("%s: %q, %v", what, got, err)
	}
}

// parse stands in for the caller's strict reader.
func parse(data []byte) (*Element, error) {
	dec := xml.NewDecoder(bytes.NewReader(data))
	top := &Element{}
	open := []*Element{top}
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		parent := open[len(open)-1]
		switch x := token.(type) {
		case xml.StartElement:
			e := &Element{Space: x.Name.Space, Local: x.Name.Local}
			for _, a := range x.Attr {
				e.Attrs = append(e.Attrs, Attr{a.Name.Space, a.Name.Local, a.Value})
			}
			parent.Kids = append(parent.Kids, e)
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			parent.Text += string(x)
		}
	}
	if len(top.Kids) != 1 {
		return nil, errors.New("not one document element")
	}
	return top.Kids[0], nil
}
