package gateway_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// authority is a certificate authority of a test.
type authority struct {
	*site
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// authority makes one and writes NAME.pem.
func (s *site) authority(name string) *authority {
	s.Helper()
	a := &authority{site: s}
	a.cert, a.key = a.issue(name, func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	s.write(name+".pem", block("CERTIFICATE", a.cert.Raw))
	return a
}

// issue makes a certificate, self-signed where a has none yet.
func (a *authority) issue(name string, edit func(*x509.Certificate)) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	edit(template)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	a.must(err)
	cert, err := x509.ParseCertificate(der)
	a.must(err)
	return cert, key
}

// pair writes NAME.crt and NAME.key, and returns them.
func (a *authority) pair(name string) tls.Certificate {
	a.Helper()
	cert, key := a.issue(name, func(*x509.Certificate) {})
	der, err := x509.MarshalPKCS8PrivateKey(key)
	a.must(err)
	a.write(name+".crt", block("CERTIFICATE", cert.Raw))
	a.write(name+".key", block("PRIVATE KEY", der))
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// An app that lets nobody in but the gateway knows it by its certificate, and
// the gateway knows the app by its own. Requests of routes with different
// certificates never share a connection.
func TestMutualTLSToTheApp(t *testing.T) {
	s := prepare(t)
	ca := s.authority("app-ca")
	s.authority("other-ca")
	clients := x509.NewCertPool()
	clients.AddCert(ca.cert)
	app := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s at %s", r.TLS.PeerCertificates[0].Subject.CommonName, r.RemoteAddr)
	}))
	app.Config.ErrorLog = log.New(io.Discard, "", 0)
	app.TLS = &tls.Config{Certificates: []tls.Certificate{ca.pair("app.internal")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
	app.StartTLS()
	t.Cleanup(app.Close)
	ca.pair("first")
	ca.pair("second")
	routes := ""
	for name, tls := range map[string]string{
		"first":    "{ca_file: app-ca.pem, cert_file: first.crt, key_file: first.key, server_name: app.internal}",
		"second":   "{ca_file: app-ca.pem, cert_file: second.crt, key_file: second.key, server_name: app.internal}",
		"bare":     "{ca_file: app-ca.pem, server_name: app.internal}",
		"doubtful": "{ca_file: other-ca.pem, cert_file: first.crt, key_file: first.key, server_name: app.internal}",
		"misnamed": "{ca_file: app-ca.pem, cert_file: first.crt, key_file: first.key, server_name: other.internal}",
		"unnamed":  "{ca_file: app-ca.pem, cert_file: first.crt, key_file: first.key}",
		"plain":    "{cert_file: first.crt, key_file: first.key, server_name: app.internal}",
	} {
		routes += fmt.Sprintf("  - {name: %s, host: %s.localhost, upstream: %q, public: [/], tls: %s}\n", name, name, app.URL, tls)
	}
	text, err := os.ReadFile(s.path("config.yaml"))
	s.must(err)
	s.write("config.yaml", string(text)+routes)
	s.run()
	connections := map[string]string{} // :: where it comes from → name
	for range 3 {
		for _, name := range []string{"first", "second"} {
			a := s.get("http://" + name + ".localhost:" + s.port + "/")
			who, from, _ := strings.Cut(a.body, " at ")
			if a.status != 200 || who != name {
				t.Fatalf("%s: %d %s", name, a.status, a.body)
			}
			if before := connections[from]; before != "" && before != name {
				t.Errorf("a connection of %s carried a request of %s", before, name)
			}
			connections[from] = name
		}
	}
	if len(connections) != 2 {
		t.Errorf("six requests of two routes took %d connections", len(connections))
	}
	for _, name := range []string{"bare", "doubtful", "misnamed", "unnamed", "plain"} {
		if a := s.get("http://" + name + ".localhost:" + s.port + "/"); a.status != 502 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}
