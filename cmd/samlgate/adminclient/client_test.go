package adminclient

import (
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

const token = "0123456789abcdef0123456789abcdef"

// A token crosses no network in the clear, and leaves by no proxy and redirect.
func TestWhereATokenIsSent(t *testing.T) {
	allow := func(address string) {
		t.Helper()
		if _, err := New(Config{URL: address, Token: token}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	deny := func(address string) {
		t.Helper()
		if _, err := New(Config{URL: address, Token: token}); err == nil {
			t.Errorf("%s is taken", address)
		} else if strings.Contains(err.Error(), "pass") || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", address, err)
		}
	}
	allow("http://127.0.0.1:9090")
	allow("http://localhost:9090/")
	allow("http://[::1]:9090")
	allow("http://gw.localhost:9090")
	allow("https://gateway.example.com:9090")
	deny("http://gateway.example.com:9090")
	deny("http://10.0.0.1:9090")
	deny("http://localhost.example.com")
	deny("http://127.0.0.1.nip.io:9090")
	deny("http://0.0.0.0:9090")
	deny("https://user:pass@gateway.example.com")
	deny("gateway.example.com:9090")
	deny("ftp://localhost")
	deny("")
	for _, bad := range []string{"", "two words", "line\nbreak"} {
		if _, err := New(Config{URL: "http://127.0.0.1:1", Token: bad}); err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("token %q: %v", bad, err)
		}
	}
	if onlyLoopback("tcp", "93.184.216.34:80", nil) == nil || onlyLoopback("tcp", "127.0.0.1:80", nil) != nil {
		t.Error("a name that leads elsewhere is followed")
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked with %q", r.Header) }))
	defer other.Close()
	s := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer s.Close()
	c, err := New(Config{URL: s.URL, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	var refusal *Refusal
	if err := c.Get(t.Context(), "/api/v1/logins", nil, nil); !errors.As(err, &refusal) || refusal.Status != 302 {
		t.Error(err)
	}
}

// Only the certificate of the configuration will do where one is given.
func TestPin(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			t.Errorf("%q", r.Header)
		}
		_, _ = io.WriteString(w, `{"a": 1}`)
	}))
	defer s.Close()
	ask := func(pin *x509.Certificate) error {
		c, err := New(Config{URL: s.URL, Token: token, Pin: pin})
		if err != nil {
			return err
		}
		var out struct{ A int }
		err = c.Get(t.Context(), "/x", nil, &out)
		if err == nil && out.A != 1 {
			t.Errorf("%+v", out)
		}
		return err
	}
	if err := ask(s.Certificate()); err != nil {
		t.Error(err)
	}
	if err := ask(&x509.Certificate{Raw: []byte("another")}); err == nil {
		t.Error("another certificate will do")
	}
	if err := ask(nil); err == nil {
		t.Error("one that nobody trusts will do")
	}
}

func TestSocketAndAnswers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/401":
			w.WriteHeader(401)
		case "/404":
			w.WriteHeader(404)
			_, _ = io.WriteString(w, `{"error": "not_found", "message": "no such thing"}`)
		case "/html":
			_, _ = io.WriteString(w, "<html>")
		default:
			_, _ = io.Copy(w, r.Body)
		}
	})}
	defer s.Close()
	go func() { _ = s.Serve(l) }() // ends with Close
	c, err := New(Config{URL: "http://localhost", Socket: path, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	var out struct{ B string }
	if err := c.Send(t.Context(), "PUT", "/echo", map[string]string{"b": "c"}, &out); err != nil || out.B != "c" {
		t.Errorf("%+v, %v", out, err)
	}
	for path, want := range map[string]string{"/401": "does not know this token", "/404": "no such thing", "/html": "does not answer like"} {
		if err := c.Get(t.Context(), path, nil, &out); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
