package identity

import "testing"

// A logout names somebody as the sign-in did, with what both may leave out.
// Nobody else is meant, however alike.
func TestNameIDMeans(t *testing.T) {
	const saml1, saml2 = "urn:oasis:names:tc:SAML:1.1:nameid-format:", "urn:oasis:names:tc:SAML:2.0:nameid-format:"
	signedIn := NameID{Value: "8f14e45f", Format: saml2 + "persistent", NameQualifier: "urn:idp", SPNameQualifier: "urn:sp"}
	change := func(f func(*NameID)) NameID { n := signedIn; f(&n); return n }
	for name, row := range map[string]struct {
		a, b NameID
		want bool
	}{
		"as written":                        {signedIn, signedIn, true},
		"the issuer left out":               {signedIn, change(func(n *NameID) { n.NameQualifier = "" }), true},
		"the service provider left out":     {signedIn, change(func(n *NameID) { n.SPNameQualifier = "" }), true},
		"our own name for them":             {signedIn, change(func(n *NameID) { n.SPProvidedID = "ana" }), true},
		"no format is unspecified":          {NameID{Value: "ana"}, NameID{Value: "ana", Format: saml1 + "unspecified"}, true},
		"another value":                     {signedIn, change(func(n *NameID) { n.Value = "8f14e45e" }), false},
		"another case":                      {signedIn, change(func(n *NameID) { n.Value = "8F14E45F" }), false},
		"white space":                       {signedIn, change(func(n *NameID) { n.Value += " " }), false},
		"a user name like a persistent id":  {signedIn, change(func(n *NameID) { n.Format = saml1 + "unspecified" }), false},
		"the format left out":               {signedIn, change(func(n *NameID) { n.Format = "" }), true},
		"passed on from another provider":   {signedIn, change(func(n *NameID) { n.NameQualifier = "urn:other" }), false},
		"a name for another service":        {signedIn, change(func(n *NameID) { n.SPNameQualifier = "urn:other" }), false},
		"nobody":                            {NameID{}, NameID{}, false},
		"two providers that were passed on": {change(func(n *NameID) { n.NameQualifier = "urn:a" }), change(func(n *NameID) { n.NameQualifier = "urn:b" }), false},
	} {
		if row.a.Means(row.b, "urn:idp") != row.want || row.b.Means(row.a, "urn:idp") != row.want {
			t.Errorf("%s: want %v", name, row.want)
		}
	}
	if signedIn.Means(change(func(n *NameID) { n.NameQualifier = "" }), "") {
		t.Error("without the entity id nobody can say that what was left out is the issuer")
	}
}
