package samlsp

import "testing"

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
	wantKids(t, extensions, "DiscoveryResponse")
	answer := extensions.kids[0]
	for name, want := range map[string]string{
		"Binding": nsDiscovery, "Location": "https://sp.example.com/login", "index": "1",
		"ResponseLocation": "", // §2.5: must be left out
	} {
		if got := answer.value(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}
