package slo

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"regexp"
	"testing"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

const plainID = `<saml:NameID xmlns:saml="` + nsAssertion + `" Format="urn:f" NameQualifier="q">ana-1</saml:NameID>`

// encryptedID is saml:EncryptedID (Core §2.2.4) with AES-256-GCM and RSA-OAEP.
func encryptedID(t testing.TB, to idptest.Key, plain, transport string) string {
	t.Helper()
	key, nonce := make([]byte, 32), make([]byte, 12)
	rand.Read(key)
	rand.Read(nonce)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, to.Certificate.PublicKey.(*rsa.PublicKey), key, nil)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`<saml:EncryptedID><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element">`+
		`<xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">`+
		`<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#%s"/><xenc:CipherData><xenc:CipherValue>%s</xenc:CipherValue></xenc:CipherData>`+
		`</xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>%s</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedID>`,
		transport, base64.StdEncoding.EncodeToString(wrapped), base64.StdEncoding.EncodeToString(gcm.Seal(nonce, nonce, []byte(plain), nil)))
}

func TestEncryptedNameID(t *testing.T) {
	const oaep = "rsa-oaep-mgf1p"
	with := func(to idptest.Key, plain, transport string) func(testing.TB, *world) {
		return func(t testing.TB, w *world) {
			w.xml = regexp.MustCompile(`<saml:NameID.*</saml:NameID>`).ReplaceAllLiteralString(w.xml, encryptedID(t, to, plain, transport))
		}
	}
	for _, b := range bindings() {
		w := good(requestXML, b)
		with(testKeys().sp, plainID, oaep)(t, w)
		req, _ := allow(t, "encrypted", w)
		if req.NameID.Value != "ana-1" || req.NameID.Format != "urn:f" || req.NameID.NameQualifier != "q" || len(req.SessionIndexes) != 2 {
			t.Errorf("%+v", req)
		}
	}
	run(t, []attack{
		{"encrypted for another", requestXML, bindings(), "decrypt", with(testKeys().stranger, plainID, oaep)},
		{"encrypted with RSA 1.5", requestXML, bindings(), "encryption_algorithm", with(testKeys().sp, plainID, "rsa-1_5")},
		{"encrypted, and no NameID", requestXML, bindings(), "no_subject", with(testKeys().sp, `<x/>`, oaep)},
		{"encrypted, and no XML", requestXML, bindings(), "not_xml", with(testKeys().sp, `ana-1`, oaep)},
		{"encrypted, and empty", requestXML, bindings(), ReasonSubject, with(testKeys().sp, `<NameID xmlns="`+nsAssertion+`"/>`, oaep)},
		{"encrypted with a bomb", requestXML, bindings(), "dtd", with(testKeys().sp, `<!DOCTYPE x>`+plainID, oaep)},
		{"encrypted by a stranger", requestXML, bindings(), "signature_invalid", func(t testing.TB, w *world) {
			with(testKeys().sp, plainID, oaep)(t, w)
			w.key = testKeys().stranger
		}},
		{"an EncryptedID without data", requestXML, bindings(), "encryption_shape", func(_ testing.TB, w *world) {
			w.xml = regexp.MustCompile(`<saml:NameID.*</saml:NameID>`).ReplaceAllString(w.xml, "<saml:EncryptedID/>")
		}},
	})
}
