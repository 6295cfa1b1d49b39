package samlsp

import (
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
