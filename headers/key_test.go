package headers

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
)

func TestSigningKeySurvivesItsFile(t *testing.T) {
	ed, err := GenerateSigningKey()
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []crypto.Signer{ed, p256, rsaKey} {
		file, err := MarshalSigningKey(key)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseSigningKey(append([]byte("\n"), append(file, '\n')...))
		if err != nil || !key.(interface{ Equal(crypto.PrivateKey) bool }).Equal(again) {
			t.Errorf("%T read back: %v", key, err)
		}
	}
}

func TestParseSigningKeySaysWhatItGot(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	smallKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	pkcs8 := func(key any) string {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		return block("PRIVATE KEY", der, err)
	}
	public, err := x509.MarshalPKIXPublicKey(rsaKey.Public())
	ours := pkcs8(testKey("a").Private)
	for file, want := range map[string]string{
		pkcs8(smallKey):                     "another kind",
		pkcs8(ecKey):                        "another kind",
		block("PUBLIC KEY", public, err):    "a public key",
		block("CERTIFICATE", []byte{}, nil): "a certificate",
		block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey), nil): "PKCS#8",
		block("ENCRYPTED PRIVATE KEY", []byte{1}, nil):                     "passphrase",
		block("PRIVATE KEY", []byte{1}, nil):                               "damaged",
		ours + ours:                                                        "more than one",
		"":                                                                 "no PEM",
		"c2VjcmV0LXNlY3JldA==":                                             "no PEM",
	} {
		_, err := ParseSigningKey([]byte(file))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "c2Vj") {
			t.Errorf("wanted %q, got %v", want, err)
		}
	}
	if _, err := MarshalSigningKey(ecKey); err == nil {
		t.Error("a key on P-384 was written")
	}
}
