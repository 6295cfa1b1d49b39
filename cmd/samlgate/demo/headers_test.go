package demo

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/headers"
)

// What the documented command prints passes the verifier of an app, once, and
// nothing else does.
func TestHeadersOfSomebody(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/header-contract.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`samlgate demo --headers (\S+) --url http://127\.0\.0\.1:8081/ --jwks (\S+) \| curl -H @- http://127\.0\.0\.1:8081/\n`).FindSubmatch(doc)
	if line == nil {
		t.Fatal("the command in docs/header-contract.md has another form than this test")
	}
	file := filepath.Join(t.TempDir(), string(line[2]))
	var app http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { app.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	var out, said bytes.Buffer
	err = Headers(HeadersConfig{Email: string(line[1]), URL: server.URL + "/", Audience: "wiki", JWKS: file, Out: &out, Say: &said})
	if err != nil {
		t.Fatal(err)
	}
	jwks, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := headers.ParseKeySet(jwks)
	if err != nil {
		t.Fatal(err)
	}
	names := headers.DefaultNames()
	names.Username = "X-Auth-User"
	verifier, err := headers.NewVerifier(headers.VerifierConfig{
		Issuer: demoIssuer, Audience: "wiki", Keys: keys, Names: names, Proof: headers.ByBoth, Authorities: []string{server.Listener.Addr().String()},
	})
	if err != nil {
		t.Fatal(err)
	}
	app = verifier.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _ := headers.FromContext(r.Context())
		fmt.Fprintf(w, "hello %s %s", c.Email, c.Roles)
	}))
	ask := func(path string) (int, string) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			r.Header.Add(name, value)
		}
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(body)
	}
	if status, _ := ask("/other"); status != http.StatusUnauthorized {
		t.Errorf("another path: %d", status)
	}
	if status, body := ask("/"); status != http.StatusOK || body != "hello ana@example.com [employee]" {
		t.Errorf("%d %s; %s", status, body, said.String())
	}
	if status, _ := ask("/"); status != http.StatusUnauthorized {
		t.Errorf("a second time: %d", status)
	}
}

// The demo's own people have their own attributes, and its keys stay on this
// machine.
func TestHeadersStayHere(t *testing.T) {
	var out, said bytes.Buffer
	c := HeadersConfig{Email: "Juergen.Gross@example.com", URL: "http://wiki.localhost:8081/x", Audience: "wiki", Out: &out, Say: &said}
	if err := Headers(c); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"X-Auth-First-Name: Jürgen\n", "X-Auth-Roles: contractor\n", "X-Auth-Audience: wiki\n", "Signature-Input: samlgate=("} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "keys") || !strings.Contains(said.String(), `{"keys":[`) {
		t.Errorf("the public key belongs beside the headers: %s", said.String())
	}
	for _, url := range []string{"http://app.example.com/", "http://10.0.0.5/", "127.0.0.1:8081", "ftp://localhost/", "http://localhost.example.com/", ""} {
		c.URL = url
		out.Reset()
		if err := Headers(c); err == nil || out.Len() > 0 {
			t.Errorf("%q: %v", url, err)
		}
	}
	c.URL, c.Email = "http://localhost/", "nobody"
	if err := Headers(c); err == nil {
		t.Error("somebody without an address")
	}
}
