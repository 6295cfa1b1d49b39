package xmlenc

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Whatever is sent, nothing panics, and every refusal is one of three kinds.
func FuzzDecrypt(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "xmlsec", "*.xml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, true)
	}
	for _, text := range []string{
		sealed(f, gcm()), sealed(f, cbc()), sealed(f, gcm(), stranger(), ours()),
		`<a><EncryptedData xmlns="` + nsEnc + `"/></a>`,
	} {
		f.Add([]byte(text), false)
		f.Add([]byte(text), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, allowCBC bool) {
		root, err := parse(data)
		if err != nil {
			return
		}
		var refused *AlgorithmError
		m, err := Read(root)
		if err != nil {
			if m != nil || !errors.Is(err, ErrShape) && !errors.As(err, &refused) || len(err.Error()) > 200 {
				t.Fatal(err)
			}
			return
		}
		plaintext, err := m.Decrypt(keys(ours(), next()), Policy{AllowCBC: allowCBC})
		switch {
		case err == nil && len(plaintext) > 0 && (m.Authenticated() || allowCBC):
		case plaintext == nil && err == ErrDecrypt:
		case plaintext == nil && errors.As(err, &refused) && !m.Authenticated() && !allowCBC:
		default:
			t.Fatalf("%q, %v", plaintext, err)
		}
	})
}

// What decrypters get, without any XML around it, with the right key.
func FuzzContent(f *testing.F) {
	f.Add([]byte(nil), []byte("0123456789abcdef"))
	f.Add(make([]byte, 32), []byte("0123456789abcdef"))
	f.Add(make([]byte, 48), []byte("0123456789abcdef0123456789abcdef"))
	f.Fuzz(func(t *testing.T, ciphertext, key []byte) {
		for _, c := range []content{{cbc: true}, {}} {
			plaintext, ok := c.open(key, ciphertext)
			if ok&^1 != 0 || ok == 1 && (len(plaintext) == 0 || len(plaintext) >= len(ciphertext)) {
				t.Fatalf("%d, %q", ok, plaintext)
			}
		}
	})
}
