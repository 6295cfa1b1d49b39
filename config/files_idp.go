package config

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
)

// idpFiles returns the entity ID that the files reveal, and where.
func (c *checker) idpFiles(path string, p *IDP) entity {
	c.logo(path+".logo_file", &p.LogoFile, maxIDPLogo)
	for i := range p.Certificates {
		c.certificate(fmt.Sprintf("%s.certificates[%d]", path, i), &p.Certificates[i])
	}
	var signers [][]byte
	allRead := true
	for i := range p.MetadataCertificates {
		k := &p.MetadataCertificates[i]
		allRead = c.certificate(fmt.Sprintf("%s.metadata_certificates[%d]", path, i), k) && allRead
		signers = append(signers, k.Content)
	}
	if !allRead {
		signers = nil // that was said; who signed it cannot be told
	}
	return c.metadata(path, p, signers)
}

// parse tells the three spellings apart: inline PEM, bare base64 of DER with
// any line breaks, or else the name of a file.
func (k *Certificate) parse(s string) error {
	if strings.Contains(s, "-----BEGIN") {
		k.Content = []byte(s)
		return nil
	}
	if der, ok := bareDER([]byte(s)); ok {
		k.Content = der
		return nil
	}
	return k.Path.parse(s)
}

// bareDER reads base64 without its PEM lines. An ASN.1 SEQUENCE (0x30) of the
// size of a certificate or key is no file name.
func bareDER(text []byte) ([]byte, bool) {
	const least = 40
	compact := bytes.Join(bytes.Fields(text), nil)
	der, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(string(compact), "="))
	return der, err == nil && len(der) >= least && der[0] == 0x30
}

// certificate resolves an entry to bytes, and refuses a private key, which
// somebody would otherwise go on to hand around. It reports whether all is well.
func (c *checker) certificate(path string, k *Certificate) bool {
	if k.Path != "" {
		data, ok := c.read(path, k.Path)
		if !ok {
			return false
		}
		if der, bare := bareDER(data); bare {
			data = der
		}
		k.Content = data
	}
	before := len(c.errs)
	switch {
	case c.unknown(path):
		return false
	case isPrivateKey(k.Content):
		c.mistake(path, "is a private key: it belongs to the identity provider alone, and counts as lost; take the certificate, and have the key replaced")
	case !isCertificate(k.Content):
		c.mistake(path, "holds no certificate, neither PEM nor DER nor bare base64")
	case c.hooks.Certificates != nil && !c.noFiles:
		if err := c.hooks.Certificates(k.Content); err != nil {
			c.mistake(path, "%v", err)
		}
	}
	return len(c.errs) == before
}

func isPrivateKey(data []byte) bool {
	if bytes.Contains(data, []byte("PRIVATE KEY-----")) {
		return true
	}
	if _, err := x509.ParsePKCS8PrivateKey(data); err == nil {
		return true
	}
	if _, err := x509.ParsePKCS1PrivateKey(data); err == nil {
		return true
	}
	_, err := x509.ParseECPrivateKey(data)
	return err == nil
}

func isCertificate(data []byte) bool {
	if block, _ := pem.Decode(data); block != nil {
		return block.Type == "CERTIFICATE"
	}
	return len(data) > 0 && data[0] == 0x30
}
