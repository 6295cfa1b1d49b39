package samlsp

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// scribble writes a random element: prefixes bound, bound anew and unused, the
// default namespace changed, attributes in any order, text that needs escapes.
// It keeps to what goxmldsig gets right: one prefixed attribute at most.
func scribble(r *rand.Rand, b *strings.Builder, depth int) {
	names := []string{"a", "b", "p:c", "q:d", "r:e"}
	texts := []string{"", "x", "&lt;&amp;&gt;", "\r\n\t", "&#13;\"'", "漢\u2028😀", "&#x85;"}
	name := names[r.IntN(len(names))]
	b.WriteString("<" + name)
	var attrs []string
	for _, prefix := range []string{":p", ":q", ":r", ""} {
		if depth == 0 || r.IntN(4) == 0 {
			attrs = append(attrs, fmt.Sprintf(`xmlns%s="urn:%d"`, prefix, r.IntN(3)))
		}
	}
	for _, a := range []string{"k", "B", "a", []string{"p:z", "q:a", "r:m", "n"}[r.IntN(4)]} {
		if r.IntN(2) == 0 {
			attrs = append(attrs, a+`="`+strings.ReplaceAll(texts[r.IntN(len(texts))], `"`, "&quot;")+`"`)
		}
	}
	r.Shuffle(len(attrs), func(i, j int) { attrs[i], attrs[j] = attrs[j], attrs[i] })
	b.WriteString(" " + strings.Join(attrs, "  ") + ">")
	for range r.IntN(4) {
		b.WriteString(texts[r.IntN(len(texts))])
		if depth < 4 {
			scribble(r, b, depth+1)
		}
	}
	b.WriteString("</" + name + ">")
}

// Our canonical form is goxmldsig's.
func TestCanonicalFormAsOthersWriteIt(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var b, got strings.Builder
		scribble(r, &b, 0)
		doc := etree.NewDocument()
		if err := doc.ReadFromString(b.String()); err != nil {
			t.Fatal(err)
		}
		root, refused := parse([]byte(b.String()), received())
		if refused != nil {
			t.Fatalf("%v\n%s", refused, b.String())
		}
		prefixes := []string{"", "p", "q r"}[r.IntN(3)]
		if err := writeCanonical(&got, root, nil, prefixes, 1<<20); err != nil {
			t.Fatal(err)
		}
		want, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(prefixes).Canonicalize(doc.Root())
		if err != nil || got.String() != string(want) {
			t.Fatalf("%v\nfrom %s\ngot  %s\nwant %s", err, b.String(), got.String(), want)
		}
		again, reject := parse([]byte(got.String()), limits{1 << 20, 64, 6000, 32000})
		if reject != nil || again == nil {
			t.Fatalf("our own form is refused: %v\n%s", reject, got.String())
		}
	}
}
