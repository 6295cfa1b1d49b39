package storetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Certificates are files for TLS on both sides: an authority, a server called
// redis.example.com at 127.0.0.1, and a client.
type Certificates struct {
	CA, ServerCert, ServerKey, ClientCert, ClientKey string // paths
}

// NewCertificates writes certificates of a new authority.
func NewCertificates(t testing.TB) Certificates {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	c := Certificates{at("ca.crt"), at("server.crt"), at("server.key"), at("client.crt"), at("client.key")}
	ca := &x509.Certificate{Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	key := writePair(t, ca, ca, nil, c.CA, at("ca.key"))
	writePair(t, &x509.Certificate{Subject: pkix.Name{CommonName: "redis"}, DNSNames: []string{"redis.example.com"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, ca, key, c.ServerCert, c.ServerKey)
	writePair(t, &x509.Certificate{Subject: pkix.Name{CommonName: "gateway"}}, ca, key, c.ClientCert, c.ClientKey)
	return c
}

// writePair writes a certificate, signed by the authority's key or by its own,
// and its key, which it returns.
func writePair(t testing.TB, template, ca *x509.Certificate, signer *ecdsa.PrivateKey, certFile, keyFile string) *ecdsa.PrivateKey {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	if signer == nil {
		signer = key
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, ca, &key.PublicKey, signer)
	must(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	must(os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return key
}

// ClientTLS returns how a client of these certificates speaks.
func (c Certificates) ClientTLS(t testing.TB) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(c.ClientCert, c.ClientKey)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(c.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, Certificates: []tls.Certificate{pair}}
}

// NewRedisTLS starts a server that speaks TLS only, and only to clients with a
// certificate.
func NewRedisTLS(t testing.TB, c Certificates, args ...string) *Redis {
	t.Helper()
	r := &Redis{Addr: FreeAddr(t), dir: t.TempDir(), tls: c.ClientTLS(t)}
	_, port, err := net.SplitHostPort(r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	r.args = append([]string{"--port", "0", "--tls-port", port, "--tls-auth-clients", "yes",
		"--tls-ca-cert-file", c.CA, "--tls-cert-file", c.ServerCert, "--tls-key-file", c.ServerKey}, args...)
	r.Start(t)
	t.Cleanup(func() { r.Kill(t) })
	return r
}
