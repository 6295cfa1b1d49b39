package sessionstore

import (
	"bytes"
	"testing"
)

func TestRing(t *testing.T) {
	for name, secrets := range map[string][][]byte{"none": nil, "short": {[]byte("0123456789012345678901234567890")}, "empty": {{}},
		"zeros": {make([]byte, 32)}, "equal bytes": {bytes.Repeat([]byte("a"), 64)}} {
		if _, err := newRing(secrets); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	r, err := newRing([][]byte{[]byte("01234567890123456789012345678901")})
	if err != nil {
		t.Fatal(err)
	}
	sealed := r.seal(purposeSession, "name", []byte("plain"))
	if bytes.Equal(sealed, r.seal(purposeSession, "name", []byte("plain"))) {
		t.Error("two seals are equal: the nonce repeats")
	}
	opens := func(want bool, purpose, name string) {
		t.Helper()
		if plain, ok := r.open(purpose, name, sealed); ok != want || ok && string(plain) != "plain" {
			t.Errorf("open as %s of %s: %q, %v", purpose, name, plain, ok)
		}
	}
	opens(true, purposeSession, "name")
	opens(false, purposeOnce, "name")
	opens(false, purposeSession, "other")
	for n := range sealed {
		if _, ok := r.open(purposeSession, "name", sealed[:n]); ok {
			t.Errorf("%d of %d bytes open", n, len(sealed))
		}
	}
}
