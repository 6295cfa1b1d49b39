package headers

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestTokenIsReused(t *testing.T) {
	c := newClock()
	s := newTestSigner(t, c)
	token := sign(t, s, "wiki", ana())
	c.advance(29 * time.Second)
	if sign(t, s, "wiki", ana()) != token {
		t.Error("a young token was not reused")
	}
	c.advance(time.Minute)
	later := sign(t, s, "wiki", ana())
	if later == token {
		t.Error("an expired token was reused")
	}
	c.advance(-2 * time.Minute)
	if sign(t, s, "wiki", ana()) == later {
		t.Error("a token from the future was reused")
	}
}

func TestTokenIsNotReusedForAnythingElse(t *testing.T) {
	s := newTestSigner(t, newClock())
	seen := map[string]string{sign(t, s, "wiki", ana()): "the first"}
	differs := func(what, audience string, change func(*Values)) {
		t.Helper()
		v := ana()
		change(&v)
		token := sign(t, s, audience, v)
		if before, twice := seen[token]; twice {
			t.Errorf("%s got the token of %s", what, before)
		}
		seen[token] = what
	}
	differs("another audience", "hr", func(*Values) {})
	differs("another session", "wiki", func(v *Values) { v.SessionID = "s2" })
	differs("a lost role", "wiki", func(v *Values) { v.Roles = v.Roles[:1] })
	differs("another role", "wiki", func(v *Values) { v.Roles[1] = "admin" })
	differs("another mail", "wiki", func(v *Values) { v.Email = "bob@example.com" })
	differs("another subject", "wiki", func(v *Values) { v.Subject = "p2" })
	differs("another first name", "wiki", func(v *Values) { v.FirstName = "Eva" })
	differs("another last name", "wiki", func(v *Values) { v.LastName = "X" })
	differs("another username", "wiki", func(v *Values) { v.Username = "X" })
	differs("another number", "wiki", func(v *Values) { v.EmployeeID = "43" })
	differs("another IdP", "wiki", func(v *Values) { v.IDP = "other" })
	differs("another sign-in", "wiki", func(v *Values) { v.AuthTime = v.AuthTime.Add(time.Minute) })
	differs("another attribute", "wiki", func(v *Values) { v.Attributes["dept"][0] = "HR" })
}

func TestCacheDoesNotShareTheCallersSlices(t *testing.T) {
	s := newTestSigner(t, newClock())
	v := ana()
	token := sign(t, s, "wiki", v)
	v.Roles[0], v.Attributes["dept"][0] = "admin", "Board"
	if sign(t, s, "wiki", v) == token {
		t.Error("a change in place reused the old token")
	}
}

func TestTokenIsRenewedOffThePath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := NewSigner(SignerConfig{Issuer: issuer, Keys: []Key{testKey("k1")}})
		if err != nil {
			t.Fatal(err)
		}
		token := sign(t, s, "wiki", ana())
		time.Sleep(31 * time.Second) // the bubble's clock: nothing waits
		if sign(t, s, "wiki", ana()) != token {
			t.Error("the request waited for a new token")
		}
		synctest.Wait()
		renewed := sign(t, s, "wiki", ana())
		if renewed == token {
			t.Error("no new token was made")
		}
		time.Sleep(45 * time.Second)
		if sign(t, s, "wiki", ana()) == renewed {
			t.Error("a token with too little life left was handed out")
		}
	})
}

// Many goroutines, two sessions, roles that come and go while tokens are being
// renewed: everybody gets a token that says what they asked for.
func TestTokensOfARaceSayWhatWasAsked(t *testing.T) {
	var passed atomic.Int64
	start := newClock().t
	s, err := NewSigner(SignerConfig{Issuer: issuer, Keys: []Key{testKey("k1")},
		Now: func() time.Time { return start.Add(time.Duration(passed.Add(int64(time.Second)))) }})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 50 {
				v := ana()
				v.SessionID, v.Roles = fmt.Sprint("s", i%2), []string{fmt.Sprint("r", j%3)}
				audience := fmt.Sprint("app", i%3)
				token, err := s.Sign(audience, v)
				if err != nil {
					t.Error(err)
					return
				}
				payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
				if c, err := parseClaims(payload); err != nil || c.Audience != audience || !c.values().equal(v) {
					t.Errorf("asked for %v, got %+v, %v", v, c, err)
				}
			}
		})
	}
	all.Wait()
}

func TestCacheIsBounded(t *testing.T) {
	c := newClock()
	s, err := NewSigner(SignerConfig{Issuer: issuer, Keys: []Key{testKey("k1")}, Now: c.now, Entries: 8})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		v := ana()
		v.SessionID = strings.Repeat("s", i+1)
		sign(t, s, "wiki", v)
		if n := len(s.cache.young) + len(s.cache.old); n > 8 {
			t.Fatalf("%d tokens are kept", n)
		}
	}
	c.advance(time.Hour)
	sign(t, s, "wiki", ana())
	c.advance(time.Hour)
	sign(t, s, "wiki", ana())
	if n := len(s.cache.young) + len(s.cache.old); n > 2 {
		t.Errorf("%d tokens of dead sessions are kept", n-1)
	}
}

func TestSignerRefuses(t *testing.T) {
	good := []Key{testKey("k1")}
	for name, cfg := range map[string]SignerConfig{
		"no issuer":  {Keys: good},
		"no key":     {Issuer: issuer},
		"no id":      {Issuer: issuer, Keys: []Key{{Private: good[0].Private}}},
		"one id":     {Issuer: issuer, Keys: []Key{testKey("k1"), testKey("k1")}},
		"nil key":    {Issuer: issuer, Keys: []Key{{ID: "k1"}}},
		"ttl":        {Issuer: issuer, Keys: good, TTL: time.Hour},
		"tiny cache": {Issuer: issuer, Keys: good, Entries: 1},
	} {
		if _, err := NewSigner(cfg); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	s := newTestSigner(t, newClock())
	if _, err := s.Sign("", ana()); err == nil {
		t.Error("a token without audience was signed")
	}
	v := ana()
	v.Roles = []string{strings.Repeat("r", maxToken)}
	if _, err := s.Sign("wiki", v); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a huge token: %v", err)
	}
}

func TestServeJWKS(t *testing.T) {
	s := newTestSigner(t, newClock(), testKey("new"), testKey("old")).jwks
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/jwks.json", nil))
	keys, err := parseKeys(w.Body.Bytes())
	if err != nil || len(keys) != 2 || keys["new"] == nil || keys["old"] == nil {
		t.Errorf("published %v, %v", keys, err)
	}
	for _, part := range []string{`"kty":"OKP"`, `"crv":"Ed25519"`, `"alg":"EdDSA"`, `"use":"sig"`, `"kid":"new"`} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("%s is missing", part)
		}
	}
	if strings.Contains(w.Body.String(), `"d"`) || w.Header().Get("Cache-Control") != "public, max-age=300" {
		t.Error("a private part or the wrong caching")
	}
	r := httptest.NewRequest("GET", "/jwks.json", nil)
	r.Header.Set("If-None-Match", s.ETag())
	w = httptest.NewRecorder()
	if s.ServeHTTP(w, r); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("to one who has it: %d", w.Code)
	}
	w = httptest.NewRecorder()
	if s.ServeHTTP(w, httptest.NewRequest("POST", "/jwks.json", nil)); w.Code != 405 {
		t.Errorf("POST: %d", w.Code)
	}
	if other := newTestSigner(t, newClock(), testKey("new")).jwks; other.ETag() == s.ETag() {
		t.Error("another key set has the same tag")
	}
}

func BenchmarkCachedSign(b *testing.B) {
	s, v := newTestSigner(b, newClock()), ana()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Sign("wiki", v); err != nil {
			b.Fatal(err)
		}
	}
}
