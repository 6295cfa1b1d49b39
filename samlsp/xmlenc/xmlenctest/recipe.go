package xmlenctest

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"html"
	"strings"
)

// Namespaces that URIs of algorithms begin with.
const (
	Enc   = "http://www.w3.org/2001/04/xmlenc#"
	Enc11 = "http://www.w3.org/2009/xmlenc11#"
	DSig  = "http://www.w3.org/2000/09/xmldsig#"
	More  = "http://www.w3.org/2001/04/xmldsig-more#"
)

// Algorithms that package xmlenc refuses.
const (
	RSA15     = Enc + "rsa-1_5"
	TripleDES = Enc + "tripledes-cbc"
	AES192CBC = Enc + "aes192-cbc"
	AES192GCM = Enc11 + "aes192-gcm"
	KWAES128  = Enc + "kw-aes128"
	KWAES256  = Enc + "kw-aes256"
	MD5       = More + "md5"
)

// Recipe says how to encrypt. Content and Transport are needed.
type Recipe struct {
	Content      string // URI: AES of any size with GCM or CBC, Triple DES
	Transport    string // URI: OAEP of either kind, RSA-1.5; a key wrap yields noise
	Digest, Mask string // URIs of OAEP; empty: SHA-1, and the element is left out
	Label        []byte // OAEPparams; nil: left out
	Beside       bool   // EncryptedKeys behind the EncryptedData, not in its KeyInfo
	Recipient    string // the Recipient of each EncryptedKey; empty: left out

	// Key is what is wrapped as the content key, nil for a proper random one.
	// When it does not fit the content's cipher, that uses a random one.
	Key []byte

	// EditContent and EditKey change ciphertexts before they are written.
	EditContent, EditKey func(ciphertext []byte) []byte
}

// Encrypt returns a SAML element of that local name ("EncryptedAssertion",
// "EncryptedID", "EncryptedAttribute") with one EncryptedKey for each recipient.
// It declares its own namespaces and may stand anywhere.
func (r Recipe) Encrypt(local string, plaintext []byte, recipients ...*rsa.PublicKey) (string, error) {
	key := r.Key
	if key == nil {
		key = random(keyBytes(r.Content))
	}
	ciphertext, err := r.content(key, plaintext)
	if err != nil {
		return "", fmt.Errorf("encrypting the content: %w", err)
	}
	var keys strings.Builder
	for i, to := range recipients {
		wrapped, err := r.wrap(to, key)
		if err != nil {
			return "", fmt.Errorf("encrypting the content key: %w", err)
		}
		keys.WriteString(r.encryptedKey(i, wrapped))
	}
	return r.element(local, ciphertext, keys.String(), len(recipients)), nil
}

func (r Recipe) content(key, plaintext []byte) ([]byte, error) {
	if len(key) != keyBytes(r.Content) {
		key = random(keyBytes(r.Content))
	}
	ciphertext, err := seal(r.Content, key, plaintext)
	if err != nil {
		return nil, err
	}
	return edited(ciphertext, r.EditContent), nil
}

func (r Recipe) wrap(to *rsa.PublicKey, key []byte) ([]byte, error) {
	ciphertext, err := r.transport(to, key)
	if err != nil {
		return nil, err
	}
	return edited(ciphertext, r.EditKey), nil
}

func edited(b []byte, edit func([]byte) []byte) []byte {
	if edit == nil {
		return b
	}
	return edit(bytes.Clone(b))
}

func (r Recipe) element(local string, ciphertext []byte, keys string, n int) string {
	inside, beside := keys, ""
	if r.Beside {
		inside, beside = "", keys
		for i := range n {
			inside += fmt.Sprintf(`<ds:RetrievalMethod URI="#_key%d" Type="%sEncryptedKey"/>`, i, Enc)
		}
	}
	return fmt.Sprintf(`<saml:%s xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">`+
		`<xenc:EncryptedData xmlns:xenc="%s" Type="%sElement">`+
		`<xenc:EncryptionMethod Algorithm="%s"/>`+
		`<ds:KeyInfo xmlns:ds="%s">%s</ds:KeyInfo>%s</xenc:EncryptedData>%s</saml:%s>`,
		local, Enc, Enc, html.EscapeString(r.Content), DSig, inside, cipherData(ciphertext), beside, local)
}

func (r Recipe) encryptedKey(i int, ciphertext []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<xenc:EncryptedKey xmlns:xenc="%s" Id="_key%d"`, Enc, i)
	if r.Recipient != "" {
		fmt.Fprintf(&b, ` Recipient="%s"`, html.EscapeString(r.Recipient))
	}
	fmt.Fprintf(&b, `><xenc:EncryptionMethod Algorithm="%s">`, html.EscapeString(r.Transport))
	if r.Label != nil {
		fmt.Fprintf(&b, "<xenc:OAEPparams>%s</xenc:OAEPparams>", base64.StdEncoding.EncodeToString(r.Label))
	}
	if r.Digest != "" {
		fmt.Fprintf(&b, `<ds:DigestMethod xmlns:ds="%s" Algorithm="%s"/>`, DSig, html.EscapeString(r.Digest))
	}
	if r.Mask != "" {
		fmt.Fprintf(&b, `<xenc11:MGF xmlns:xenc11="%s" Algorithm="%s"/>`, Enc11, html.EscapeString(r.Mask))
	}
	fmt.Fprintf(&b, "</xenc:EncryptionMethod>%s</xenc:EncryptedKey>", cipherData(ciphertext))
	return b.String()
}

func cipherData(b []byte) string {
	return "<xenc:CipherData><xenc:CipherValue>" + base64.StdEncoding.EncodeToString(b) + "</xenc:CipherValue></xenc:CipherData>"
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails, see crypto/rand
	return b
}
