package config

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// files reads what the configuration refers to and checks that it fits.
func (c *checker) files() {
	c.signingKeys()
	for i := range c.cfg.SAML.Keys {
		c.pair(fmt.Sprintf("saml.keys[%d]", i), &c.cfg.SAML.Keys[i], samlKey)
	}
	c.tlsFiles()
	entities := make([]entity, len(c.cfg.SAML.IDPs))
	for i := range c.cfg.SAML.IDPs {
		entities[i] = c.idpFiles(fmt.Sprintf("saml.idps[%d]", i), &c.cfg.SAML.IDPs[i])
	}
	c.entities(entities)
	c.logo("pages.logo_file", &c.cfg.Pages.LogoFile, maxReferenced)
}

func (c *checker) tlsFiles() {
	s := &c.cfg.Server
	if s.AdminTLS != nil {
		c.both("server.admin_tls", "cert_file", s.AdminTLS.CertFile, "key_file", s.AdminTLS.KeyFile)
		c.pair("server.admin_tls", s.AdminTLS, anyKey)
	}
	if s.TLS != nil {
		for i := range s.TLS.Certificates {
			c.pair(fmt.Sprintf("server.tls.certificates[%d]", i), &s.TLS.Certificates[i], anyKey)
		}
		if s.TLS.CertFile != "" && s.TLS.KeyFile != "" {
			first := KeyPair{CertFile: s.TLS.CertFile, KeyFile: s.TLS.KeyFile}
			c.pair("server.tls", &first, anyKey)
			s.TLS.Certificates = append([]KeyPair{first}, s.TLS.Certificates...)
		}
	}
	if c.cfg.Store.Driver == "redis" {
		c.client("store.redis.tls", c.cfg.Store.Redis.TLS)
	}
	for i := range c.cfg.Routes {
		c.client(fmt.Sprintf("routes[%d].tls", i), c.cfg.Routes[i].TLS)
	}
}

func (c *checker) client(path string, t *ClientTLS) {
	if t == nil {
		return
	}
	if c.content(path+".ca_file", &t.CAFile) && !x509.NewCertPool().AppendCertsFromPEM(t.CAFile.Content) {
		c.mistake(path+".ca_file", "%s holds no PEM certificate", c.quoted(path+".ca_file"))
	}
	t.Pair = KeyPair{CertFile: t.CertFile, KeyFile: t.KeyFile}
	c.pair(path, &t.Pair, anyKey)
}

// read returns the contents of the file that a key names, or says why not.
func (c *checker) read(path string, name Path) ([]byte, bool) {
	if name == "" || c.noFiles || c.unknown(path) {
		return nil, false
	}
	data, err := readFile(string(name), maxReferenced)
	switch {
	case err == nil:
		return data, true
	case c.at[path].mayShow():
		c.mistake(path, "reading %s: %v", c.quoted(path), err)
	default:
		c.mistake(path, "reading the file it names: %v", err)
	}
	return nil, false
}

// readKey is read, with a warning where others on this machine can read it too.
func (c *checker) readKey(path string, name Path) ([]byte, bool) {
	data, ok := c.read(path, name)
	if info, err := os.Stat(string(name)); ok && err == nil && info.Mode().Perm()&0o077 != 0 {
		c.warn(path, "the private key can be read by others on this machine (mode %04o); chmod 600 it", info.Mode().Perm())
	}
	return data, ok
}

func (c *checker) content(path string, f *File) bool {
	data, ok := c.read(path, f.Path)
	if ok {
		f.Content = data
	}
	return ok
}

// pair reads a certificate chain with its key and checks that they belong together.
func (c *checker) pair(path string, p *KeyPair, fits func(crypto.PublicKey) error) {
	certPath, keyPath := path+".cert_file", path+".key_file"
	certData, ok1 := c.read(certPath, p.CertFile)
	keyData, ok2 := c.readKey(keyPath, p.KeyFile)
	if !ok1 || !ok2 {
		return
	}
	chain, err := certificates(certData)
	if err == nil {
		err = fits(chain[0].PublicKey)
	}
	if err != nil {
		c.mistake(certPath, "%s %v", c.quoted(certPath), err)
		return
	}
	key, err := privateKey(keyData)
	if err != nil {
		c.mistake(keyPath, "%s %v", c.quoted(keyPath), err)
		return
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(chain[0].PublicKey) {
		c.mistake(keyPath, "does not belong to the certificate in cert_file")
		return
	}
	p.Certificates, p.Key = chain, key
}

// samlKey: what an identity provider can be expected to verify and encrypt to.
func samlKey(public crypto.PublicKey) error {
	const least = 2048
	switch k := public.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() >= least {
			return nil
		}
		return fmt.Errorf("has an RSA key of fewer than %d bits", least)
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() || k.Curve == elliptic.P384() {
			return nil
		}
	}
	return errors.New("must have an RSA key of 2048 bits or more, or an ECDSA key on P-256 or P-384")
}

func anyKey(crypto.PublicKey) error { return nil }

func certificates(data []byte) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errors.New("holds a certificate that cannot be parsed")
		}
		chain = append(chain, cert)
	}
	if len(chain) == 0 {
		return nil, errors.New("holds no PEM certificate")
	}
	return chain, nil
}

// privateKey reads the first private key of a PEM file: PKCS#8, or the older
// forms that openssl still writes.
func privateKey(data []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		var key any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "ENCRYPTED PRIVATE KEY":
			return nil, errors.New("is encrypted with a passphrase, which nobody could type in at start")
		default:
			continue
		}
		if signer, ok := key.(crypto.Signer); err == nil && ok {
			return signer, nil
		}
		return nil, errors.New("holds a private key that cannot be parsed")
	}
	return nil, errors.New("holds no PEM private key")
}
