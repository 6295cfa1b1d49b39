package headers

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/headers/httpsig"
)

// secretKey returns the same secret for the same letter in every run.
func secretKey(id string) Key { return Key{ID: id, Secret: bytes.Repeat([]byte(id), 32/len(id)+1)} }

func newTestMessageSigner(t testing.TB, c *clock, key Key) *MessageSigner {
	t.Helper()
	alg := map[string]string{"EdDSA": httpsig.Ed25519, "ES256": httpsig.ECDSAP256SHA256, "HS256": httpsig.HMACSHA256}[string(key.algorithm())]
	s, err := NewMessageSigner(MessageSignerConfig{Keys: []Key{key}, Algorithm: alg, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newSealVerifier returns the verifier of the wiki, which trusts keys.
func newSealVerifier(t testing.TB, c *clock, proof Proof, keys ...Key) *Verifier {
	t.Helper()
	set, err := (*KeySet)(nil).With(keys...)
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier(VerifierConfig{
		Issuer: issuer, Audience: "wiki", Keys: set, Names: allNames(), Managed: []string{"X-Api-Key"}, Proof: proof, Authorities: []string{"Wiki.example.com"}, Now: c.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// outgoing is a request about Ana that the gateway is about to send.
func outgoing(t testing.TB) *http.Request {
	t.Helper()
	r, err := http.NewRequest("GET", "http://10.0.0.5:8080/a%20b?c=d&e", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "wiki.example.com"
	names := allNames()
	names.Set = map[string]string{"X-Api-Key": "k-123"}
	names.Separator = ", "
	if _, err := Apply(r.Header, names, ana()); err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	return r
}

// onWire is a request as it travels, so that an attacker can edit it.
func onWire(t testing.TB, r *http.Request) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// arrived is what a server makes of it.
func arrived(t testing.TB, text string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// gatewayManaged is what the gateway takes for its own.
func gatewayManaged() *Managed {
	names := allNames()
	names.Set = map[string]string{"X-Api-Key": "k-123"}
	return NewManaged(names)
}

func sealedWire(t testing.TB, s *MessageSigner, audience string) string {
	t.Helper()
	r := outgoing(t)
	if err := s.Sign(r, gatewayManaged(), audience); err != nil {
		t.Fatal(err)
	}
	return onWire(t, r)
}

func TestSealedRequestsPass(t *testing.T) {
	c := newClock()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []Key{testKey("k1"), {ID: "p", Private: p256}, secretKey("h")} {
		v := newSealVerifier(t, c, BySignature, key)
		claims, err := v.Verify(arrived(t, sealedWire(t, newTestMessageSigner(t, c, key), "wiki")))
		if err != nil {
			t.Fatalf("%s: %v", key.algorithm(), err)
		}
		want := Claims{
			Issuer: issuer, Audience: "wiki", Email: "ana@example.com", GivenName: "Ana", FamilyName: "Müller", PreferredUsername: "ana", EmployeeID: "42",
			Roles: []string{"staff", "editor"}, ID: claims.ID, IssuedAt: c.t, NotBefore: c.t, Expires: c.t.Add(time.Minute),
		}
		if claims.Email != want.Email || claims.FamilyName != want.FamilyName || !slices.Equal(claims.Roles, want.Roles) || claims.EmployeeID != want.EmployeeID ||
			claims.PreferredUsername != want.PreferredUsername || !claims.IssuedAt.Equal(want.IssuedAt) || !claims.Expires.Equal(want.Expires) ||
			claims.Audience != "wiki" || claims.Issuer != issuer || claims.Attributes["dept"][0] != "R&D" || claims.ID == "" {
			t.Errorf("%s: %+v", key.algorithm(), claims)
		}
	}
}

// Everything between the gateway and the app that an attacker could change.
func TestSealedRequestsThatWereTouched(t *testing.T) {
	c := newClock()
	key := secretKey("h")
	good := sealedWire(t, newTestMessageSigner(t, c, key), "wiki")
	edit := func(old, to string) string {
		t.Helper()
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in\n%s", old, good)
		}
		return strings.Replace(good, old, to, 1)
	}
	add := func(line string) string { return edit("\r\n", "\r\n"+line+"\r\n") }
	inputOf, signatureOf := "", ""
	for line := range strings.Lines(good) {
		if rest, ok := strings.CutPrefix(line, "Signature-Input: "); ok {
			inputOf = strings.TrimSpace(rest)
		} else if rest, ok := strings.CutPrefix(line, "Signature: "); ok {
			signatureOf = strings.TrimSpace(rest)
		}
	}
	for name, text := range map[string]string{
		"another method":               edit("GET ", "POST "),
		"another path":                 edit("/a%20b", "/a%20c"),
		"another spelling of the path": edit("/a%20b", "/%61%20b"),
		"another query":                edit("?c=d&e", "?c=d&f"),
		"no query":                     edit("?c=d&e", ""),
		"a bare question mark":         edit("?c=d&e", "?"),
		"an absolute target":           edit("GET /", "GET http://wiki.example.com/"),
		"a star":                       edit("GET /a%20b?c=d&e", "OPTIONS *"),
		"another host":                 edit("Host: wiki", "Host: hr"),
		"another port":                 edit("Host: wiki.example.com", "Host: wiki.example.com:8080"),
		"https's port over http":       edit("Host: wiki.example.com", "Host: wiki.example.com:443"),
		"another person":               edit("ana@example.com", "bob@example.com"),
		"another audience":             edit("X-Auth-Audience: wiki", "X-Auth-Audience: hr"),
		"no audience":                  edit("X-Auth-Audience: wiki\r\n", ""),
		"a header less":                edit("X-Auth-Employee-Id: 42\r\n", ""),
		"a header renamed":             edit("X-Auth-Employee-Id:", "X_Auth_Employee_Id:"),
		"an empty value":               edit("X-Auth-Employee-Id: 42", "X-Auth-Employee-Id:"),
		"another fixed header":         edit("k-123", "k-124"),
		"an uncovered header":          add("Remote-User: boss"),
		"an uncovered empty header":    add("X-Remote-User:"),
		"an alias":                     add("X_Auth_Email: boss@example.com"),
		"an alias with a dot":          add("x.auth.roles: admin"),
		"a second line":                add("X-Auth-Email: boss@example.com"),
		"the same line twice":          add("X-Auth-Email: ana@example.com"),
		"a list cut into lines":        edit("X-Auth-Roles: staff, editor", "X-Auth-Roles: staff\r\nX-Auth-Roles: editor"),
		"a folded line":                edit("X-Auth-Roles: staff, editor", "X-Auth-Roles: staff,\r\n  editor, admin"),
		"a line folded at its end":     edit("X-Auth-Email: ana@example.com", "X-Auth-Email: ana@example.com\r\n "),
		"a tab in a value":             edit("X-Auth-Roles: staff, editor", "X-Auth-Roles: staff,\teditor"),
		"a second audience":            add("X-Auth-Audience: hr"),
		"one half of the signature":    edit("Signature: "+signatureOf+"\r\n", ""),
		"the other half":               edit("Signature-Input: "+inputOf+"\r\n", ""),
		"two members":                  edit("Signature-Input: ", "Signature-Input: "+inputOf+", "),
		"two lines":                    add("Signature: " + signatureOf),
		"a member without a value":     edit("Signature-Input: ", "Signature-Input: samlgate;x, "),
		"not a dictionary":             add("Signature-Input: ("),
		"another key id":               edit(`keyid="h"`, `keyid="i"`),
		"a longer life":                edit(";expires=", ";expires=9"),
		"no end":                       edit(";expires=", ";expired="),
		"another tag":                  edit("samlgate-identity", "samlgate-anything"),
		"another nonce":                edit(`nonce="`, `nonce="A`),
		"a parameter more":             edit(`;tag=`, `;alg="hmac-sha256";tag=`),
		"a component less":             edit(` "x-auth-employee-id"`, ``),
		"a component twice":            edit(` "x-auth-email"`, ` "x-auth-email" "x-auth-email"`),
		"a component with a parameter": edit(`"x-auth-email"`, `"x-auth-email";sf`),
		"an unknown component":         edit(`"@query"`, `"@query" "@target-uri"`),
		"components in another order":  edit(`"@method" "@authority"`, `"@authority" "@method"`),
		"a changed signature":          edit("Signature: samlgate=:", "Signature: samlgate=:A"),
		"an empty signature":           edit("Signature: "+signatureOf, "Signature: samlgate=::"),
		"a signature of another type":  edit("Signature: "+signatureOf, `Signature: samlgate="x"`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newSealVerifier(t, c, BySignature, key).Verify(arrived(t, text))
			if err == nil || !errors.Is(err, ErrRefused) {
				t.Errorf("%v", err)
			}
		})
	}
	for name, text := range map[string]string{
		"untouched":                     good,
		"a header of nobody's":          add("X-Whatever: 1"),
		"host in capitals":              edit("wiki.example.com", "WIKI.example.COM"),
		"the default port":              edit("Host: wiki.example.com", "Host: wiki.example.com:80"),
		"blanks around a value":         edit("X-Auth-Email: ana@example.com", "X-Auth-Email:  ana@example.com \t"),
		"header names in small letters": edit("X-Auth-Email:", "x-auth-email:"),
		"somebody else's signature":     edit("Signature: ", "Signature: app=:AAAA:, "),
		"other blanks in the field":     edit(`;created=`, `; created=`), // RFC 9651 allows them; the base has none
	} {
		if _, err := newSealVerifier(t, c, BySignature, key).Verify(arrived(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What a signature says about itself is judged even when it is genuine.
func TestSealsThatDoNotSuffice(t *testing.T) {
	c := newClock()
	secret := secretKey("h")
	key, err := secret.message()
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"@method", "@authority", "@path", "@query", "x-api-key", "x-auth-audience", "x-auth-dept", "x-auth-email", "x-auth-employee-id",
		"x-auth-first-name", "x-auth-last-name", "x-auth-roles", "x-auth-user"}
	fine := httpsig.Params{Created: c.t, Expires: c.t.Add(time.Minute), Nonce: "n", Tag: signatureTag}
	make := func(label string, names []string, p httpsig.Params) string {
		components, err := httpsig.Components(names...)
		if err != nil {
			t.Fatal(err)
		}
		r := outgoing(t)
		r.Header.Set("X-Auth-Audience", "wiki")
		input, signature, err := key.Sign(httpsig.Outgoing(r), components, p)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Signature-Input", label+"="+input)
		r.Header.Set("Signature", label+"="+signature)
		return onWire(t, r)
	}
	without := func(name string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == name })
	}
	with := func(edit func(*httpsig.Params)) string {
		p := fine
		edit(&p)
		return make("samlgate", all, p)
	}
	for _, name := range all {
		if _, err := newSealVerifier(t, c, BySignature, secret).Verify(arrived(t, make("samlgate", without(name), fine))); !errors.Is(err, ErrRefused) {
			t.Errorf("%s is not covered: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"no tag":                     with(func(p *httpsig.Params) { p.Tag = "" }),
		"another tag":                with(func(p *httpsig.Params) { p.Tag = "other" }),
		"no nonce":                   with(func(p *httpsig.Params) { p.Nonce = "" }),
		"a huge nonce":               with(func(p *httpsig.Params) { p.Nonce = strings.Repeat("n", 129) }),
		"no beginning":               with(func(p *httpsig.Params) { p.Created = time.Time{} }),
		"no end":                     with(func(p *httpsig.Params) { p.Expires = time.Time{} }),
		"a long life":                with(func(p *httpsig.Params) { p.Expires = c.t.Add(time.Hour) }),
		"an end before its begin":    with(func(p *httpsig.Params) { p.Expires = c.t }),
		"stale":                      with(func(p *httpsig.Params) { p.Created, p.Expires = c.t.Add(-2*time.Minute), c.t.Add(-30*time.Second) }),
		"of the future":              with(func(p *httpsig.Params) { p.Created, p.Expires = c.t.Add(31*time.Second), c.t.Add(time.Minute) }),
		"too many fields to be ours": strings.Replace(make("samlgate", all, fine), "Signature-Input: ", "Signature-Input: a="+strings.Repeat("1", 9000)+", ", 1),
	} {
		if _, err := newSealVerifier(t, c, BySignature, secret).Verify(arrived(t, text)); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{make("other", all, fine), onWire(t, outgoing(t))} {
		if _, err := newSealVerifier(t, c, BySignature, secret).Verify(arrived(t, text)); !errors.Is(err, ErrNoToken) {
			t.Errorf("without our signature: %v", err)
		}
	}
	for _, text := range []string{
		make("samlgate", all, fine),
		with(func(p *httpsig.Params) { p.Created, p.Expires = c.t.Add(-2*time.Minute), c.t.Add(-29*time.Second) }),
		with(func(p *httpsig.Params) { p.Created, p.Expires = c.t.Add(30*time.Second), c.t.Add(time.Minute) }),
	} {
		if _, err := newSealVerifier(t, c, BySignature, secret).Verify(arrived(t, text)); err != nil {
			t.Errorf("within the skew: %v", err)
		}
	}
}

// A genuine request to another host of the gateway, or to this app by another
// port, is not for this app.
func TestSealsForOtherHosts(t *testing.T) {
	c := newClock()
	key := testKey("k1")
	s := newTestMessageSigner(t, c, key)
	for host, fine := range map[string]bool{
		"wiki.example.com": true, "WIKI.Example.com:80": true, "hr.example.com": false, "wiki.example.com:8080": false,
		"wiki.example.com.": false, "wiki.example.com:443": false, "xwiki.example.com": false,
	} {
		r := outgoing(t)
		r.Host = host
		if err := s.Sign(r, gatewayManaged(), "wiki"); err != nil {
			t.Fatal(err)
		}
		if _, err := newSealVerifier(t, c, BySignature, key).Verify(arrived(t, onWire(t, r))); (err == nil) != fine {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// Keys out of reach are no verdict about the person, and nothing is used up.
func TestSealWithoutKeys(t *testing.T) {
	c := newClock()
	key := testKey("k1")
	server := newKeyServer(t, string(jwksOf(t, key)))
	keys, err := FetchKeySet(server.URL, nil, c.now)
	if err != nil {
		t.Fatal(err)
	}
	v := newSealVerifier(t, c, BySignature, key)
	v.cfg.Keys = keys
	text := sealedWire(t, newTestMessageSigner(t, c, key), "wiki")
	server.status.Store(500)
	if _, err := v.Verify(arrived(t, text)); !errors.Is(err, ErrKeysUnavailable) {
		t.Errorf("without keys: %v", err)
	}
	server.status.Store(200)
	c.advance(time.Minute)
	if _, err := v.Verify(arrived(t, text)); err != nil {
		t.Errorf("with keys again: %v", err)
	}
}

// A key is good for one algorithm and one purpose, and another route's for none.
func TestKeysOfSeals(t *testing.T) {
	c := newClock()
	mine, theirs := secretKey("h"), secretKey("t")
	text := sealedWire(t, newTestMessageSigner(t, c, mine), "wiki")
	sameID := secretKey("x")
	sameID.ID = "h"
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]Key{
		"unknown": theirs, "another with the same id": sameID, "Ed25519 with the same id": {ID: "h", Private: testKey("h").Private},
		"RSA with the same id": {ID: "h", Private: rsaKey},
	} {
		if _, err := newSealVerifier(t, c, BySignature, key).Verify(arrived(t, text)); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The public key of k1 as a secret: a verifier that let the message choose
	// the algorithm would take it.
	ed := testKey("k1")
	public := []byte(ed.Private.Public().(ed25519.PublicKey))
	forged := sealedWire(t, newTestMessageSigner(t, c, Key{ID: "k1", Secret: public}), "wiki")
	if _, err := newSealVerifier(t, c, BySignature, ed).Verify(arrived(t, forged)); !errors.Is(err, ErrRefused) {
		t.Errorf("a MAC with the public key: %v", err)
	}
	if _, err := NewMessageSigner(MessageSignerConfig{Keys: []Key{ed}, Algorithm: httpsig.HMACSHA256}); err == nil {
		t.Error("Ed25519 signs as HMAC")
	}
	if _, err := NewMessageSigner(MessageSignerConfig{Keys: []Key{{ID: "s", Secret: make([]byte, 31)}}, Algorithm: httpsig.HMACSHA256}); err == nil {
		t.Error("a short secret")
	}
}

// A signature is good once, in bounded memory, and never for another app.
func TestReplays(t *testing.T) {
	c := newClock()
	key := testKey("k1")
	s := newTestMessageSigner(t, c, key)
	v := newSealVerifier(t, c, BySignature, key)
	first := sealedWire(t, s, "wiki")
	if _, err := v.Verify(arrived(t, strings.Replace(first, "ana@", "bob@", 1))); !errors.Is(err, ErrRefused) {
		t.Errorf("a forgery: %v", err)
	}
	if _, err := v.Verify(arrived(t, first)); err != nil {
		t.Errorf("the nonce was used up by a forgery: %v", err)
	}
	for range 2 {
		c.advance(40 * time.Second)
		if _, err := v.Verify(arrived(t, first)); !errors.Is(err, ErrRefused) {
			t.Errorf("a replay: %v", err)
		}
		if _, err := v.Verify(arrived(t, sealedWire(t, s, "wiki"))); err != nil {
			t.Errorf("the next one: %v", err)
		}
	}
	if _, err := v.Verify(arrived(t, sealedWire(t, s, "hr"))); !errors.Is(err, ErrRefused) {
		t.Errorf("another route's request: %v", err)
	}
}

func TestNoncesAreBounded(t *testing.T) {
	c := newClock()
	n := newNonces(8)
	end := func() time.Time { return c.t.Add(90 * time.Second) }
	id := func(i int) string { return string(rune('a' + i)) }
	for i := range 20 {
		created := c.t
		if !n.claim(c.t, id(i), created, end()) {
			t.Errorf("%d is refused", i)
		}
		if n.claim(c.t, id(i), created, end()) {
			t.Errorf("%d is taken twice", i)
		}
		if len(n.young.seen)+len(n.old.seen) > 8 {
			t.Fatalf("%d remembered", len(n.young.seen)+len(n.old.seen))
		}
		c.advance(time.Second)
	}
	start := newClock().t
	for i := range 20 {
		if n.claim(c.t, id(i), start.Add(time.Duration(i)*time.Second), end()) {
			t.Errorf("%d is taken again, though it was forgotten", i)
		}
	}
	c.advance(time.Hour)
	n.claim(c.t, "x", c.t, end())
	n.claim(c.t, "y", c.t, end())
	if len(n.young.seen)+len(n.old.seen) > 6 {
		t.Error("what has expired is kept")
	}
}

// Both at once: neither can be taken out, and each is checked.
func TestByBoth(t *testing.T) {
	c := newClock()
	key := testKey("k1")
	tokens, s := newTestSigner(t, c, key), newTestMessageSigner(t, c, key)
	request := func(token string) string {
		r := outgoing(t)
		r.Header.Set("X-Auth-Roles", "staff,editor")
		if token != "" {
			r.Header.Set("X-Auth-Assertion", token)
		}
		if err := s.Sign(r, gatewayManaged(), "wiki"); err != nil {
			t.Fatal(err)
		}
		return onWire(t, r)
	}
	good := request(sign(t, tokens, "wiki", ana()))
	claims, err := newSealVerifier(t, c, ByBoth, key).Verify(arrived(t, good))
	if err != nil || claims.SessionID != "s1" || claims.Subject != "p1" {
		t.Errorf("%+v, %v", claims, err)
	}
	bob := ana()
	bob.Email, bob.SessionID = "bob@example.com", "s2"
	unsigned := outgoing(t)
	unsigned.Header.Set("X-Auth-Roles", "staff,editor")
	unsigned.Header.Set("X-Auth-Assertion", sign(t, tokens, "wiki", ana()))
	for name, text := range map[string]string{
		"no token":                request(""),
		"another audience's":      request(sign(t, tokens, "hr", ana())),
		"somebody else's":         request(sign(t, tokens, "wiki", bob)),
		"no signature":            onWire(t, unsigned),
		"the token of another":    strings.Replace(good, sign(t, tokens, "wiki", ana()), sign(t, tokens, "wiki", bob), 1),
		"the request of a minute": strings.Replace(good, "/a%20b", "/other", 1),
	} {
		if _, err := newSealVerifier(t, c, ByBoth, key).Verify(arrived(t, text)); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

func TestNewSealVerifierRefuses(t *testing.T) {
	set, err := (*KeySet)(nil).With(testKey("k1"))
	if err != nil {
		t.Fatal(err)
	}
	good := VerifierConfig{Issuer: issuer, Audience: "wiki", Keys: set, Proof: BySignature, Authorities: []string{"wiki.example.com"}}
	if _, err := NewVerifier(good); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(*VerifierConfig){
		"no authority":  func(c *VerifierConfig) { c.Authorities = nil },
		"an URL":        func(c *VerifierConfig) { c.Authorities = []string{"https://wiki.example.com"} },
		"no room":       func(c *VerifierConfig) { c.Nonces = 1 },
		"no such proof": func(c *VerifierConfig) { c.Proof = 3 },
		"no audience":   func(c *VerifierConfig) { c.Audience = "" },
	} {
		cfg := good
		edit(&cfg)
		if _, err := NewVerifier(cfg); err == nil {
			t.Errorf("%s: made", name)
		}
	}
	if _, err := set.With(testKey("k1")); err == nil {
		t.Error("one id twice")
	}
	if _, err := set.With(Key{ID: "s", Secret: []byte("short")}); err == nil {
		t.Error("a short secret")
	}
	if both, err := set.With(secretKey("h")); err != nil || len(slices.Collect(maps.Keys(both.fixed))) != 2 || len(set.fixed) != 1 {
		t.Errorf("With: %v", err)
	}
}
