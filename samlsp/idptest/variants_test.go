package idptest

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/samlgate/samlgate/samlsp"
)

// Honest messages come in many forms; all of these get in.
func TestVariants(t *testing.T) {
	p := newIDP(t)
	allow := func(name string, opts ...Option) {
		t.Run(name, func(t *testing.T) {
			r := newRequest()
			who, err := signIn(newSP(t, p), r, must(t)(p.Response(r, Ana(), opts...)))
			if err != nil {
				t.Fatal(err)
			}
			if who.Email != "ana@example.com" || who.FirstName != "Ana" || who.LastName != "Doe" {
				t.Errorf("%+v", who)
			}
		})
	}
	for name, s := range map[string]Style{
		"saml": StyleSAML, "saml2": StyleSAML2, "default": StyleDefault, "mixed": StyleMixed, "inherited": StyleInherited,
	} {
		allow("assertion signed, style "+name, WithStyle(s))
		allow("response signed, style "+name, WithStyle(s), Sign(false, true))
		allow("both signed, style "+name, WithStyle(s), Sign(true, true))
	}
	allow("no KeyInfo", NoKeyInfo())
	allow("KeyInfo of a stranger is not looked at", strangersKeyInfo())
	allow("RSA-SHA384", Algorithms(RSASHA384, DigestSHA384))
	allow("RSA-SHA512", Algorithms(RSASHA512, DigestSHA512))
	allow("ECDSA by the second published key", useECDSA())
	allow("ECDSA by the second published key, no KeyInfo", useECDSA(), NoKeyInfo())
	allow("ECDSA-SHA384", useECDSA(), Algorithms(ECDSASHA384, DigestSHA256))
	allow("ECDSA, both signed", useECDSA(), Sign(true, true))
	allow("two audiences, ours first", EditAssertion(double("Audience", setText("Audience", elsewhere))))
	allow("two audiences, ours last", EditAssertion(double("Audience"), setText("Audience", elsewhere)))
	allow("two restrictions that both name us", EditAssertion(double("AudienceRestriction")))
	allow("two confirmations, the first fits", EditAssertion(double("SubjectConfirmation", setAttr("SubjectConfirmationData", "Recipient", elsewhere))))
	allow("two confirmations, the second fits", EditAssertion(double("SubjectConfirmation"), setAttr("SubjectConfirmationData", "Recipient", elsewhere)))
	allow("holder of key beside bearer", EditAssertion(double("SubjectConfirmation"),
		setAttr("SubjectConfirmation", "Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key")))
	allow("no NameID", EditAssertion(drop("NameID")))
	allow("OneTimeUse", EditAssertion(appendTo("Conditions", "OneTimeUse")))
	allow("ProxyRestriction", EditAssertion(appendTo("Conditions", "ProxyRestriction", "Count", "0")))
	allow("no SessionIndex", SessionIndex(""))
	allow("signed in a day ago", SignedIn(noon().Add(-24*time.Hour)))
	allow("clock two minutes behind", Shift(-2*time.Minute))
	allow("clock two minutes ahead", Shift(2*time.Minute))
	allow("expired within the skew", Lifetime(-2*time.Minute), clock("Conditions", "NotBefore", -3*time.Minute))
	allow("declaration in front", before(`<?xml version="1.0" encoding="UTF-8"?>`+"\n"))
	allow("single quotes, lower case encoding", before(`<?xml version='1.0' encoding='utf-8' standalone='yes'?>`))
	allow("line break behind", after("\n"))
	allow("base64 in lines", Encode(func(b []byte) string { return lines(base64.StdEncoding.EncodeToString(b), "\r\n") }))
	allow("signature in lines", SignWith(func(g *Signing) { g.EditBlock = inLines }))
	allow("issuer with its format", EditAssertion(setAttr("Issuer", "Format", "urn:oasis:names:tc:SAML:2.0:nameid-format:entity")))
	allow("response without issuer", EditResponse(drop("Issuer")))
	allow("response unsigned and without destination", EditResponse(dropAttr("Response", "Destination")))
	allow("NameID of 256 letters", EditAssertion(setText("NameID", strings.Repeat("n", 256))))
	allow("pretty printed before signing", EditResponse(pretty))
	allow("xsi:type on values", EditAssertion(typed))
	allow("xsi:type on values, prefixes listed as OpenSAML does", EditAssertion(typed), SignWith(func(g *Signing) { g.Prefixes = "xs" }))
	allow("xsi:type on values, prefixes listed, both signed", EditAssertion(typed), Sign(true, true), SignWith(func(g *Signing) { g.Prefixes = "xs xsi" }))
	allow("xsi:type with prefixes from the response", EditAssertion(typedFromRoot), Sign(true, true), SignWith(func(g *Signing) { g.Prefixes = "xs" }))
}

func strangersKeyInfo() Option {
	return func(m *message) {
		k, err := m.idp.stranger()
		if err != nil {
			m.err = err
			return
		}
		m.signing.KeyInfo[0] = k.Certificate
	}
}

func lines(s, end string) string {
	var b strings.Builder
	for ; len(s) > 76; s = s[76:] {
		b.WriteString(s[:76] + end)
	}
	return b.String() + s + end
}

func inLines(sig *etree.Element) {
	for _, tag := range []string{"SignatureValue", "X509Certificate"} {
		on(tag, func(e *etree.Element) { e.SetText("\n" + lines(e.Text(), "\n")) })(sig)
	}
}

func pretty(root *etree.Element) { root.IndentWithSettings(etree.NewIndentSettings()) }

func typed(a *etree.Element) {
	for _, v := range a.FindElements(".//AttributeValue") {
		v.CreateAttr("xmlns:xs", "http://www.w3.org/2001/XMLSchema")
		v.CreateAttr("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
		v.CreateAttr("xsi:type", "xs:string")
	}
}

// typedFromRoot declares the prefix of a type on the Response, where exclusive
// canonicalization loses it unless it is listed.
func typedFromRoot(a *etree.Element) {
	declare(a.Parent(), "xs", "http://www.w3.org/2001/XMLSchema")
	for _, v := range a.FindElements(".//AttributeValue") {
		setAttrs(v, "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance", "xsi:type", "xs:string")
	}
}

// The three policies ask for exactly the element they name.
func TestSignedPart(t *testing.T) {
	p := newIDP(t)
	signed := map[string]Option{"assertion": Sign(true, false), "response": Sign(false, true), "both": Sign(true, true)}
	for policy, fits := range map[samlsp.SignedPart]string{
		samlsp.SignedEither: "assertion response both", samlsp.SignedAssertion: "assertion both",
		samlsp.SignedResponse: "response both", samlsp.SignedBoth: "both",
	} {
		sp := newSP(t, p, func(idp *samlsp.IdentityProvider) { idp.Require = policy })
		for part, opt := range signed {
			r := newRequest()
			_, err := signIn(sp, r, must(t)(p.Response(r, Ana(), opt)))
			if want := strings.Contains(fits, part); want != (err == nil) {
				t.Errorf("%s asked, %s signed: %v", policy, part, err)
			} else if err != nil && reasonOf(err) != "signature_not_required_part" {
				t.Errorf("%s asked, %s signed: refused as %s", policy, part, reasonOf(err))
			}
		}
	}
}

// Names from all over the world and 5,000 groups by their distinguished names,
// 60 bytes each, arrive as they were sent, within the 1 MiB of a form.
func TestContent(t *testing.T) {
	p := newIDP(t)
	who := Person{Email: "ana@example.com", First: "Zoë", Last: "O'Brien-<Łukasz> & 王", Username: "😀 \t\"x\""}
	for i := range 5000 {
		who.Roles = append(who.Roles, fmt.Sprintf("CN=group %04d,OU=Groups,OU=Vienna,DC=corp,DC=example,DC=com", i))
	}
	r := newRequest()
	got, err := signIn(newSP(t, p), r, must(t)(p.Response(r, who.Subject(), Sign(true, true), WithStyle(StyleSAML2))))
	if err != nil {
		t.Fatal(err)
	}
	if got.FirstName != who.First || got.LastName != who.Last || got.Username != who.Username || len(got.Roles) != 5000 || got.Roles[4999] != who.Roles[4999] {
		t.Errorf("%q %q %q, %d roles", got.FirstName, got.LastName, got.Username, len(got.Roles))
	}
}

// A certificate is a carrier of a key: its dates and its signer do not count (IIP-MD12).
func TestExpiredCertificate(t *testing.T) {
	k, err := NewECDSAKey(noon())
	if err != nil {
		t.Fatal(err)
	}
	old, err := Certify(k.Signer, "old", noon().AddDate(-3, 0, 0), noon().AddDate(-2, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Config{EntityID: idpEntity, BaseURL: "https://idp.example.com/idp", Now: noon, Key: &old})
	if err != nil {
		t.Fatal(err)
	}
	r := newRequest()
	if _, err := signIn(newSP(t, p), r, must(t)(p.Response(r, Ana()))); err != nil {
		t.Error(err)
	}
}

// A key below RSA-2048 signs nobody in, though the metadata names it; the
// strong key beside it still does.
func TestSmallKey(t *testing.T) {
	small, err := NewRSAKey(1024, noon())
	if err != nil {
		t.Fatal(err)
	}
	strong := newIDP(t).key
	p, err := New(Config{EntityID: idpEntity, BaseURL: "https://idp.example.com/idp", Now: noon, Key: &strong, Also: []Key{small}})
	if err != nil {
		t.Fatal(err)
	}
	r := newRequest()
	if _, err := signIn(newSP(t, p), r, must(t)(p.Response(r, Ana(), SignedBy(small)))); reasonOf(err) != "signature_invalid" {
		t.Errorf("signed by RSA-1024: %v", err)
	}
	if _, err := signIn(newSP(t, p), r, must(t)(p.Response(r, Ana()))); err != nil {
		t.Errorf("the twin: %v", err)
	}
}
