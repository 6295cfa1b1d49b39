package config

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// keyFiles is every file that the test configurations refer to, made once.
var keyFiles = sync.OnceValues(func() (map[string][]byte, error) {
	files := map[string][]byte{
		"corp.xml":       []byte("<EntityDescriptor/>"),
		"hr.xml":         []byte("<EntityDescriptor/>"),
		"logo.svg":       []byte("<svg/>"),
		"empty.txt":      {},
		"big.svg":        append([]byte("<svg/>"), make([]byte, 256<<10)...),
		"admin":          []byte("an-admin-token-of-more-than-32-characters\n"),
		"leaky":          []byte("hush-this-is-what-a-file-held\n"),
		"loop":           []byte("${env:LOOP}\n"),
		"nonsense.pem":   []byte("nonsense"),
		"locked.key":     pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}}),
		"redis-password": []byte("correct horse\n"),
	}
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return nil, err
	}
	files["cookie.key"] = []byte(hex.EncodeToString(random) + "\n")
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	files["secret.key"] = []byte(base64.StdEncoding.EncodeToString(secret))
	files["same.key"] = []byte(hex.EncodeToString(secret) + "\n")
	_, sign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	files["signing.key"] = pemKey(sign)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	files["sp.crt"], files["sp.key"] = certFor(p256), pemKey(p256)
	files["tls.crt"], files["tls.key"] = files["sp.crt"], files["sp.key"]
	files["idp.crt"] = files["sp.crt"]
	block, _ := pem.Decode(files["sp.crt"])
	files["idp.der"] = block.Bytes
	files["idp.b64"] = []byte(base64.StdEncoding.EncodeToString(block.Bytes))
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, err
	}
	files["other.key"] = pemKey(other)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		return nil, err
	}
	files["p521.crt"], files["p521.key"] = certFor(p521), pemKey(p521)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		return nil, err
	}
	files["small.crt"], files["small.key"] = certFor(small), pemKey(small)
	return files, nil
})

func pemKey(key crypto.Signer) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func certFor(key crypto.Signer) []byte {
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// withKeys returns a new folder that holds the key files and the files given
// as name and content in turn.
func withKeys(t testing.TB, more ...string) string {
	t.Helper()
	files, err := keyFiles()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, data := range files {
		put(t, filepath.Join(dir, name), data)
	}
	for i := 0; i+1 < len(more); i += 2 {
		put(t, filepath.Join(dir, more[i]), []byte(more[i+1]))
	}
	return dir
}

func put(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// env answers for the environment of the test configurations.
func env(name string) (string, bool) {
	v, ok := map[string]string{"IDLE": "20m", "COUNT": "5", "FLAG": "true", "HOST": "wiki.example.com", "EMPTY": "",
		"WEEK": "7d", "HUSH": "hush-what-the-environment-held", "LOOP": "hush-never-expanded-twice"}[name]
	return v, ok
}
