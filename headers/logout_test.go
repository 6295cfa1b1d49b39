package headers_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/samlgate/samlgate/headers"
)

func TestLogoutToken(t *testing.T) {
	key, err := headers.GenerateSigningKey()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	signer, err := headers.NewSigner(headers.SignerConfig{
		Issuer: "https://sso.example.com", Keys: []headers.Key{{ID: "k1", Private: key}}, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	token, err := signer.LogoutToken("wiki", "ana@example.com", "s1")
	if err != nil {
		t.Fatal(err)
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := signed.Verify(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(payload, &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"iss": "https://sso.example.com", "aud": "wiki", "sub": "ana@example.com", "sid": "s1",
		"iat": float64(now.Unix()), "exp": float64(now.Unix() + 60),
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if events, _ := got["events"].(map[string]any); len(events) != 1 || got["nonce"] != nil {
		t.Errorf("events are %v, nonce is %v", got["events"], got["nonce"])
	}

	// Nobody signs in with it.
	keys, err := headers.ParseKeySet(signer.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := headers.NewVerifier(headers.VerifierConfig{
		Issuer: "https://sso.example.com", Audience: "wiki", Keys: keys, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &http.Request{Header: http.Header{"X-Auth-Assertion": {token}}}
	if _, err := verifier.Verify(r); !errors.Is(err, headers.ErrRefused) {
		t.Errorf("a logout token as an identity: %v", err)
	}
	if _, err := signer.LogoutToken("wiki", "ana@example.com", ""); err == nil {
		t.Error("a logout token without a session")
	}
}
