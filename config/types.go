package config

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"time"
)

// Address is where to listen. The zero Address is off.
type Address struct {
	Network string // "tcp" or "unix"
	Addr    string // host:port or a socket's path
}

// Rate is so many events in so much time. The zero Rate is no limit.
type Rate struct {
	Events int
	Per    time.Duration
}

// Size is a number of bytes.
type Size int64

// Path is a file's name, made relative to the file that wrote it.
type Path string

// File is a file read whole. Content is nil where Path is empty or under Options.NoFiles.
type File struct {
	Path    Path
	Content []byte
}

// Certificate is one certificate entry: Content is what the file held, or the
// inline PEM, or the bytes of the bare base64. It may be PEM or DER.
type Certificate struct {
	Path    Path // empty where it was written inline
	Content []byte
}

// KeyPair is a certificate chain, leaf first, and its private key.
type KeyPair struct {
	CertFile     Path                `yaml:"cert_file"`
	KeyFile      Path                `yaml:"key_file"`
	Certificates []*x509.Certificate `yaml:"-"`
	Key          crypto.Signer       `yaml:"-"`
}

// TLS returns the pair as crypto/tls wants it.
func (p KeyPair) TLS() tls.Certificate {
	c := tls.Certificate{PrivateKey: p.Key}
	for _, cert := range p.Certificates {
		c.Certificate = append(c.Certificate, cert.Raw)
	}
	if len(p.Certificates) > 0 {
		c.Leaf = p.Certificates[0]
	}
	return c
}

// Encoding is how the values of headers travel: All, unless PerHeader says
// otherwise. In the file it is one word, or a map of headers, with "default" for
// those that are not named.
type Encoding struct {
	All       string
	PerHeader map[string]string
}
