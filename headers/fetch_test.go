package headers

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// keyServer serves what its fields say and counts.
type keyServer struct {
	*httptest.Server
	body    atomic.Value // string
	status  atomic.Int32
	fetches atomic.Int32
}

func newKeyServer(t *testing.T, body string) *keyServer {
	s := &keyServer{}
	s.body.Store(body)
	s.status.Store(200)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fetches.Add(1)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(int(s.status.Load()))
		_, _ = w.Write([]byte(s.body.Load().(string)))
	}))
	t.Cleanup(s.Close)
	return s
}

func TestFetchedKeysAreCachedAndRenewed(t *testing.T) {
	c := newClock()
	server := newKeyServer(t, string(newTestSigner(t, c, testKey("a")).JWKS()))
	set, err := FetchKeySet(server.URL, nil, c.now)
	if err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	expect := func(id string, want error, fetches int32) {
		t.Helper()
		// A client that goes away must not spoil the fetch for the others.
		if _, err := set.key(cancelled, id); !errors.Is(err, want) {
			t.Errorf("key %q: %v, want %v", id, err, want)
		}
		if n := server.fetches.Load(); n != fetches {
			t.Errorf("key %q: %d fetches, want %d", id, n, fetches)
		}
	}
	expect("a", nil, 1)
	expect("a", nil, 1)
	expect("b", errUnknownKey, 1) // within the pause
	c.advance(time.Minute)
	expect("b", errUnknownKey, 2)
	server.body.Store(string(newTestSigner(t, c, testKey("b")).JWKS()))
	expect("b", errUnknownKey, 2)
	c.advance(time.Minute)
	expect("b", nil, 3)
	expect("a", errUnknownKey, 3) // a dropped key is dropped

	server.status.Store(500)
	c.advance(time.Hour)
	expect("b", nil, 4)
	expect("b", nil, 4)
	c.advance(23 * time.Hour)
	expect("b", ErrKeysUnavailable, 5)
	server.status.Store(200)
	c.advance(time.Minute)
	expect("b", nil, 6)
}

func TestFetchRefuses(t *testing.T) {
	c := newClock()
	for name, address := range map[string]string{
		"http": "http://gateway.example/jwks.json", "a path": "/jwks.json", "file": "file:///etc/passwd",
		"a look-alike": "http://localhost.evil.example/", "no name below localhost": "http://evillocalhost/", "credentials": "https://a:b@gateway.example/", "nonsense": "https://[::1/",
	} {
		if _, err := FetchKeySet(address, nil, c.now); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	good := string(newTestSigner(t, c, testKey("a")).JWKS())
	for name, answer := range map[string]struct {
		status int32
		body   string
	}{
		"not found": {404, good}, "a redirect": {302, good}, "a web page": {200, "<html>"}, "too much": {200, good + strings.Repeat(" ", fetchLimit)},
	} {
		server := newKeyServer(t, answer.body)
		server.status.Store(answer.status)
		set, err := FetchKeySet(server.URL, server.Client(), c.now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := set.key(t.Context(), "a"); !errors.Is(err, ErrKeysUnavailable) || server.fetches.Load() != 1 {
			t.Errorf("%s: %v after %d fetches", name, err, server.fetches.Load())
		}
	}
}

func TestVerifierSaysThatKeysAreOutOfReach(t *testing.T) {
	c := newClock()
	server := newKeyServer(t, "")
	set, err := FetchKeySet(server.URL, nil, c.now)
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier(VerifierConfig{Issuer: issuer, Audience: "wiki", Keys: set, Names: allNames(), Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Verify(forwarded(t, sign(t, newTestSigner(t, c), "wiki", ana()), ana()))
	if !errors.Is(err, ErrKeysUnavailable) || errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
	w := httptest.NewRecorder()
	v.Middleware(http.NotFoundHandler()).ServeHTTP(w, forwarded(t, sign(t, newTestSigner(t, c), "wiki", ana()), ana()))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("the middleware answers %d %v", w.Code, w.Header())
	}
}

// A name below localhost is this machine, whatever a name server would say.
func TestKeysFromANameBelowLocalhost(t *testing.T) {
	key, err := GenerateSigningKey()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := NewSigner(SignerConfig{Issuer: "http://sso.localhost", Keys: []Key{{ID: "k1", Private: key}}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(signer.jwks)
	t.Cleanup(server.Close)
	keys, err := FetchKeySet(strings.Replace(server.URL, "127.0.0.1", "sso.localhost", 1), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := NewVerifier(VerifierConfig{Issuer: "http://sso.localhost", Audience: "wiki", Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	token, err := signer.Sign("wiki", Values{Subject: "ana@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verifier.Verify(&http.Request{Header: http.Header{"X-Auth-Assertion": {token}}}); err != nil {
		t.Error(err)
	}
}
