package xmlenc

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
)

// open decrypts the content and says whether that went well, 1 or 0. The length
// of the ciphertext is public, so only there it may stop early.
func (c content) open(key, ciphertext []byte) (plaintext []byte, ok int) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, 0
	}
	if c.cbc {
		return openCBC(block, ciphertext)
	}
	return openGCM(block, ciphertext)
}

// openGCM opens AES-GCM (XML Encryption 1.1 §5.2): 12 bytes of IV, the ciphertext, 16
// bytes of tag, no additional data.
func openGCM(block cipher.Block, ciphertext []byte) ([]byte, int) {
	gcm, err := cipher.NewGCM(block)
	if err != nil || len(ciphertext) <= gcm.NonceSize()+gcm.Overhead() {
		return nil, 0
	}
	iv, sealed := ciphertext[:gcm.NonceSize()], ciphertext[gcm.NonceSize():]
	plaintext, err := gcm.Open(nil, iv, sealed, nil)
	if err != nil {
		return nil, 0
	}
	return plaintext, 1
}

// openCBC opens AES-CBC (§5.2): 16 bytes of IV and whole blocks, the last of
// which ends with padding: 1 to 16 bytes, arbitrary but for the last, which is
// their number. The number is judged without a branch.
func openCBC(block cipher.Block, ciphertext []byte) ([]byte, int) {
	if len(ciphertext) < 2*aes.BlockSize || len(ciphertext)%aes.BlockSize != 0 {
		return nil, 0
	}
	plaintext := make([]byte, len(ciphertext)-aes.BlockSize)
	cipher.NewCBCDecrypter(block, ciphertext[:aes.BlockSize]).CryptBlocks(plaintext, ciphertext[aes.BlockSize:])

	padding := int(plaintext[len(plaintext)-1])
	ok := subtle.ConstantTimeLessOrEq(1, padding) & subtle.ConstantTimeLessOrEq(padding, aes.BlockSize)
	ok &= subtle.ConstantTimeLessOrEq(padding, len(plaintext)-1) // something is left
	return plaintext[:len(plaintext)-subtle.ConstantTimeSelect(ok, padding, 0)], ok
}
