package proxy_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/headers/httpsig"
)

var messageSecret = []byte(strings.Repeat("a secret", 8))

// signing has the routes sign whole requests, with bodies of up to digest bytes.
func signing(t testing.TB, now func() time.Time, digest int64) func(*setup) {
	t.Helper()
	s, err := headers.NewMessageSigner(headers.MessageSignerConfig{
		Keys: []headers.Key{{ID: "h1", Secret: messageSecret}}, Algorithm: httpsig.HMACSHA256, DigestBytes: digest, Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(all *setup) {
		for _, rt := range all.routes {
			rt.Message = s
			rt.Names.Set = map[string]string{"X-Api-Key": "k-123"}
		}
	}
}

// signed returns the signature of what reached the app, and fails unless it fits.
func signed(t testing.TB, r *http.Request) *httpsig.Signature {
	t.Helper()
	s, err := httpsig.Parse(r.Header, "samlgate")
	if err != nil {
		t.Fatalf("%v, the app got %v", err, r.Header)
	}
	key, err := httpsig.NewSecretKey("h1", messageSecret)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(httpsig.Incoming(r), key); err != nil {
		t.Errorf("%s %s: %v, components %v", r.Method, r.RequestURI, err, s.Components)
	}
	return s
}

func TestSignedAsItLeaves(t *testing.T) {
	w := newWorld(t)
	w.rebuild(signing(t, w.now, 0))
	b := w.browser()
	b.signIn(wiki+"/", ann)
	for _, target := range []string{
		"/", "/?", "/a?b=c&d", "/a?b=c;d", "/a%20b?x=%2f", "/%C3%A9", "/%41", "/a+b?c+d", "/a?x=a%0ab", "/a?%zz", "/a?b?c", "/a?é=1",
	} {
		b.do(wiki+target, ask{site: "same-origin", kind: "xhr", header: lies}).is(200)
		r := w.app.last(t)
		truthful(t, r, ann)
		s := signed(t, r)
		for name := range r.Header {
			name = strings.ToLower(name)
			if covered := slices.Contains(s.Components, name); covered != (strings.HasPrefix(name, "x-auth-") || name == "x-api-key") {
				t.Errorf("%s: covered: %v", name, covered)
			}
		}
		for _, name := range []string{"@method", "@authority", "@path", "@query", "x-auth-email", "x-auth-assertion", "x-auth-audience", "x-api-key"} {
			if !s.Covers(name) {
				t.Errorf("%s is not covered", name)
			}
		}
		if s.Tag != "samlgate-identity" || s.Expires.Sub(s.Created) != time.Minute || len(s.Nonce) < 22 || r.Header.Get("X-Auth-Audience") != "wiki" {
			t.Errorf("parameters %+v", s)
		}
	}
}

// A browser's upgrade, other spellings of the host, and signatures of others.
func TestSignedUpgradesAndHosts(t *testing.T) {
	w := newWorld(t)
	w.rebuild(signing(t, w.now, 0))
	b := w.browser()
	b.signIn(wiki+"/", ann)
	socket := []string{"Upgrade: websocket", "Sec-Websocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-Websocket-Version: 13", "Origin: " + wiki,
		"Connection: Upgrade, Signature, Signature-Input, X-Auth-Audience"}
	b.do(wiki+"/ws", ask{site: "same-origin", kind: "xhr", header: socket}).is(200)
	signed(t, w.app.last(t))
	theirs := []string{`Signature-Input: app=("@path");keyid="x", samlgate=("@path");keyid="h1"`, "Signature: app=:AAAA:, samlgate=:AAAA:"}
	b.do(wiki+"/", ask{site: "same-origin", kind: "xhr", header: theirs}).is(200)
	r := w.app.last(t)
	signed(t, r)
	if n := strings.Count(r.Header.Get("Signature"), "samlgate="); n != 1 || !contains(r.Header.Get("Signature"), "app=:AAAA:") {
		t.Errorf("Signature: %s", r.Header.Get("Signature"))
	}
}

// Nobody is not signed for: an app takes our signature for an identity.
func TestNobodyIsNotSigned(t *testing.T) {
	w := newWorld(t)
	w.rebuild(signing(t, w.now, 0), func(s *setup) {
		for _, rt := range s.routes {
			if rt.Name == "news" {
				rt.Public = patterns("/pub/")
			}
		}
	})
	unsigned := func() {
		t.Helper()
		h := w.app.last(t).Header
		for _, name := range []string{"Signature", "Signature-Input", "X-Auth-Audience"} {
			if h[name] != nil {
				t.Errorf("%s: %q", name, h[name])
			}
		}
	}
	stranger := w.browser()
	stranger.do(wiki+"/open/", ask{header: []string{"X-Auth-Audience: wiki", `Signature-Input: samlgate=()`, "Signature: samlgate=:AAAA:"}}).is(200)
	unsigned()
	stranger.do("https://news.example.com/pub/", ask{}).is(200)
	unsigned()
	b := w.browser()
	b.signIn("https://news.example.com/", ann)
	b.do("https://news.example.com/pub/", ask{}).is(200)
	signed(t, w.app.last(t))
}

// A small body is read before the request leaves, and arrives whole; a larger
// one passes through.
func TestSignedBodies(t *testing.T) {
	w := newWorld(t)
	w.rebuild(signing(t, w.now, 2048))
	var got atomic.Value
	w.app.does(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got.Store(string(body))
		if signed(t, r).Covers("content-digest") {
			if err := httpsig.CheckDigest(r.Header["Content-Digest"], body); err != nil {
				t.Error(err)
			}
		} else {
			got.Store("uncovered")
		}
	})
	b := w.browser()
	b.signIn("https://hr.example.com/", ann)
	for _, c := range []struct {
		at, body, want string
		status         int
	}{
		{wiki, "a=1", "a=1", 200},
		{wiki, strings.Repeat("x", 1025), "", 413}, // the route's limit is 1024
		{"https://shared.example.com", strings.Repeat("x", 2048), strings.Repeat("x", 2048), 200},
		{"https://shared.example.com", strings.Repeat("x", 2049), "uncovered", 200},
	} {
		b.do(journey(b, c.at+"/"), ask{})
		got.Store("")
		b.do(c.at+"/form", ask{method: "POST", body: c.body, site: "same-origin", kind: "xhr"}).is(c.status)
		if got.Load() != c.want {
			t.Errorf("%s: %d bytes arrive as %.20q", c.at, len(c.body), got.Load())
		}
	}
}

// A token for one request alone is made as the request leaves; one that no
// header can hold ends it like any other value.
func TestBoundTokens(t *testing.T) {
	w := newWorld(t)
	signer, err := headers.NewSigner(headers.SignerConfig{
		Issuer: "https://sso.example.com", Keys: []headers.Key{{ID: "h1", Secret: messageSecret}}, Algorithm: "HS256", BindRequest: true, Now: w.now,
	})
	w.must(err)
	w.rebuild(func(s *setup) {
		for _, rt := range s.routes {
			rt.Signer, rt.Names.Roles = signer, "" // the token alone has the roles
		}
	})
	keys, err := (*headers.KeySet)(nil).With(headers.Key{ID: "h1", Secret: messageSecret})
	w.must(err)
	verifier, err := headers.NewVerifier(headers.VerifierConfig{Issuer: "https://sso.example.com", Audience: "wiki", Keys: keys, Bound: true, Now: w.now})
	w.must(err)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	b.do(wiki+"/a%20b?c", ask{method: "PUT", site: "same-origin", kind: "xhr", header: lies}).is(200)
	r := w.app.last(t)
	truthful(t, r, ann)
	claims, err := verifier.Verify(r)
	if err != nil || claims.Method != "PUT" || claims.URL != "http://wiki.example.com/a%20b" {
		t.Errorf("%+v, %v", claims, err)
	}
	before := w.app.count()
	w.browser().signIn(wiki+"/", ann, strings.Repeat("r", 9000)).is(403, "wiki")
	if w.app.count() != before || !contains(w.audit.String(), `"value_too_large"`) {
		t.Errorf("%d requests reached the app; audit: %s", w.app.count()-before, short(w.audit.String()))
	}
}
