package gateway_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/samlgate/samlgate/headers"
)

// writeKey writes a new signing key of a kind: EdDSA, ES256, RS256 or HS256.
func (s *site) writeKey(name, kind string) {
	s.Helper()
	var private any
	var err error
	switch kind {
	case "HS256":
		secret := make([]byte, 32)
		_, _ = rand.Read(secret)
		s.write(name, hex.EncodeToString(secret)+"\n")
		return
	case "ES256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "RS256":
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		private, err = headers.GenerateSigningKey()
	}
	s.must(err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	s.must(err)
	s.write(name, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

// tokenHead returns what a token's header says.
func tokenHead(t testing.TB, token string) (head struct{ Kid, Alg string }) {
	t.Helper()
	part, _, _ := strings.Cut(token, ".")
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &head); err != nil {
		t.Fatalf("%q: %v", token, err)
	}
	return head
}

// A key on top is published at once and signs ten minutes later, over a restart
// too, unless no other is left.
func TestNextSigningKeyIsPublishedFirst(t *testing.T) {
	s := durable(t)
	var kid atomic.Value
	s.app = func(w http.ResponseWriter, r *http.Request) {
		kid.Store(tokenHead(t, r.Header.Get("X-Auth-Assertion")).Kid)
		_, _ = w.Write([]byte("hello " + r.Header.Get("X-Auth-Email")))
	}
	s.writeKey("next.key", "EdDSA")
	s.writeKey("third.key", "EdDSA")
	s.run().signIn()
	signs := func(when, want string, published ...string) {
		t.Helper()
		if !s.in() {
			t.Fatalf("%s: signed out", when)
		}
		if got := kid.Load(); got != want {
			t.Errorf("%s: %s signs, not %s", when, got, want)
		}
		jwks := s.get(s.url("sso", "/.samlgate/jwks.json")).body
		for _, id := range published {
			if !strings.Contains(jwks, `"kid":"`+id+`"`) {
				t.Errorf("%s: %s is not published: %s", when, id, jwks)
			}
		}
	}
	signs("alone", "k1", "k1")
	s.change("keys: [{id: k1", "keys: [{id: k2, file: next.key}, {id: k1").reloads("reloaded")
	signs("after the reload", "k1", "k1", "k2")
	s.terminate()
	s.ends()
	s.client.CloseIdleConnections()
	s.run()
	signs("after a restart", "k1", "k1", "k2")
	s.ahead.Store(int64(9 * time.Minute))
	s.reloads("reloaded")
	signs("nine minutes later", "k1", "k1", "k2")
	s.ahead.Store(int64(13 * time.Minute))
	s.reloads("reloaded")
	signs("thirteen minutes later", "k2", "k1", "k2")
	if strings.Contains(s.log.String(), "taken out while it signed") {
		t.Errorf("nothing was taken out:\n%s", s.log)
	}
	s.change("keys: [{id: k2, file: next.key}, {id: k1, file: signing.key}]", "keys: [{id: k3, file: third.key}]").reloads("taken out while it signed")
	signs("all replaced", "k3", "k3")
	if !strings.Contains(s.log.String(), "a signing key has been published for long enough") {
		t.Errorf("the log does not say so:\n%s", s.log)
	}
}

// Every algorithm, chosen by the route, with the names that an existing verifier
// expects. Secrets stay out of jwks.json.
func TestSigningByRoute(t *testing.T) {
	const compat = "{jwt: {header: X-Goog-Iap-Jwt-Assertion, algorithm: ALG, issuer: \"https://cloud.google.com/iap\", bind_request: BIND}, keys: [{id: own, file: own.key}]}"
	for _, c := range []struct{ name, kind, signing, header, issuer string }{
		{"ES256 in the style of IAP", "ES256", strings.NewReplacer("ALG", "ES256", "BIND", "false").Replace(compat), "X-Goog-Iap-Jwt-Assertion", "https://cloud.google.com/iap"},
		{"RS256 bound", "RS256", strings.NewReplacer("ALG", "RS256", "BIND", "true").Replace(compat), "X-Goog-Iap-Jwt-Assertion", "https://cloud.google.com/iap"},
		{"HS256", "HS256", strings.NewReplacer("ALG", "HS256", "BIND", "false").Replace(compat), "X-Goog-Iap-Jwt-Assertion", "https://cloud.google.com/iap"},
		{"HMAC alone", "HS256", "{jwt: {header: \"\"}, http_signature: {enabled: true, algorithm: hmac-sha256}, keys: [{id: own, file: own.key}]}", "", ""},
		{"P-256 beside a token", "ES256", "{http_signature: {enabled: true, algorithm: ecdsa-p256-sha256}, keys: [{id: own, file: own.key}, {id: k1, file: signing.key}]}", "X-Auth-Assertion", ""},
		{"Ed25519 with the keys of all", "EdDSA", "{http_signature: {enabled: true}}", "X-Auth-Assertion", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := prepare(t)
			s.writeKey("own.key", c.kind)
			s.change("public: [/about]", "public: [/about], audience: /projects/1, headers: {signing: "+c.signing+"}")
			issuer := c.issuer
			if issuer == "" {
				issuer = "http://sso.localhost:" + s.port
			}
			var verifier atomic.Pointer[headers.Verifier]
			s.app = func(w http.ResponseWriter, r *http.Request) {
				if v := verifier.Load(); v != nil {
					if _, err := v.Verify(r); err != nil {
						t.Errorf("%s: %v", r.URL, err)
					}
				}
				_, _ = w.Write([]byte("hello " + r.Header.Get("X-Auth-Email")))
			}
			s.run().signIn()
			jwks := s.get(s.url("sso", "/.samlgate/jwks.json")).body
			if strings.Contains(jwks, `"oct"`) || strings.Contains(jwks, `"k":`) || strings.Contains(jwks, `"d":`) {
				t.Fatalf("published: %s", jwks)
			}
			keys, err := headers.ParseKeySet([]byte(jwks))
			s.must(err)
			if c.kind == "HS256" {
				secret, err := hex.DecodeString(strings.TrimSpace(s.read("own.key")))
				s.must(err)
				keys, err = keys.With(headers.Key{ID: "own", Secret: secret})
				s.must(err)
			}
			cfg := headers.VerifierConfig{Issuer: issuer, Audience: "/projects/1", Keys: keys, Header: c.header, Bound: c.name == "RS256 bound",
				Authorities: []string{"wiki.localhost:" + s.port}}
			switch {
			case c.header == "":
				cfg.Proof = headers.BySignature
			case strings.Contains(c.signing, "http_signature"):
				cfg.Proof = headers.ByBoth
			}
			v, err := headers.NewVerifier(cfg)
			s.must(err)
			verifier.Store(v)
			for _, path := range []string{"/", "/a%20b?c=d&e", "/?"} {
				if got := s.get(s.url("wiki", path)); got.status != 200 || got.body != "hello ana@example.com" {
					t.Errorf("%s: %d %s", path, got.status, got.body)
				}
			}
		})
	}
}
