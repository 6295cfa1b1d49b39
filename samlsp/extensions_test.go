package samlsp

import (
	"strings"
	"testing"
)

// A discovery service sends people only where the metadata says
// (Identity Provider Discovery §2.5).
func TestMetadataNamesTheWayBackFromADiscoveryService(t *testing.T) {
	sp := metadataProvider(t, testNow())
	sp.cfg.DiscoveryURL = "https://sp.example.com/login"
	data, err := sp.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	root, r := parse(data, received())
	if r != nil {
		t.Fatal(r)
	}
	extensions := root.kids[0].kids[0] // Metadata §2.4.1: before the keys
	wantKids(t, extensions, "UIInfo DiscoveryResponse")
	answer := extensions.kids[1]
	for name, want := range map[string]string{
		"Binding": nsDiscovery, "Location": "https://sp.example.com/login", "index": "1",
		"ResponseLocation": "", // §2.5: must be left out
	} {
		if got := answer.value(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

// A sign-in page calls us by the name in the metadata, in place of the entity id
// (Metadata UI §2.1.1, SDP-MD09).
func TestMetadataNamesUsForSignInPages(t *testing.T) {
	sp := metadataProvider(t, testNow())
	shown := func() *node {
		t.Helper()
		data, err := sp.Metadata()
		if err != nil {
			t.Fatal(err)
		}
		root, r := parse(data, received())
		if r != nil {
			t.Fatal(r)
		}
		if !strings.Contains(string(data), ":UIInfo") {
			return nil
		}
		wantKids(t, root.kids[0].kids[0], "UIInfo")
		wantKids(t, root.kids[0].kids[0].kids[0], "DisplayName")
		return root.kids[0].kids[0].kids[0].kids[0]
	}
	if n := shown(); n == nil || n.text() != "Example <Corp>" || n.space != nsUI {
		t.Errorf("shows %+v", n)
	} else if len(n.attrs) != 1 || n.attrs[0].space != nsXML || n.attrs[0].value != "en" {
		t.Errorf("in another language: %+v", n.attrs)
	}
	sp.cfg.Organization.DisplayName = "Corp"
	if n := shown(); n == nil || n.text() != "Corp" {
		t.Errorf("shows %+v", n)
	}
	sp.cfg.Organization = Organization{}
	if n := shown(); n != nil {
		t.Errorf("shows %+v for nobody", n)
	}
}
