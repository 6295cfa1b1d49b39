package headers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// kinds is one key for every algorithm, by the name of the algorithm.
var kinds = sync.OnceValues(func() (map[string]Key, error) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rsaKey, err2 := rsa.GenerateKey(rand.Reader, 2048)
	return map[string]Key{
		"EdDSA": testKey("ed"), "ES256": {ID: "es", Private: p256}, "RS256": {ID: "rs", Private: rsaKey}, "HS256": secretKey("hs"),
	}, errors.Join(err, err2)
})

func keyOf(t testing.TB, algorithm string) Key {
	t.Helper()
	all, err := kinds()
	if err != nil {
		t.Fatal(err)
	}
	return all[algorithm]
}

// tokenVerifier trusts keys of any kind.
func tokenVerifier(t testing.TB, c *clock, edit func(*VerifierConfig), keys ...Key) *Verifier {
	t.Helper()
	set, err := (*KeySet)(nil).With(keys...)
	if err != nil {
		t.Fatal(err)
	}
	cfg := VerifierConfig{Issuer: issuer, Audience: "wiki", Keys: set, Names: allNames(), Now: c.now}
	if edit != nil {
		edit(&cfg)
	}
	v, err := NewVerifier(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTokensOfEveryAlgorithm(t *testing.T) {
	c := newClock()
	algorithms := []string{"EdDSA", "ES256", "RS256", "HS256"}
	var ring []Key
	for _, a := range algorithms {
		ring = append(ring, keyOf(t, a))
	}
	v := tokenVerifier(t, c, nil, ring...)
	for _, a := range algorithms {
		s, err := NewSigner(SignerConfig{Issuer: issuer, Keys: ring, Algorithm: a, Now: c.now})
		if err != nil {
			t.Fatal(err)
		}
		token := sign(t, s, "wiki", ana())
		if claims, err := v.Verify(forwarded(t, token, ana())); err != nil || claims.SessionID != "s1" {
			t.Errorf("%s: %+v, %v", a, claims, err)
		}
		parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(a)})
		if err != nil || parsed.Signatures[0].Header.KeyID != keyOf(t, a).ID {
			t.Errorf("%s is signed by another: %v", a, err)
		}
		if jwks := string(s.JWKS()); strings.Contains(jwks, `"oct"`) || strings.Contains(jwks, `"d"`) || strings.Count(jwks, `"kid"`) != 3 {
			t.Errorf("published: %s", jwks)
		}
		if _, err := NewSigner(SignerConfig{Issuer: issuer, Keys: []Key{testKey("k1")}, Algorithm: a}); (err == nil) != (a == "EdDSA") {
			t.Errorf("%s by an Ed25519 key: %v", a, err)
		}
		logout, err := s.LogoutToken("wiki", "p1", "s1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(forwarded(t, logout, Values{})); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: a logout passes for an identity: %v", a, err)
		}
	}
	for _, a := range []string{"none", "PS256", "ES384", "HS512"} {
		if _, err := NewSigner(SignerConfig{Issuer: issuer, Keys: ring, Algorithm: a}); err == nil {
			t.Errorf("%s signs", a)
		}
	}
}

// Whatever the token says of its algorithm, the key it names decides (RFC 8725
// §2.1, §3.1).
func TestAlgorithmConfusion(t *testing.T) {
	c := newClock()
	es, rs, hs, ed := keyOf(t, "ES256"), keyOf(t, "RS256"), keyOf(t, "HS256"), keyOf(t, "EdDSA")
	claims := map[string]any{"iss": issuer, "aud": "wiki", "email": "ana@example.com", "exp": c.t.Unix() + 60, "iat": c.t.Unix()}
	v := tokenVerifier(t, c, nil, es, rs, ed) // not hs: that is another route's
	der := func(k Key) []byte {
		b, err := x509.MarshalPKIXPublicKey(k.Private.Public())
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	asPEM := func(k Key) []byte { return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der(k)}) }
	asJWK := func(k Key) []byte {
		b, err := json.Marshal(jose.JSONWebKey{Key: k.Private.Public(), KeyID: k.ID})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	tokens := map[string]string{
		"another route's secret":             forge(t, jose.HS256, hs.Secret, hs.ID, "JWT", claims),
		"another route's secret, our kid":    forge(t, jose.HS256, hs.Secret, es.ID, "JWT", claims),
		"RSA with another hash":              forge(t, jose.RS512, rs.Private, rs.ID, "JWT", claims),
		"RSA with another padding":           forge(t, jose.PS256, rs.Private, rs.ID, "JWT", claims),
		"the RSA key's kid, signed by ES256": forge(t, jose.ES256, es.Private, rs.ID, "JWT", claims),
		"the ES256 key's kid, signed by RSA": forge(t, jose.RS256, rs.Private, es.ID, "JWT", claims),
		"the ES256 key's kid, by EdDSA":      forge(t, jose.EdDSA, ed.Private, es.ID, "JWT", claims),
	}
	for _, k := range []Key{es, rs, ed} {
		for form, secret := range map[string][]byte{"DER": der(k), "PEM": asPEM(k), "JWK": asJWK(k), "PEM without its line break": asPEM(k)[:len(asPEM(k))-1]} {
			tokens["the public key of "+k.ID+" as a secret, "+form] = forge(t, jose.HS256, secret, k.ID, "JWT", claims)
		}
	}
	for name, token := range tokens {
		if _, err := v.Verify(forwarded(t, token, Values{Email: "ana@example.com"})); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, k := range []Key{es, rs, ed} {
		if _, err := v.Verify(forwarded(t, forge(t, k.algorithm(), k.Private, k.ID, "JWT", claims), Values{Email: "ana@example.com"})); err != nil {
			t.Errorf("the twin without a mutation, %s: %v", k.ID, err)
		}
	}
}

// A key set that an app fetches can never hold what signs.
func TestKeySetsWithSecrets(t *testing.T) {
	private := func(k any, id string) string {
		b, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: k, KeyID: id}}})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for name, set := range map[string]string{
		"a secret":    private(secretKey("hs").Secret, "hs"),
		"RSA":         private(keyOf(t, "RS256").Private, "rs"),
		"P-256":       private(keyOf(t, "ES256").Private, "es"),
		"another use": strings.Replace(string(jwksOf(t, keyOf(t, "RS256"))), `"use":"sig"`, `"use":"enc"`, 1),
		"another alg": strings.Replace(string(jwksOf(t, keyOf(t, "RS256"))), `"alg":"RS256"`, `"alg":"RS512"`, 1),
		"no id":       strings.Replace(string(jwksOf(t, keyOf(t, "RS256"))), `"kid":"rs"`, `"kid":""`, 1),
	} {
		if _, err := ParseKeySet([]byte(set)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]Key{
		"a small RSA key": {ID: "s", Private: small}, "both halves": {ID: "b", Private: testKey("k").Private, Secret: secretKey("h").Secret}, "nothing": {ID: "n"},
	} {
		if _, err := NewJWKS([]Key{key}); err == nil {
			t.Errorf("%s is published", name)
		}
	}
}

func jwksOf(t testing.TB, keys ...Key) []byte {
	t.Helper()
	set, err := NewJWKS(keys)
	if err != nil {
		t.Fatal(err)
	}
	return set.Bytes()
}

// A bound token is good for its request: not elsewhere, and not without it.
func TestBoundTokens(t *testing.T) {
	c := newClock()
	s, err := NewSigner(SignerConfig{Issuer: issuer, Keys: []Key{testKey("k1")}, BindRequest: true, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	bind := func() (string, string) {
		r := outgoing(t)
		r.Header.Del("X-Api-Key")
		r.Header.Set("X-Auth-Roles", "staff,editor")
		token, err := s.SignRequest(r, "https", "wiki", ana())
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Auth-Assertion", token)
		return onWire(t, r), token
	}
	good, token := bind()
	if _, again := bind(); again == token {
		t.Error("a bound token was reused")
	}
	for _, v := range []*Verifier{tokenVerifier(t, c, nil, testKey("k1")), tokenVerifier(t, c, func(cfg *VerifierConfig) { cfg.Bound = true }, testKey("k1"))} {
		claims, err := v.Verify(arrived(t, good))
		if err != nil || claims.Method != "GET" || claims.URL != "https://wiki.example.com/a%20b" {
			t.Errorf("%+v, %v", claims, err)
		}
		if _, err := v.Verify(arrived(t, strings.Replace(good, "?c=d&e", "", 1))); err != nil {
			t.Errorf("htu has no query: %v", err) // RFC 9449 §4.2
		}
		for name, text := range map[string]string{
			"another method": strings.Replace(good, "GET ", "DELETE ", 1), "another path": strings.Replace(good, "/a%20b", "/b", 1),
			"another spelling": strings.Replace(good, "/a%20b", "/%61%20b", 1), "another host": strings.Replace(good, "Host: wiki", "Host: hr", 1),
			"a path in the host": strings.Replace(strings.Replace(good, "/a%20b", "b", 1), "GET b", "GET /", 1),
		} {
			if _, err := v.Verify(arrived(t, text)); !errors.Is(err, ErrRefused) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	free := sign(t, newTestSigner(t, c), "wiki", ana())
	strict := tokenVerifier(t, c, func(cfg *VerifierConfig) { cfg.Bound = true }, testKey("k1"))
	if _, err := strict.Verify(forwarded(t, free, ana())); !errors.Is(err, ErrRefused) {
		t.Errorf("a token for any request: %v", err)
	}
	for _, htu := range []string{"", "https://", "wiki.example.com/a%20b", "https:wiki.example.com/a%20b"} {
		token := forge(t, jose.EdDSA, testKey("k1").Private, "k1", "JWT", map[string]any{
			"iss": issuer, "aud": "wiki", "exp": c.t.Unix() + 60, "htm": "GET", "htu": htu,
		})
		r, _ := http.NewRequest("GET", "http://wiki.example.com/a%20b", nil)
		r.Header.Set("X-Auth-Assertion", token)
		if _, err := strict.Verify(arrived(t, onWire(t, r))); !errors.Is(err, ErrRefused) {
			t.Errorf("htu %q: %v", htu, err)
		}
	}
}

// The keys on top wait until they are ready; while none is, the last signs.
func TestKeysThatAreNotReady(t *testing.T) {
	c := newClock()
	ready := map[string]bool{}
	ring := []Key{testKey("c"), secretKey("x"), testKey("b"), testKey("a")}
	is := func(id string) bool { return ready[id] }
	s, err := NewSigner(SignerConfig{Issuer: issuer, Keys: ring, Ready: is, TTL: time.Minute, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewMessageSigner(MessageSignerConfig{Keys: ring, Ready: is, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	signs := func(want string) {
		t.Helper()
		c.advance(time.Hour) // no token of before is reused
		parsed, err := jose.ParseSignedCompact(sign(t, s, "wiki", ana()), []jose.SignatureAlgorithm{jose.EdDSA})
		if err != nil || parsed.Signatures[0].Header.KeyID != want || m.key().ID() != want {
			t.Errorf("%v sign, %v; want %s", parsed.Signatures[0].Header.KeyID, err, want)
		}
	}
	signs("a")
	ready["a"] = true
	signs("a")
	ready["b"] = true
	signs("b")
	ready["c"] = true
	signs("c")
	ready["b"], ready["a"] = false, false
	signs("c")
}
