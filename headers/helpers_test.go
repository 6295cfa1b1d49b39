package headers

import (
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const issuer = "https://sso.example.com"

// clock is a hand-wound clock.
type clock struct{ t time.Time }

func newClock() *clock                   { return &clock{time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)} }
func (c *clock) now() time.Time          { return c.t }
func (c *clock) advance(d time.Duration) { c.t = c.t.Add(d) }

// testKey returns the same key for the same letter in every run.
func testKey(id string) Key {
	return Key{ID: id, Private: ed25519.NewKeyFromSeed([]byte(strings.Repeat(id[:1], ed25519.SeedSize)))}
}

func ana() Values {
	return Values{
		Subject: "p1", Email: "ana@example.com", FirstName: "Ana", LastName: "Müller", Username: "ana", EmployeeID: "42",
		IDP: "corp", SessionID: "s1", Roles: []string{"staff", "editor"},
		Attributes: map[string][]string{"dept": {"R&D", "Ops"}},
		AuthTime:   time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC),
	}
}

func allNames() Names {
	n := DefaultNames()
	n.Username = "X-Auth-User"
	n.Extra = map[string]string{"X-Auth-Dept": "dept"}
	return n
}

func newTestSigner(t testing.TB, c *clock, keys ...Key) *Signer {
	t.Helper()
	if len(keys) == 0 {
		keys = []Key{testKey("k1")}
	}
	s, err := NewSigner(SignerConfig{Issuer: issuer, Keys: keys, TTL: time.Minute, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newTestVerifier(t testing.TB, c *clock, s *Signer) *Verifier {
	t.Helper()
	keys, err := ParseKeySet(s.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier(VerifierConfig{Issuer: issuer, Audience: "wiki", Keys: keys, Names: allNames(), Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func sign(t testing.TB, s *Signer, audience string, v Values) string {
	t.Helper()
	token, err := s.Sign(audience, v)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// forwarded is the request as the gateway sends it.
func forwarded(t testing.TB, token string, v Values) *http.Request {
	t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	if _, err := Apply(r.Header, allNames(), v); err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Auth-Assertion", token)
	return r
}
