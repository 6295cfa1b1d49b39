package samlsp

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"io"
	"math/big"
	"net/url"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

// requester is a service provider whose own key is given.
func requester(t *testing.T, key KeyPair, change func(*IdentityProvider)) *ServiceProvider {
	t.Helper()
	idp := testIdentityProvider()
	idp.SignRequests = true
	change(idp)
	sp, err := New(Config{EntityID: testEntity + "?a=1&b=<2>", ACSURL: testACS, Keys: []KeyPair{key}, Replay: &idptest.Replays{}, Now: testNow}, idp)
	if err != nil {
		t.Fatal(err)
	}
	return sp
}

// inflated is what an identity provider reads from the URL.
func inflated(t *testing.T, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := base64.StdEncoding.DecodeString(u.Query().Get("SAMLRequest"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// detachedValid checks a Redirect signature as Bindings §3.4.4.1 tells to.
func detachedValid(t *testing.T, key KeyPair, raw string) bool {
	t.Helper()
	_, query, _ := strings.Cut(raw, "SAMLRequest=")
	signedText, value, _ := strings.Cut("SAMLRequest="+query, "&Signature=")
	value, _ = url.QueryUnescape(value)
	sig, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(signedText))
	switch public := key.Key.Public().(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], sig) == nil
	case *ecdsa.PublicKey:
		n := len(sig) / 2
		return n == (public.Curve.Params().BitSize+7)/8 &&
			ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(sig[:n]), new(big.Int).SetBytes(sig[n:]))
	}
	return false
}

func TestRedirectRequest(t *testing.T) {
	for name, key := range map[string]KeyPair{"RSA": testKeys().rsa, "P-256": testKeys().p256, "P-521": testKeys().p521} {
		sp := requester(t, key, func(p *IdentityProvider) { p.SSO[RedirectBinding] = "https://idp.example.net/sso?tenant=a%20b" })
		r, err := sp.NewRequest("corp", "tok+en/=", RequestOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(r.URL, "https://idp.example.net/sso?tenant=a%20b&SAMLRequest=") || !strings.Contains(r.URL, "&RelayState=tok%2Ben%2F%3D&SigAlg=") {
			t.Errorf("%s: %s", name, r.URL)
		}
		if !detachedValid(t, key, r.URL) || detachedValid(t, key, strings.Replace(r.URL, "tok", "tik", 1)) {
			t.Errorf("%s: the signature is not over the query", name)
		}
		text := inflated(t, r.URL)
		want := `<samlp:AuthnRequest xmlns:samlp="` + nsProtocol + `" xmlns:saml="` + nsAssertion + `" ID="` + r.ID + `" Version="2.0" IssueInstant="` + at(0) +
			`" Destination="https://idp.example.net/sso?tenant=a%20b" ProtocolBinding="` + string(PostBinding) + `" AssertionConsumerServiceURL="` + testACS +
			`"><saml:Issuer>` + testEntity + `?a=1&amp;b=&lt;2&gt;</saml:Issuer></samlp:AuthnRequest>`
		if text != want || len(r.Fields) != 0 || r.Binding != RedirectBinding || r.IDP != "corp" {
			t.Errorf("%s: %+v\n%s\n%s", name, r, text, want)
		}
	}
}

func TestRequestOptions(t *testing.T) {
	for format, want := range map[string]string{
		formatPersistent: `<samlp:NameIDPolicy Format="` + formatPersistent + `" AllowCreate="true"></samlp:NameIDPolicy>`,
		formatTransient:  `<samlp:NameIDPolicy Format="` + formatTransient + `"></samlp:NameIDPolicy>`,
	} {
		sp := requester(t, testKeys().p256, func(p *IdentityProvider) { p.NameIDFormat, p.SignRequests = format, false })
		r, err := sp.NewRequest("corp", "", RequestOptions{ForceAuthn: true})
		if err != nil {
			t.Fatal(err)
		}
		text := inflated(t, r.URL)
		if !strings.Contains(text, want) || !strings.Contains(text, ` ForceAuthn="true" `) || strings.Contains(r.URL, "Sig") || strings.Contains(r.URL, "RelayState") {
			t.Errorf("%s\n%s", r.URL, text)
		}
	}
	sp := requester(t, testKeys().p256, func(*IdentityProvider) {})
	for name, relayState := range map[string]string{"corp": strings.Repeat("x", 81), "nobody": ""} {
		if r, err := sp.NewRequest(name, relayState, RequestOptions{}); err == nil || r != nil {
			t.Errorf("%s: allowed", name)
		}
	}
}

func TestPostRequest(t *testing.T) {
	for name, key := range map[string]KeyPair{"RSA": testKeys().rsa, "P-384": testKeys().p384} {
		sp := requester(t, key, func(p *IdentityProvider) { p.RequestBinding = PostBinding })
		r, err := sp.NewRequest("corp", "token", RequestOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if r.URL != "https://idp.example.net/sso" || len(r.Fields) != 2 || r.Fields[1] != (Field{"RelayState", "token"}) {
			t.Fatalf("%s: %+v", name, r)
		}
		data, err := base64.StdEncoding.DecodeString(r.Fields[0].Value)
		if err != nil {
			t.Fatal(err)
		}
		root, rejection := parse(data, received())
		if rejection != nil {
			t.Fatal(rejection)
		}
		if root.kids[1].local != "Signature" || root.value("ID") != r.ID {
			t.Errorf("%s: %s", name, data)
		}
		if _, _, rejection := (*trial)(nil).verifySignature(root, nil, &IdentityProvider{certs: []*x509.Certificate{key.Certificate}}); rejection != nil {
			t.Errorf("%s: %v", name, rejection)
		}
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	seen := make(map[string]bool)
	for range 100 {
		id := newID()
		if seen[id] || len(id) != 41 || !ncName(id) {
			t.Fatalf("ID %q", id)
		}
		seen[id] = true
	}
}

// What the route asks for goes before what the identity provider is set up with.
func TestRequestAsksForContext(t *testing.T) {
	for name, row := range map[string]struct {
		idp, route []string
		force      bool
		want       string
	}{
		"nothing":           {nil, nil, false, ""},
		"identity provider": {[]string{"urn:a", "urn:b"}, nil, true, "urn:a urn:b"},
		"route":             {[]string{"urn:a"}, []string{"urn:c"}, false, "urn:c"},
	} {
		sp := requester(t, testKeys().other, func(idp *IdentityProvider) { idp.AuthnContext, idp.ForceAuthn = row.idp, row.force })
		req, err := sp.NewRequest("corp", "", RequestOptions{AuthnContext: row.route})
		if err != nil {
			t.Fatal(err)
		}
		root, r := parse([]byte(inflated(t, req.URL)), received())
		if r != nil {
			t.Fatal(r)
		}
		var asked []string
		if c := root.child(nsProtocol, "RequestedAuthnContext"); c != nil {
			if c.value("Comparison") != "exact" || c != root.kids[len(root.kids)-1] {
				t.Errorf("%s: %+v", name, c)
			}
			for _, k := range c.all(nsAssertion, "AuthnContextClassRef") {
				asked = append(asked, k.text())
			}
		}
		if got := strings.Join(asked, " "); got != row.want || (root.value("ForceAuthn") == "true") != row.force {
			t.Errorf("%s: asked for %q, forced %q", name, got, root.value("ForceAuthn"))
		}
	}
}
