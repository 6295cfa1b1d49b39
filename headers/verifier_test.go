package headers

import (
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestVerifyOfSign(t *testing.T) {
	c := newClock()
	s := newTestSigner(t, c)
	got, err := newTestVerifier(t, c, s).Verify(forwarded(t, sign(t, s, "wiki", ana()), ana()))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.values(), ana()) {
		t.Errorf("signed %+v, verified %+v", ana(), got.values())
	}
	if got.Issuer != issuer || got.Audience != "wiki" || got.ID == "" || !got.IssuedAt.Equal(c.t) ||
		!got.NotBefore.Equal(c.t) || !got.Expires.Equal(c.t.Add(time.Minute)) || !got.HasRole("editor") || got.HasRole("edit") {
		t.Errorf("got %+v", got)
	}
}

func FuzzVerifyOfSign(f *testing.F) {
	f.Add("ana@example.com", "Ana", "staff,", " x", int64(5))
	f.Add("a\nb", "\xff", "", "\u2028<&>", int64(-5))
	c := newClock()
	s := newTestSigner(f, c)
	verifier := newTestVerifier(f, c, s)
	f.Fuzz(func(t *testing.T, email, name, role, dept string, at int64) {
		v := Values{Email: email, FirstName: name, Roles: []string{role, "b"}, AuthTime: moment(at % 1e11),
			Attributes: map[string][]string{"dept": {dept, name}}}
		h := http.Header{}
		if _, err := Apply(h, allNames(), v); err != nil {
			return
		}
		token, err := s.Sign("wiki", v)
		if err != nil {
			return
		}
		h.Set("X-Auth-Assertion", token)
		got, err := verifier.Verify(&http.Request{Header: h})
		if err != nil {
			t.Fatalf("our own request is refused: %v", err)
		}
		if text(email) != got.Email || text(name) != got.GivenName || !got.AuthTime.Equal(v.AuthTime) {
			t.Fatalf("signed %+v, verified %+v", v, got)
		}
	})
}

func TestEveryFlippedByteIsRefused(t *testing.T) {
	c := newClock()
	s := newTestSigner(t, c)
	verifier, token := newTestVerifier(t, c, s), sign(t, s, "wiki", ana())
	for i := range len(token) {
		for _, bit := range []byte{1, 4} {
			flipped := []byte(token)
			flipped[i] ^= bit
			if _, err := verifier.Verify(forwarded(t, string(flipped), ana())); !errors.Is(err, ErrRefused) {
				t.Fatalf("byte %d of %d with bit %d flipped: %v", i, len(token), bit, err)
			}
		}
	}
}

// forge signs any header and any claims with any key.
func forge(t *testing.T, alg jose.SignatureAlgorithm, key any, kid, typ string, claims map[string]any) string {
	t.Helper()
	opts := (&jose.SignerOptions{}).WithType(jose.ContentType(typ)).WithHeader("kid", kid)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

func TestForgedTokensAreRefused(t *testing.T) {
	c := newClock()
	s := newTestSigner(t, c)
	verifier := newTestVerifier(t, c, s)
	public := testKey("k1").Private.Public().(ed25519.PublicKey)
	claims := func(change func(map[string]any)) map[string]any {
		m := map[string]any{"iss": issuer, "aud": "wiki", "email": "ana@example.com", "exp": c.t.Unix() + 60, "iat": c.t.Unix()}
		change(m)
		return m
	}
	same := func(map[string]any) {}
	set := func(key string, value any) func(map[string]any) { return func(m map[string]any) { m[key] = value } }
	ours := func(change func(map[string]any)) string {
		return forge(t, jose.EdDSA, testKey("k1").Private, "k1", "JWT", claims(change))
	}
	verify := func(token string) error {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("X-Auth-Assertion", token)
		_, err := verifier.Verify(r)
		return err
	}
	if err := verify(ours(same)); err != nil {
		t.Fatalf("the twin without a mutation: %v", err)
	}
	parts := strings.Split(ours(same), ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"k1","typ":"JWT"}`)) + "." + parts[1] + "."
	for name, token := range map[string]string{
		"alg none":              none,
		"HMAC by public key":    forge(t, jose.HS256, []byte(public), "k1", "JWT", claims(same)),
		"HMAC by key set":       forge(t, jose.HS256, s.JWKS(), "k1", "JWT", claims(same)),
		"another key, our kid":  forge(t, jose.EdDSA, testKey("x").Private, "k1", "JWT", claims(same)),
		"unknown kid":           forge(t, jose.EdDSA, testKey("k1").Private, "k9", "JWT", claims(same)),
		"no kid":                forge(t, jose.EdDSA, testKey("k1").Private, "", "JWT", claims(same)),
		"another type":          forge(t, jose.EdDSA, testKey("k1").Private, "k1", "at+jwt", claims(same)),
		"key in its own header": embedded(t, claims(same)),
		"another audience":      ours(set("aud", "hr")),
		"a list of audiences":   ours(set("aud", []string{"wiki", "hr"})),
		"no audience":           ours(set("aud", "")),
		"another issuer":        ours(set("iss", "https://evil.example")),
		"issuer with slash":     ours(set("iss", issuer+"/")),
		"no exp":                ours(func(m map[string]any) { delete(m, "exp") }),
		"expired":               ours(set("exp", c.t.Unix()-30)),
		"exp before 1970":       ours(set("exp", -5)),
		"exp as text":           ours(set("exp", "9999999999")),
		"not before":            ours(set("nbf", c.t.Unix()+31)),
		"issued later":          ours(set("iat", c.t.Unix()+31)),
		"padding":               ours(same) + "=",
		"a line break":          parts[0] + ".\n" + parts[1] + "." + parts[2],
		"four parts":            ours(same) + ".e30",
		"no signature":          parts[0] + "." + parts[1] + ".",
		"JSON form":             `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"nothing":               "",
		"a megabyte":            strings.Repeat("A", 1<<20),
	} {
		if err := verify(token); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(map[string]any){
		"expired within the skew": set("exp", c.t.Unix()-29),
		"from a fast clock":       set("iat", c.t.Unix()+30),
	} {
		if err := verify(ours(change)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// embedded is signed by a stranger whose public key rides in the "jwk" header.
func embedded(t *testing.T, claims map[string]any) string {
	t.Helper()
	stranger := testKey("x").Private
	opts := (&jose.SignerOptions{EmbedJWK: true}).WithType("JWT").WithHeader("kid", "k1")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: stranger}, opts)
	if err != nil {
		t.Fatal(err)
	}
	payload, _ := json.Marshal(claims)
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	compact, _ := signed.CompactSerialize()
	return compact
}

// Whatever the header of a token says, even one that our key signed, nothing
// in it chooses the key, the algorithm or the rules.
func TestHeadersOfTokens(t *testing.T) {
	c := newClock()
	verifier := newTestVerifier(t, c, newTestSigner(t, c))
	claims := fmt.Sprintf(`{"iss":%q,"aud":"wiki","email":"ana@example.com","exp":%d}`, issuer, c.t.Unix()+60)
	raw := func(header, payload string) error {
		input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
		signature, err := testKey("k1").Private.Sign(nil, []byte(input), crypto.Hash(0))
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("X-Auth-Assertion", input+"."+base64.RawURLEncoding.EncodeToString(signature))
		_, err = verifier.Verify(r)
		return err
	}
	for _, header := range []string{
		`{"alg":"EdDSA","kid":"k1","typ":"JWT"}`,
		`{"alg":"EdDSA","kid":"k1","typ":"JWT","jku":"https://evil.example/","x5u":"https://evil.example/"}`, // ignored, RFC 7515 §4.1
	} {
		if err := raw(header, claims); err != nil {
			t.Errorf("%s: %v", header, err)
		}
	}
	for _, header := range []string{
		`{"alg":"EdDSA","kid":"k1","typ":"JWT","crit":["b64"],"b64":true}`,
		`{"alg":"EdDSA","kid":"k1","typ":"JWT","crit":["b64"],"b64":false}`,
		`{"alg":"EdDSA","kid":"k1","typ":"JWT","b64":false}`,
		`{"alg":"EdDSA","kid":"k1","typ":"JWT","crit":["exp"]}`,
		`{"alg":"EdDSA","kid":"k1","typ":"JWT","crit":[]}`,
		`{"alg":"ES256","kid":"k1","typ":"JWT"}`,
		`{"alg":"none","kid":"k1","typ":"JWT"}`,
		`{"alg":["EdDSA"],"kid":"k1","typ":"JWT"}`,
		`{"alg":"EdDSA","kid":["k1"],"typ":"JWT"}`,
		`{"alg":"EdDSA","kid":"../k1","typ":"JWT"}`,
		`{"alg":"EdDSA","kid":"K1","typ":"JWT"}`,
		`{"alg":"EdDSA","kid":"k1","typ":["JWT"]}`,
		`{"alg":"EdDSA","kid":"k1"}`,
		`{"kid":"k1","typ":"JWT"}`,
		`[]`, ``, `null`,
	} {
		if err := raw(header, claims); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", header, err)
		}
	}
	for _, payload := range []string{
		``, `null`, `[]`, `"x"`, claims + claims, claims + "x",
		strings.Replace(claims, `"exp":`, `"exp":1e3,"n":`, 1),
		strings.Replace(claims, `"exp":`, `"exp":1.5,"n":`, 1),
		strings.Replace(claims, `"exp":`, `"exp":NaN,"n":`, 1),
		strings.Replace(claims, `"exp":`, `"exp":null,"n":`, 1),
		strings.Replace(claims, `"exp":`, `"exp":99999999999999999999,"n":`, 1),
		strings.Replace(claims, `"exp":`, `"exp":9223372036854775807,"n":`, 1),
		strings.Replace(claims, `"exp":`, `"exp":-9223372036854775808,"n":`, 1),
		strings.Replace(claims, `"exp":`, `"nbf":9223372036854775807,"exp":`, 1),
		strings.Replace(claims, `"exp":`, `"iat":9223372036854775807,"exp":`, 1),
		strings.Replace(claims, `"wiki"`, `{"a":"wiki"}`, 1),
	} {
		if err := raw(`{"alg":"EdDSA","kid":"k1","typ":"JWT"}`, payload); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", payload, err)
		}
	}
}

func TestHeadersTheTokenDoesNotBackAreRefused(t *testing.T) {
	c := newClock()
	s := newTestSigner(t, c)
	verifier, token := newTestVerifier(t, c, s), sign(t, s, "wiki", ana())
	check := func(change func(http.Header)) error {
		r := forwarded(t, token, ana())
		change(r.Header)
		_, err := verifier.Verify(r)
		return err
	}
	put := func(key string, values ...string) func(http.Header) {
		return func(h http.Header) { h[key] = values }
	}
	for name, change := range map[string]func(http.Header){
		"another mail":       put("X-Auth-Email", "bob@example.com"),
		"mail in other case": put("X-Auth-Email", "Ana@example.com"),
		"mail twice":         put("X-Auth-Email", "ana@example.com", "ana@example.com"),
		"second mail":        put("X-Auth-Email", "ana@example.com", "bob@example.com"),
		"empty mail":         put("X-Auth-Email", ""),
		"no value at all":    put("X-Auth-Email"),
		"underscore alias":   put("X_auth_email", "ana@example.com"),
		"dot alias":          put("X.auth.email", "ana@example.com"),
		"odd case":           put("x-auth-email", "ana@example.com"),
		"one more role":      put("X-Auth-Roles", "staff,editor,admin"),
		"roles in lines":     put("X-Auth-Roles", "staff", "editor"),
		"another department": put("X-Auth-Dept", "Ops"),
		"a foreign name":     put("X-Forwarded-User", "ana"),
		"CGI's name":         put("Remote_User", "ana"),
		"another audience":   put("X-Auth-Audience", "hr"),
		"two tokens":         put("X-Auth-Assertion", token, token),
		"token under alias":  put("X_auth_assertion", token),
	} {
		if err := check(change); !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "bob@") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(http.Header){
		"as sent":            func(http.Header) {},
		"a header lost":      func(h http.Header) { h.Del("X-Auth-Email") },
		"the right audience": put("X-Auth-Audience", "wiki"),
		"an unrelated one":   put("X-Auth-Emails", "x"),
	} {
		if err := check(change); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := check(func(h http.Header) { h.Del("X-Auth-Assertion") }); !errors.Is(err, ErrNoToken) {
		t.Errorf("without a token: %v", err)
	}
}

func TestDefaultNamesStayWatched(t *testing.T) {
	c := newClock()
	s := newTestSigner(t, c)
	keys, _ := ParseKeySet(s.JWKS())
	v, err := NewVerifier(VerifierConfig{Issuer: issuer, Audience: "wiki", Keys: keys, Header: "X-Token",
		Names: Names{Username: "X-WebAuth-User"}, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Token", sign(t, s, "wiki", ana()))
	r.Header.Set("X-Webauth-User", "ana")
	if _, err := v.Verify(r); err != nil {
		t.Errorf("as sent: %v", err)
	}
	r.Header.Set("X-Auth-Email", "ana@example.com")
	if _, err := v.Verify(r); !errors.Is(err, ErrRefused) {
		t.Errorf("a header that the gateway does not send: %v", err)
	}
}

func TestNewVerifierRefuses(t *testing.T) {
	keys, _ := ParseKeySet(newTestSigner(t, newClock()).JWKS())
	for name, cfg := range map[string]VerifierConfig{
		"no issuer":   {Audience: "wiki", Keys: keys},
		"no audience": {Issuer: issuer, Keys: keys},
		"no keys":     {Issuer: issuer, Audience: "wiki"},
		"no header":   {Issuer: issuer, Audience: "wiki", Keys: keys, Names: Names{Email: "X-Mail"}},
		"an alias":    {Issuer: issuer, Audience: "wiki", Keys: keys, Names: Names{Email: "X-Mail", JWT: "X_Mail"}},
		"a huge skew": {Issuer: issuer, Audience: "wiki", Keys: keys, Skew: time.Hour},
	} {
		if _, err := NewVerifier(cfg); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestMiddleware(t *testing.T) {
	c := newClock()
	s := newTestSigner(t, c)
	verifier := newTestVerifier(t, c, s)
	var refused error
	verifier.cfg.Refused = func(_ *http.Request, err error) { refused = err }
	var seen Claims
	app := verifier.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen, _ = FromContext(r.Context()) }))
	w := httptest.NewRecorder()
	if app.ServeHTTP(w, forwarded(t, sign(t, s, "wiki", ana()), ana())); w.Code != 200 || seen.Email != "ana@example.com" {
		t.Errorf("genuine: %d, %+v", w.Code, seen)
	}
	seen, w = Claims{}, httptest.NewRecorder()
	app.ServeHTTP(w, forwarded(t, sign(t, s, "hr", ana()), ana()))
	if w.Code != 401 || seen.Email != "" || !errors.Is(refused, ErrRefused) || strings.Contains(w.Body.String(), "audience") {
		t.Errorf("for another app: %d %q, %v", w.Code, w.Body, refused)
	}
	if _, ok := FromContext(t.Context()); ok {
		t.Error("claims out of nowhere")
	}
}

func TestParseKeySet(t *testing.T) {
	good := string(newTestSigner(t, newClock()).JWKS())
	one := strings.TrimSuffix(strings.TrimPrefix(good, `{"keys":[`), "]}")
	private, err := json.Marshal(jose.JSONWebKey{Key: testKey("k1").Private, KeyID: "k1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseKeySet([]byte(`{"keys":[{"kty":"future"},` + one + `]}`)); err != nil {
		t.Errorf("with a key of an unknown kind beside ours: %v", err)
	}
	for name, set := range map[string]string{
		"nothing": "", "no keys": `{"keys":[]}`, "a private key": `{"keys":[` + string(private) + `]}`,
		"a private key beside ours": `{"keys":[` + one + "," + strings.Replace(string(private), "k1", "k2", 1) + `]}`,
		"one id twice":              `{"keys":[` + one + "," + one + `]}`, "no id": strings.Replace(good, `"kid":"k1"`, `"kid":""`, 1),
		"for encryption": strings.Replace(good, `"sig"`, `"enc"`, 1), "another algorithm": strings.Replace(good, `EdDSA`, `HS256`, 1),
		"a secret": `{"keys":[{"kty":"oct","k":"c2VjcmV0c2VjcmV0","kid":"k1"}]}`,
	} {
		if _, err := ParseKeySet([]byte(set)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
