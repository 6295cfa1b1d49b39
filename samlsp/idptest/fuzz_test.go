package idptest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// FuzzACS hands bytes to the verifier. It never panics, refuses with a reason,
// and never takes long. Whoever gets in is whole: Ana, or the owner of the longer
// address, for the genuine key has signed nobody else, and in the messages of
// both the NameID and the address agree.
func FuzzACS(f *testing.F) {
	p := fixedIDP(f)
	r := Request{ID: "_request", Issuer: spEntity, ACSURL: acsURL}
	for _, part := range []Option{Sign(true, false), Sign(false, true), Sign(true, true)} {
		seed(f, must(f)(p.Response(r, Ana(), part, IDs("_r", "_a"))))
	}
	ideas := map[string]bool{}
	for _, m := range Misbehaviours() {
		// Some need an RSA key, some are bombs: they have their turn in TestMisbehaviours.
		if v, err := m.Make(p, r); err == nil && len(v) < 12000 && !ideas[m.Idea] {
			ideas[m.Idea] = true
			seed(f, v)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		start := time.Now()
		who, err := signIn(newSP(t, p), r, base64.StdEncoding.EncodeToString(raw))
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("%d bytes took %v", len(raw), d)
		}
		if err == nil {
			whole(t, who)
		} else if reason := reasonOf(err); reason == "no rejection" || reason == "internal" {
			t.Errorf("refused without a reason: %v", err)
		}
	})
}

// fixedIDP has the same key in every process: fuzzing runs in several, and a
// seed that is signed in one must be genuine in the others.
func fixedIDP(f *testing.F) *IDP {
	f.Helper()
	signer, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{7}, 32))
	if err != nil {
		f.Fatal(err)
	}
	k, err := Certify(signer, "idptest", noon().AddDate(0, 0, -1), noon().AddDate(0, 0, 1))
	if err != nil {
		f.Fatal(err)
	}
	p, err := New(Config{EntityID: idpEntity, BaseURL: "https://idp.example.com/idp", Now: noon, Key: &k, Also: []Key{k}})
	if err != nil {
		f.Fatal(err)
	}
	introduce(f, p)
	p.stranger = func() (Key, error) { return NewECDSAKey(noon()) }
	return p
}

func whole(t *testing.T, who identity.Identity) {
	t.Helper()
	ours := slices.Contains(Domains(), who.Email.Domain()) && strings.HasPrefix(string(who.Email), "ana@")
	if !ours || who.NameID.Value != string(who.Email) || who.FirstName != "Ana" || who.LastName != "Doe" || !slices.Equal(who.Roles, []string{"staff"}) {
		t.Errorf("somebody got in who was never signed: %+v", who)
	}
}

func seed(f *testing.F, samlResponse string) {
	f.Helper()
	if raw, err := base64.StdEncoding.DecodeString(samlResponse); err == nil {
		f.Add(raw)
	}
}
