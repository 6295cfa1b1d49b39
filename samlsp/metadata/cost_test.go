package metadata

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Whoever plays back a signature over a document of his own making cannot make
// its canonical form large or slow.
func TestSignedMetadataCost(t *testing.T) {
	signed := signing{key: signers().federation.key}.sign(t, withID().bytes())
	signature := string(cut(t, signed, "<ds:Signature", "</ds:Signature>"))
	const size = 1 << 19
	long := strings.Repeat("n", maxNamespace)
	var prefixes, uses strings.Builder
	for i := range 120 {
		fmt.Fprintf(&prefixes, ` xmlns:p%d="%s"`, i, long)
		fmt.Fprintf(&uses, ` p%d:a=""`, i)
	}
	for what, filling := range map[string]string{
		"a long namespace on every element": strings.Repeat("<p1:e/>", size/7),
		"120 of them on every element":      strings.Repeat("<e"+uses.String()+"/>", size/uses.Len()),
		"comments":                          strings.Repeat("<!---->", size/7),
		"comments in depth":                 strings.Repeat("<e>", 40) + strings.Repeat("<!---->", size/7) + strings.Repeat("</e>", 40),
	} {
		document := []byte(`<md:EntityDescriptor` + md + prefixes.String() + ` ID="_one" entityID="x">` + signature + filling + `</md:EntityDescriptor>`)
		start := time.Now()
		_, err := ParseSigned(document, "", pinned(), testNow())
		if !errors.Is(err, ErrSigner) {
			t.Errorf("%s: %v", what, err)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: %v", what, took)
		}
	}
}
