package samlsp

import (
	"bytes"
	"crypto/x509"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

func metadataProvider(t *testing.T, now time.Time) *ServiceProvider {
	t.Helper()
	sp, err := New(Config{
		EntityID: testEntity, ACSURL: testACS, SLOURL: "https://sp.example.com/slo",
		Keys:   []KeyPair{testKeys().rsa, testKeys().p256},
		Replay: &idptest.Replays{}, Now: func() time.Time { return now },
		Organization: Organization{Name: "Example <Corp>"}, Contact: Contact{Name: "Help", Email: "help@example.com"},
	}, testIdentityProvider())
	if err != nil {
		t.Fatal(err)
	}
	return sp
}

func TestMetadata(t *testing.T) {
	data, err := metadataProvider(t, testNow()).Metadata()
	if err != nil {
		t.Fatal(err)
	}
	root, r := parse(data, received())
	if r != nil {
		t.Fatal(r)
	}
	if root.value("entityID") != testEntity || root.value("validUntil") != "2027-03-05T00:00:00Z" {
		t.Errorf("%+v", root.attrs)
	}
	wantKids(t, root, "SPSSODescriptor Organization ContactPerson")
	role := root.kids[0]
	wantKids(t, role, "Extensions KeyDescriptor KeyDescriptor KeyDescriptor SingleLogoutService SingleLogoutService "+
		"NameIDFormat NameIDFormat NameIDFormat NameIDFormat AssertionConsumerService")
	wantKids(t, role.kids[1], "KeyInfo")
	wantKids(t, role.kids[3], "KeyInfo EncryptionMethod EncryptionMethod EncryptionMethod EncryptionMethod")
	wantKids(t, root.kids[1], "OrganizationName OrganizationDisplayName OrganizationURL")
	wantKids(t, root.kids[2], "GivenName EmailAddress")
	acs := role.kids[10]
	if acs.value("Location") != testACS || acs.value("Binding") != string(PostBinding) || acs.value("index") != "0" || acs.value("isDefault") != "true" {
		t.Errorf("ACS %+v", acs.attrs)
	}
	if role.value("AuthnRequestsSigned") != "false" || role.value("WantAssertionsSigned") != "true" || role.kids[3].value("use") != "encryption" {
		t.Errorf("role %+v", role.attrs)
	}
	if k := root.kids[1].kids[1]; k.text() != "Example <Corp>" {
		t.Errorf("display name %q", k.text())
	}
}

// wantKids compares the order of children with that of the schema.
func wantKids(t *testing.T, n *node, want string) {
	t.Helper()
	var names []string
	for _, k := range n.kids {
		names = append(names, k.local)
	}
	if got := strings.Join(names, " "); got != want {
		t.Errorf("%s holds %s; want %s", n.local, got, want)
	}
}

// A signature covers the whole document, for whoever pins our certificate, and
// rests with it: of ECDSA no two are alike.
func TestMetadataIsSigned(t *testing.T) {
	for name, key := range map[string]KeyPair{"RSA": testKeys().rsa, "ECDSA": testKeys().p256} {
		now := testNow()
		sp := metadataProvider(t, now)
		sp.cfg.Now = func() time.Time { return now }
		sp.cfg.SignMetadata, sp.cfg.Keys = true, []KeyPair{key}
		data, err := sp.Metadata()
		again, errAgain := sp.Metadata()
		if err != nil || errAgain != nil || string(again) != string(data) {
			t.Fatalf("%s: %v, %v, or it differs the second time", name, err, errAgain)
		}
		verify := func(data []byte, by *x509.Certificate) *Rejection {
			t.Helper()
			root, r := parse(data, received())
			if r != nil {
				t.Fatal(r)
			}
			wantKids(t, root, "Signature SPSSODescriptor Organization ContactPerson")
			_, _, r = (*trial)(nil).verifySignature(root, nil, &IdentityProvider{certs: []*x509.Certificate{by}})
			return r
		}
		if r := verify(data, key.Certificate); r != nil {
			t.Errorf("%s: %v", name, r)
		}
		if r := verify(data, testKeys().other.Certificate); r == nil {
			t.Errorf("%s: anybody could have signed", name)
		}
		changed := bytes.Replace(data, []byte("mailto:help@"), []byte("mailto:evil@"), 1)
		if r := verify(changed, key.Certificate); r == nil || r.Reason != ReasonDigestMismatch {
			t.Errorf("%s: changed: %v", name, r)
		}
		now = now.Add(24 * time.Hour)
		if next, err := sp.Metadata(); err != nil || string(next) == string(data) || verify(next, key.Certificate) != nil {
			t.Errorf("%s: the next day: %v", name, err)
		}
	}
}

func TestMetadataRestsForADay(t *testing.T) {
	a, errA := metadataProvider(t, testNow()).Metadata()
	b, errB := metadataProvider(t, testNow().Add(time.Hour)).Metadata()
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Error("the document changed within a day")
	}
}

// Another library reads what we publish.
func TestMetadataIsReadByOthers(t *testing.T) {
	data, err := metadataProvider(t, testNow()).Metadata()
	if err != nil {
		t.Fatal(err)
	}
	var e saml.EntityDescriptor
	if err := xml.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	role := e.SPSSODescriptors[0]
	if e.EntityID != testEntity || len(role.KeyDescriptors) != 3 || role.AssertionConsumerServices[0].Location != testACS || len(role.SingleLogoutServices) != 2 {
		t.Errorf("%+v", e)
	}
}
