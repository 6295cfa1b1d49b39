package idptest

import (
	"encoding/base64"
	"encoding/xml"
	"slices"
	"testing"

	"github.com/crewjam/saml"
)

// A reader that is not ours finds everything it needs in the metadata.
func TestMetadata(t *testing.T) {
	p := newIDP(t)
	raw, err := p.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	var d saml.EntityDescriptor
	if err := xml.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	if d.EntityID != idpEntity || len(d.IDPSSODescriptors) != 1 {
		t.Fatalf("%s", raw)
	}
	idp := d.IDPSSODescriptors[0]
	for i, k := range idp.KeyDescriptors {
		der, err := base64.StdEncoding.DecodeString(k.KeyInfo.X509Data.X509Certificates[0].Data)
		if err != nil || k.Use != "signing" || !slices.Equal(der, p.Certificates()[i].Raw) {
			t.Errorf("key %d: %v", i, err)
		}
	}
	if len(idp.KeyDescriptors) != 2 || len(idp.SingleSignOnServices) != 2 || len(idp.SingleLogoutServices) != 2 {
		t.Errorf("%s", raw)
	}
	for _, e := range idp.SingleSignOnServices {
		if e.Location != p.SSOURL() || e.Binding != saml.HTTPRedirectBinding && e.Binding != saml.HTTPPostBinding {
			t.Errorf("%+v", e)
		}
	}
}

// What cannot be an identity provider is refused at once.
func TestNewRefuses(t *testing.T) {
	key := newIDP(t).key
	for name, c := range map[string]Config{
		"no entity id":      {BaseURL: "https://idp.example.com", Key: &key},
		"no base URL":       {EntityID: idpEntity, Key: &key},
		"relative base URL": {EntityID: idpEntity, BaseURL: "/idp", Key: &key},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
	if _, err := newIDP(t).Response(newRequest(), Ana(), Algorithms(ECDSASHA256, "urn:none")); err == nil {
		t.Error("an unknown digest gave a message")
	}
}
