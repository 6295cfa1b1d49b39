package headers

import (
	"crypto/ed25519"
	"testing"
)

// benchmarkSeal signs a request of 40 headers as a whole.
func benchmarkSeal(b *testing.B, key Key) {
	s, m := newTestMessageSigner(b, newClock(), key), gatewayManaged()
	r := outgoing(b)
	for name, values := range typicalHeaders() {
		if !m.Has(name) {
			r.Header[name] = values
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		delete(r.Header, "Signature")
		delete(r.Header, "Signature-Input")
		if err := s.Sign(r, m, "wiki"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSealHMAC(b *testing.B)    { benchmarkSeal(b, secretKey("h")) }
func BenchmarkSealEd25519(b *testing.B) { benchmarkSeal(b, testKey("k")) }
func BenchmarkSealP256(b *testing.B)    { benchmarkSeal(b, keyOf(b, "ES256")) }

// BenchmarkBareEd25519 is what [BenchmarkSealEd25519] is measured by: the
// signature alone, over as many bytes.
func BenchmarkBareEd25519(b *testing.B) {
	private, base := testKey("k").Private.(ed25519.PrivateKey), make([]byte, 900)
	for b.Loop() {
		ed25519.Sign(private, base)
	}
}

func BenchmarkVerifySealHMAC(b *testing.B) {
	c := newClock()
	key := secretKey("h")
	s, v := newTestMessageSigner(b, c, key), newSealVerifier(b, c, BySignature, key)
	r := outgoing(b)
	if err := s.Sign(r, gatewayManaged(), "wiki"); err != nil {
		b.Fatal(err)
	}
	r.RequestURI = r.URL.RequestURI()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.sealed(r); err != nil {
			b.Fatal(err)
		}
	}
}
