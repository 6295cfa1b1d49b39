package idptest

import (
	"context"
	"crypto/x509"
	"strconv"
	"testing"
	"time"

	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/samlsp/xmlenc"
	"github.com/samlgate/samlgate/samlsp/xmlenc/xmlenctest"
)

// Honest identity providers encrypt in many ways; all of these get in.
func TestEncryptedVariants(t *testing.T) {
	p := newIDP(t)
	allow := func(name string, s Setup, opts ...Option) {
		t.Run(name, func(t *testing.T) {
			r := newRequest()
			who, err := s.signIn(newSP(t, p, s.setUp), r, must(t)(p.Response(r, Ana(), opts...)))
			if err != nil {
				t.Fatal(err)
			}
			if who.Email != "ana@example.com" || who.LastName != "Doe" || who.NameID.Value != "ana@example.com" {
				t.Errorf("%+v", who)
			}
		})
	}
	for name, s := range map[string]Style{
		"saml": StyleSAML, "saml2": StyleSAML2, "default": StyleDefault, "mixed": StyleMixed, "inherited": StyleInherited,
	} {
		allow("assertion signed, style "+name, Setup{}, Encrypt(GCM()), WithStyle(s))
		allow("response signed, style "+name, Setup{}, Encrypt(GCM()), WithStyle(s), Sign(false, true))
		allow("both signed, style "+name, Setup{Require: "both"}, Encrypt(GCM()), WithStyle(s), Sign(true, true))
	}
	for _, content := range []string{xmlenc.AES128GCM, xmlenc.AES256GCM, xmlenc.AES128CBC, xmlenc.AES256CBC} {
		r := xmlenctest.Recipe{Content: content, Transport: xmlenc.OAEP, Digest: xmlenc.SHA256, Mask: xmlenc.MGF1SHA512, Beside: true}
		allow("response signed, "+content, Setup{}, Encrypt(r), Sign(false, true))
		allow("AES-CBC allowed, "+content, Setup{AllowCBC: true}, Encrypt(r))
	}
	for i, c := range spCertificates(t) {
		if c.PublicKeyAlgorithm == x509.RSA {
			allow("key "+strconv.Itoa(i)+" alone", Setup{}, Encrypt(GCM(), c))
		}
	}
	allow("for a stranger and for us", Setup{}, strangerToo)
	allow("NameID", Setup{}, EncryptNameID(GCM()))
	allow("attribute", Setup{}, EncryptAttribute(GCM(), "LastName"))
	allow("attribute in AES-CBC, which the signature covers", Setup{}, EncryptAttribute(CBC(), "LastName"))
	allow("everything at once", Setup{}, EncryptNameID(GCM()), EncryptAttribute(GCM(), "Email"), EncryptAttribute(CBC(), "LastName"),
		Encrypt(GCM()), Sign(true, true))
	allow("InclusiveNamespaces", Setup{}, Encrypt(GCM()), SignWith(func(g *Signing) { g.Prefixes = "xs saml" }))
	allow("blanks around the plaintext", Setup{}, Encrypt(GCM()), wrapped("\n ", " \r\n"))
	allow("signed in just now, by force", Setup{Forced: true})
	allow("SHA-1 where it is allowed", Setup{AllowSHA1: true}, Algorithms(RSASHA1, DigestSHA1))
	allow("ECDSA with SHA-1 where it is allowed", Setup{AllowSHA1: true}, useECDSA(), Algorithms(ECDSASHA1, DigestSHA1))
	allow("unasked", Setup{Unsolicited: true}, InResponseTo(""), Encrypt(GCM()))
}

func strangerToo(m *message) {
	k, err := m.idp.stranger()
	if err != nil {
		m.err = err
		return
	}
	Encrypt(GCM(), k.Certificate, m.idp.sps[spEntity].Certificates[1])(m)
}

// 5,000 groups of 60 bytes get in encrypted, too.
func TestManyGroupsEncrypted(t *testing.T) {
	p, r := newIDP(t), newRequest()
	groups := Attribute{Name: "Role"}
	for i := range 5000 {
		groups.Values = append(groups.Values, "CN=group-"+strconv.Itoa(100000+i)+",OU=Groups,OU=Departments,DC=example")
	}
	who := Ana()
	who.Attributes = append(who.Attributes[:len(who.Attributes)-1], groups)
	message := must(t)(p.Response(r, who, Encrypt(GCM()), Sign(true, true)))
	begin := time.Now()
	got, err := signIn(newSP(t, p), r, message)
	if err != nil || len(got.Roles) != 5000 {
		t.Fatalf("%d groups, %v", len(got.Roles), err)
	}
	t.Logf("%d bytes in %v", len(message), time.Since(begin))
}

// Whoever relies on SHA-1 is known, however the signature does.
func TestUsedSHA1IsTold(t *testing.T) {
	p := newIDP(t)
	for _, row := range []struct {
		method, digest string
		want           bool
	}{
		{RSASHA256, DigestSHA256, false}, {RSASHA1, DigestSHA256, true}, {RSASHA256, DigestSHA1, true},
	} {
		for _, hidden := range []Option{EditAssertion(), Encrypt(GCM())} {
			r, s := newRequest(), Setup{AllowSHA1: true}
			message := must(t)(p.Response(r, Ana(), Algorithms(row.method, row.digest), hidden))
			a, err := newSP(t, p, s.setUp).VerifyResponse(context.Background(), message, s.expect(r))
			if err != nil || a.UsedSHA1() != row.want {
				t.Errorf("%+v: %v", row, err)
			}
		}
	}
}

// An identity provider that forces sign-ins is held to it, whoever asks.
func TestForcedByTheIdentityProvider(t *testing.T) {
	p := newIDP(t)
	force := func(idp *samlsp.IdentityProvider) { idp.ForceAuthn, idp.AuthnContext = true, []string{refedsMFA} }
	for want, opts := range map[string][]Option{
		"authn_too_old": {SignedIn(noon().Add(-time.Hour)), AuthnContext(refedsMFA)},
		"authn_context": {},
		"":              {AuthnContext(refedsMFA)},
	} {
		r := newRequest()
		_, err := signIn(newSP(t, p, force), r, must(t)(p.Response(r, Ana(), opts...)))
		if want == "" && err != nil || want != "" && reasonOf(err) != want {
			t.Errorf("want %q: %v", want, err)
		}
	}
}
