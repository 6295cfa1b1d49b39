package samlsp

import (
	"io"
	"strings"
	"testing"
)

// The rules of exclusive canonical XML one by one, with what the text of the
// recommendation demands.
func TestCanonicalForm(t *testing.T) {
	for _, row := range []struct{ name, in, prefixes, want string }{
		{"unused declarations go", `<a xmlns:x="urn:x"><b/></a>`, "", `<a><b></b></a>`},
		{"used where used", `<a xmlns:x="urn:x"><x:b/><x:b/></a>`, "", `<a><x:b xmlns:x="urn:x"></x:b><x:b xmlns:x="urn:x"></x:b></a>`},
		{"used by an attribute", `<a xmlns:x="urn:x"><b x:c=""/></a>`, "", `<a><b xmlns:x="urn:x" x:c=""></b></a>`},
		{"listed", `<a xmlns:x="urn:x"><b/></a>`, "x", `<a xmlns:x="urn:x"><b></b></a>`},
		{"default listed", `<x:a xmlns:x="urn:x" xmlns="urn:d"><x:b xmlns="urn:e"/></x:a>`, "#default", `<x:a xmlns="urn:d" xmlns:x="urn:x"><x:b xmlns="urn:e"></x:b></x:a>`},
		{"default namespace", `<a xmlns="urn:a"><b xmlns="urn:a"/><c xmlns=""/></a>`, "", `<a xmlns="urn:a"><b></b><c xmlns=""></c></a>`},
		{"redefined", `<x:a xmlns:x="urn:x"><x:b xmlns:x="urn:y"/><x:c/></x:a>`, "", `<x:a xmlns:x="urn:x"><x:b xmlns:x="urn:y"></x:b><x:c></x:c></x:a>`},
		{"attributes by namespace, then name", `<a xmlns:x="urn:2" xmlns:y="urn:1" b="" a="" x:c="" y:d="" xml:lang="en"/>`, "",
			`<a xmlns:x="urn:2" xmlns:y="urn:1" a="" b="" xml:lang="en" y:d="" x:c=""></a>`},
		{"escapes in text", "<a>&lt;&gt;&amp;\"'&#13;\t\n</a>", "", "<a>&lt;&gt;&amp;\"'&#xD;\t\n</a>"},
		{"escapes in attributes", `<a b="&lt;&gt;&amp;&quot;'&#13;&#9;&#10;"/>`, "", `<a b="&lt;>&amp;&quot;'&#xD;&#x9;&#xA;"></a>`},
		{"signature cut out", `<a>x<s><y/></s>z</a>`, "", `<a>xz</a>`},
	} {
		root, r := parse([]byte(row.in), received())
		if r != nil {
			t.Fatal(r)
		}
		var got strings.Builder
		err := writeCanonical(&got, root, root.child("", "s"), row.prefixes, 1<<20)
		if err != nil || got.String() != row.want {
			t.Errorf("%s: %v\n%s\n%s", row.name, err, got.String(), row.want)
		}
	}
	root, r := parse([]byte(`<a><b>0123456789</b><b>0123456789</b></a>`), received())
	if r != nil {
		t.Fatal(r)
	}
	if err := writeCanonical(io.Discard, root, nil, "", 8); err == nil {
		t.Error("longer than allowed")
	}
}
