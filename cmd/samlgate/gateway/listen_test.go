package gateway_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

// tlsPair writes NAME.crt and NAME.key of an own signature for a host.
func (s *site) tlsPair(name, host string) *x509.Certificate {
	s.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	pair, err := idptest.Certify(key, host, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	s.must(err)
	template := *pair.Certificate
	template.DNSNames = []string{host}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	s.must(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	s.must(err)
	s.write(name+".crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	s.write(name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	cert, err := x509.ParseCertificate(der)
	s.must(err)
	return cert
}

// hello shakes hands and returns the certificate that was shown.
func (s *site) hello(host string, c *tls.Config) (*x509.Certificate, tls.ConnectionState) {
	s.Helper()
	if c == nil {
		c = &tls.Config{}
	}
	c.ServerName, c.InsecureSkipVerify = host, true
	conn, err := tls.Dial("tcp", "127.0.0.1:"+s.port, c)
	s.must(err)
	defer conn.Close()
	_, err = conn.Write([]byte("GET / HTTP/1.1\r\nHost: wiki.localhost\r\nConnection: close\r\n\r\n"))
	s.must(err)
	_, err = conn.Read(make([]byte, 16)) // tickets of TLS 1.3 come with the answer
	s.must(err)
	return conn.ConnectionState().PeerCertificates[0], conn.ConnectionState()
}

// The name that the client asks for picks the certificate; a reload brings
// renewed ones, and handshakes are resumed.
func TestTLS(t *testing.T) {
	s := prepare(t)
	wiki, sso := s.tlsPair("wiki", "wiki.localhost"), s.tlsPair("sso", "sso.localhost")
	s.change("external_url: http:", "external_url: https:")
	s.change("  drain:", "  tls: {certificates: [{cert_file: sso.crt, key_file: sso.key}, {cert_file: wiki.crt, key_file: wiki.key}]}\n  drain:").run()
	for host, want := range map[string]*x509.Certificate{"wiki.localhost": wiki, "sso.localhost": sso, "other.localhost": sso} {
		if got, _ := s.hello(host, nil); !got.Equal(want) {
			t.Errorf("%s is shown the certificate of %s", host, got.DNSNames)
		}
	}
	c := &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	s.hello("wiki.localhost", c)
	if _, state := s.hello("wiki.localhost", c); !state.DidResume {
		t.Error("the second handshake was not resumed")
	}
	if _, err := tls.Dial("tcp", "127.0.0.1:"+s.port, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	renewed := s.tlsPair("wiki", "wiki.localhost")
	s.reloads("configuration reloaded")
	if got, _ := s.hello("wiki.localhost", nil); !got.Equal(renewed) {
		t.Error("the renewed certificate is not shown after a reload")
	}
	if a := s.get(s.adminURL("/metrics")); a.status != 200 || !strings.Contains(a.body, `samlgate_cert_expiry_seconds{kind="tls",name="public"}`) {
		t.Errorf("two certificates under one name: %d", a.status)
	}
}

func TestHTTPSRedirect(t *testing.T) {
	s := prepare(t)
	s.tlsPair("sso", "sso.localhost")
	plain := testenv.FreePort(t)
	s.change("external_url: http:", "external_url: https:")
	s.change("  drain:", "  http_listen: 127.0.0.1:"+plain+"\n  tls: {cert_file: sso.crt, key_file: sso.key, hsts: 1h}\n  drain:").run()
	c := testenv.NoRedirects(s.client)
	for _, q := range []struct {
		method, host, want string
		status             int
	}{
		{"GET", "wiki.localhost:" + plain, "https://wiki.localhost:" + s.port + "/a//b?x=%2F", 308},
		{"HEAD", "SSO.localhost.", "https://sso.localhost:" + s.port + "/a//b?x=%2F", 308},
		{"GET", "evil.example.com", "", 421},
		{"GET", "wiki.localhost@evil.example.com", "", 421},
		{"POST", "wiki.localhost", "", 403},
	} {
		r, err := http.NewRequestWithContext(t.Context(), q.method, "http://127.0.0.1:"+plain+"/a//b?x=%2F", nil)
		s.must(err)
		r.Host = q.host
		if a := s.do(c, r); a.status != q.status || a.header.Get("Location") != q.want {
			t.Errorf("%s for %s: %d to %q, want %d to %q", q.method, q.host, a.status, a.header.Get("Location"), q.status, q.want)
		}
	}
	s.port = plain // what cannot be read has a page and a log line there, too
	for request, status := range malformed {
		if strings.HasPrefix(request, "OPTIONS") {
			status = 403 // that one can be read
			if got := s.raw(false, request); got.status != status {
				t.Errorf("%q: %d", request, got.status)
			}
			continue
		}
		s.refuses(false, request, status)
		if got := s.raw(false, request); got.header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%q: https is promised over http", request)
		}
	}
}

// A socket that a dead process left behind is replaced.
func TestUnixSocket(t *testing.T) {
	s := prepare(t)
	dir, err := os.MkdirTemp("", "sg") // t.TempDir may be too long for a socket
	s.must(err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := dir + "/public"
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	s.must(err)
	stale.SetUnlinkOnClose(false)
	s.must(stale.Close())
	s.change("listen: 127.0.0.1:"+s.port, "listen: unix:"+socket).run()
	s.client = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	if a := s.get("http://wiki.localhost/about"); a.body != "hello " {
		t.Errorf("over the socket: %d %s", a.status, a.body)
	}
}

func TestAdminListener(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		path   string
		header []string
		want   int
	}{
		{"/livez", nil, 200},
		{"/readyz", nil, 200},
		{"/metrics", nil, 200},
		{"/nothing", nil, 404},
		{"/livez", []string{"Host", "localhost:1"}, 200},
		{"/livez", []string{"Host", "[::1]:9090"}, 200},
		{"/livez", []string{"Host", "evil.example.com"}, 421}, // a page that rebinds its own name
		{"/metrics", []string{"Host", "127.0.0.1.evil.example.com"}, 421},
		{"/api/v1/sessions", nil, 401},
		{"/api/v1/sessions", []string{"Authorization", "Bearer "}, 401},
		{"/api/v1/sessions", []string{"Authorization", "Bearer " + adminToken + "x"}, 401},
		{"/api/v1/sessions", []string{"Authorization", "Basic " + adminToken}, 401},
		{"/api/v1/sessions", []string{"Authorization", adminToken}, 401},
		{"/api/v1/sessions", []string{"Authorization", "bearer " + adminToken}, 200},
	} {
		if a := s.get(s.adminURL(c.path), c.header...); a.status != c.want {
			t.Errorf("%s with %v: %d, want %d", c.path, c.header, a.status, c.want)
		}
	}
	for _, path := range []string{"/livez", "/readyz", "/metrics", "/.samlgate/metrics"} {
		if a := s.get(s.url("sso", path)); a.status == 200 && strings.Contains(a.body, "samlgate_") {
			t.Errorf("the public listener answers %s", path)
		}
	}
}
