package signin

import (
	"slices"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// A page that is open while keys change goes on: it would be loaded anew, and what
// was typed into it lost, if its person looked like another one.
func TestPseudonymsWhileKeysChange(t *testing.T) {
	at := func(who identity.Person, keys ...byte) []string {
		c := JarConfig{Lifetime: time.Hour}
		for _, k := range keys {
			c.Keys = append(c.Keys, slices.Repeat([]byte{k, 7}, 16))
		}
		j, err := NewJar(c)
		if err != nil {
			t.Fatal(err)
		}
		return j.pseudonyms("wiki.example.com", who)
	}
	share := func(a, b []string) bool {
		return slices.ContainsFunc(a, func(mark string) bool { return slices.Contains(b, mark) })
	}
	const ann, bob = "ann@example.com", "bob@example.com"
	if !share(at(ann, 1), at(ann, 2, 1)) || !share(at(ann, 2, 1), at(ann, 2)) {
		t.Error("a change of keys makes somebody another person")
	}
	if share(at(ann, 2, 1), at(bob, 2, 1)) || share(at(ann, 1), at(ann, 2)) {
		t.Error("two people look the same, or a mark does not depend on the key")
	}
}
