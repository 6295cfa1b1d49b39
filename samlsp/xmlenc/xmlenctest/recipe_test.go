package xmlenctest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"
)

// What nobody should use works all the same, for those who would read it.
func TestRSA15(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	want := random(24)
	ciphertext, err := Recipe{Transport: RSA15}.transport(&key.PublicKey, want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := key.Decrypt(rand.Reader, ciphertext, nil); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x, %v", got, err)
	}
}

func TestCBC(t *testing.T) {
	for uri, newCipher := range map[string]func([]byte) (cipher.Block, error){
		TripleDES: des.NewTripleDESCipher, AES192CBC: aes.NewCipher,
	} {
		key := random(24)
		for n := range 40 {
			want := random(n)
			b, err := seal(uri, key, want)
			if err != nil {
				t.Fatal(err)
			}
			block, err := newCipher(key)
			if err != nil {
				t.Fatal(err)
			}
			iv, b := b[:block.BlockSize()], b[block.BlockSize():]
			cipher.NewCBCDecrypter(block, iv).CryptBlocks(b, b)
			if got := b[:len(b)-int(b[len(b)-1])]; !bytes.Equal(got, want) {
				t.Errorf("%s: %x, want %x", uri, got, want)
			}
		}
	}
}

func TestUnknown(t *testing.T) {
	for name, r := range map[string]Recipe{
		"content": {Content: "urn:x", Transport: RSA15},
		"digest":  {Content: AES192GCM, Transport: Enc11 + "rsa-oaep", Digest: "urn:x"},
		"mask":    {Content: AES192GCM, Transport: Enc11 + "rsa-oaep", Mask: "urn:x"},
	} {
		if text, err := r.Encrypt("EncryptedID", nil, &rsa.PublicKey{}); err == nil || strings.Contains(text, "<") {
			t.Errorf("%s: %q", name, text)
		}
	}
}
