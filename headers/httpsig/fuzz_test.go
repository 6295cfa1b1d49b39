package httpsig

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func fuzzKeys(t testing.TB) []*Key {
	t.Helper()
	return []*Key{vectorKey(t, "test-shared-secret"), vectorKey(t, "test-key-ed25519")}
}

// FuzzSign: what is signed verifies, and says so itself; with one byte of the
// message, the parameters or the signature changed it does not.
func FuzzSign(f *testing.F) {
	f.Add("GET", "example.com", "/a?b", "x-auth-email", "ana@example.com", "nonce", uint16(3), byte(1))
	f.Add("POST", "example.com:8443", "/", "x-auth-roles", "a, b", "", uint16(70), byte(32))
	keys := fuzzKeys(f)
	f.Fuzz(func(t *testing.T, method, authority, target, name, value, nonce string, at uint16, bit byte) {
		components, err := Components("@method", "@authority", "@path", "@query", name)
		if err != nil {
			return
		}
		m := Message{Method: method, Authority: authority, Target: target, Header: http.Header{http.CanonicalHeaderKey(name): {value}}}
		for _, k := range keys {
			input, signature, err := k.Sign(m, components, Params{Created: time.Unix(1618884473, 0), Expires: time.Unix(1618884533, 0), Nonce: nonce, Tag: "t"})
			if err != nil {
				return
			}
			h := http.Header{"Signature-Input": {"l=" + input}, "Signature": {"l=" + signature}}
			s, err := Parse(h, "l")
			if err != nil {
				t.Fatalf("%s: %v", input, err)
			}
			if err := s.Verify(m, k); err != nil || s.params != input || s.Nonce != nonce || s.KeyID != k.ID() {
				t.Fatalf("%q as %q: %v", input, s.params, err)
			}
			changed, cut, text := m, int(at)%(len(input)+len(signature)), input+signature
			if bit == 0 {
				return
			}
			text = text[:cut] + string(text[cut]^bit) + text[cut+1:]
			h = http.Header{"Signature-Input": {"l=" + text[:min(len(input), len(text))]}, "Signature": {"l=" + text[min(len(input), len(text)):]}}
			if s2, err := Parse(h, "l"); err == nil && s2.Verify(m, k) == nil && (s2.params != input || string(s2.value) != string(s.value)) {
				t.Fatalf("%q verifies like %q", text, input+signature)
			}
			for _, edit := range []func(){
				func() { changed.Method += "x" }, func() { changed.Authority += "x" }, func() { changed.Target += "x" },
				func() { changed.Header = http.Header{http.CanonicalHeaderKey(name): {value + "x"}} }, func() { changed.Header = nil },
			} {
				changed = m
				if edit(); s.Verify(changed, k) == nil {
					t.Fatalf("%+v verifies like %+v", changed, m)
				}
			}
		}
	})
}

// FuzzParse: nothing received brings the parser down, and what it understood
// has one spelling.
func FuzzParse(f *testing.F) {
	f.Add(`l=("@method");created=1;keyid="k"`, "l=:AAAA:")
	f.Add(`a=1, l=("x" "y");nonce="\"";tag="t";expires=2;alg="ed25519"`, "l=:AAAA:, a=?1")
	f.Add(`l=();created=1, l=("@path")`, "l=:AA==:")
	m := vectorRequest()
	keys := fuzzKeys(f)
	f.Fuzz(func(t *testing.T, input, signature string) {
		s, err := Parse(http.Header{"Signature-Input": {input}, "Signature": {signature}}, "l")
		if err != nil {
			return
		}
		again, err := Parse(http.Header{"Signature-Input": {"l=" + s.params}, "Signature": {signature}}, "l")
		if err != nil || again.params != s.params || strings.Join(again.Components, " ") != strings.Join(s.Components, " ") || again.KeyID != s.KeyID {
			t.Fatalf("%q reads as %q: %v", input, s.params, err)
		}
		for _, k := range keys {
			if s.Verify(m, k) == nil {
				t.Fatalf("%q %q verifies", input, signature)
			}
		}
	})
}
