package xmlenc

import (
	"crypto"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/samlsp/xmlenc/xmlenctest"
)

// Every way to encrypt that we claim to read, each with every other.
func TestRoundTrips(t *testing.T) {
	digests := []string{"", SHA1, SHA256, SHA384, SHA512}
	masks := []string{"", MGF1SHA1, MGF1SHA256, MGF1SHA384, MGF1SHA512}
	for _, content := range []string{AES128GCM, AES256GCM, AES128CBC, AES256CBC} {
		for _, digest := range digests {
			for _, mask := range masks {
				r := xmlenctest.Recipe{Content: content, Transport: OAEP, Digest: digest, Mask: mask}
				allow(t, strings.Join([]string{content, digest, mask}, " "), sealed(t, r))
			}
			r := xmlenctest.Recipe{Content: content, Transport: OAEPMGF1P, Digest: digest, Label: []byte("us")}
			allow(t, content+" mgf1p "+digest, sealed(t, r))
		}
	}
}

func TestLengths(t *testing.T) {
	for _, content := range []string{AES128GCM, AES256CBC} {
		for n := 1; n < 40; n++ {
			r := xmlenctest.Recipe{Content: content, Transport: OAEP}
			text, err := r.Encrypt("EncryptedID", make([]byte, n), &ours().PublicKey)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := open(t, text); err != nil || got != string(make([]byte, n)) {
				t.Errorf("%s, %d bytes: %q, %v", content, n, got, err)
			}
		}
	}
}

func TestWhereTheKeyIs(t *testing.T) {
	beside := gcm()
	beside.Beside = true
	allow(t, "behind the data", sealed(t, beside))
	allow(t, "behind the data, first for another", sealed(t, beside, stranger(), ours()))
	allow(t, "first for another", sealed(t, gcm(), stranger(), ours()))
	allow(t, "second for another", sealed(t, gcm(), ours(), stranger()))
	allow(t, "for our next key", sealed(t, gcm(), next()), keys(ours(), next())...)
	allow(t, "for both our keys", sealed(t, gcm(), next(), ours()), keys(ours(), next())...)

	named := gcm()
	named.Recipient = "somebody else by name"
	allow(t, "a recipient is a hint", sealed(t, named))
}

func TestReport(t *testing.T) {
	root, err := parse([]byte(sealed(t, gcm(), ours(), stranger())))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Read(root)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Algorithms(); got != "aes256-gcm, rsa-oaep sha256 mgf1sha256, rsa-oaep sha256 mgf1sha256" || !m.Authenticated() {
		t.Errorf("%q, %v", got, m.Authenticated())
	}
}

// Assertions in testdata/xmlsec were encrypted by other programs.
func TestEncryptedByOthers(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "xmlsec", "*.xml"))
	if err != nil || len(files) < 12 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		if name == "plain.xml" {
			continue
		}
		plaintext, err := open(t, string(text))
		if strings.HasPrefix(name, "refused-") {
			refused(t, name, err)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		root, err := parse([]byte(plaintext))
		if err != nil || root.Local != "Assertion" || root.Kids[0].Text != "https://idp.example/é漢" {
			t.Errorf("%s: %q, %v", name, plaintext, err)
		}
		deny(t, name+" with another key", string(text), crypto.Decrypter(stranger()))
	}
}
