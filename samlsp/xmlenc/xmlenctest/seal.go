package xmlenctest

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	_ "crypto/md5" // for OAEP as nobody should use it
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"fmt"
	"math/big"
	"strings"
)

// keyBytes returns the key size of a content algorithm.
func keyBytes(uri string) int {
	switch {
	case strings.Contains(uri, "aes128"):
		return 16
	case strings.Contains(uri, "aes192"), uri == TripleDES:
		return 24
	}
	return 32
}

func seal(uri string, key, plaintext []byte) ([]byte, error) {
	newCipher := aes.NewCipher
	if uri == TripleDES {
		newCipher = des.NewTripleDESCipher
	}
	block, err := newCipher(key)
	if err != nil {
		return nil, err
	}
	switch {
	case strings.HasSuffix(uri, "-gcm"):
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		iv := random(gcm.NonceSize())
		return gcm.Seal(iv, iv, plaintext, nil), nil
	case strings.HasSuffix(uri, "-cbc"):
		return sealCBC(block, plaintext), nil
	}
	return nil, fmt.Errorf("no way to encrypt as %q", uri)
}

// sealCBC pads as XML Encryption 1.1 §5.2 says: noise, then how much of it.
func sealCBC(block cipher.Block, plaintext []byte) []byte {
	n := block.BlockSize()
	padding := random(n - len(plaintext)%n)
	padding[len(padding)-1] = byte(len(padding))
	iv := random(n)
	out := append(append([]byte{}, plaintext...), padding...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
	return append(iv, out...)
}

func (r Recipe) transport(to *rsa.PublicKey, key []byte) ([]byte, error) {
	switch {
	case r.Transport == RSA15:
		return pkcs1v15(to, key), nil
	case strings.Contains(r.Transport, "rsa-oaep"):
		digest, err := hashOf(r.Digest)
		if err != nil {
			return nil, err
		}
		mask, err := hashOf(r.Mask)
		if err != nil {
			return nil, err
		}
		return rsa.EncryptOAEPWithOptions(rand.Reader, to, key, &rsa.OAEPOptions{Hash: digest, MGFHash: mask, Label: r.Label})
	}
	return random(len(key) + 8), nil // as long as a wrapped key
}

// hashOf understands the URIs of digests and of masks.
func hashOf(uri string) (crypto.Hash, error) {
	if uri == "" {
		return crypto.SHA1, nil
	}
	_, name, _ := strings.Cut(uri, "#")
	switch strings.TrimPrefix(name, "mgf1") {
	case "md5":
		return crypto.MD5, nil
	case "sha1":
		return crypto.SHA1, nil
	case "sha224":
		return crypto.SHA224, nil
	case "sha256":
		return crypto.SHA256, nil
	case "sha384":
		return crypto.SHA384, nil
	case "sha512":
		return crypto.SHA512, nil
	}
	return 0, fmt.Errorf("no hash for %q", uri)
}

// pkcs1v15 encrypts as RFC 8017 §7.2.1 says: 0, 2, noise without zeros, 0, key.
func pkcs1v15(to *rsa.PublicKey, key []byte) []byte {
	block := make([]byte, to.Size())
	noise := block[2 : len(block)-len(key)-1]
	block[1] = 2
	for i := range noise {
		for noise[i] == 0 {
			noise[i] = random(1)[0]
		}
	}
	copy(block[len(block)-len(key):], key)
	c := new(big.Int).Exp(new(big.Int).SetBytes(block), big.NewInt(int64(to.E)), to.N)
	return c.FillBytes(make([]byte, to.Size()))
}
