package headers

import (
	"bufio"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/headers/httpsig"
)

// FuzzVerify changes a signed request on the wire: it is refused, or it is to
// the app the same request of the same person. Nothing else may be in it that
// an app could take for an identity.
func FuzzVerify(f *testing.F) {
	c := newClock()
	key := secretKey("h")
	good := sealedWire(f, newTestMessageSigner(f, c, key), "wiki")
	was := arrived(f, good)
	claims, err := newSealVerifier(f, c, BySignature, key).Verify(arrived(f, good))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(0), uint16(0), "")
	for _, old := range []string{"GET", "/a%20b", "Host", "ana@", "X-Auth-Roles", ", editor", "keyid", "Signature:"} {
		f.Add(uint16(strings.Index(good, old)), uint16(1), "x")
		f.Add(uint16(strings.Index(good, old)), uint16(0), "X_Auth_Email: boss\r\n")
	}
	m := gatewayManaged()
	f.Fuzz(func(t *testing.T, at, gone uint16, put string) {
		from := int(at) % len(good)
		text := good[:from] + put + good[min(len(good), from+int(gone)):]
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			return
		}
		got, err := newSealVerifier(t, c, BySignature, key).Verify(r)
		if err != nil {
			return
		}
		a, b := httpsig.Incoming(r), httpsig.Incoming(was)
		bare := func(target string) string { return strings.TrimSuffix(target, "?") }
		if a.Method != b.Method || a.Authority != b.Authority || bare(a.Target) != bare(b.Target) || !reflect.DeepEqual(got, claims) {
			t.Fatalf("%+v of %+v\n%s", got, a, text)
		}
		for name, values := range r.Header {
			if m.Has(name) && (len(values) != 1 || strings.Trim(values[0], " \t") != strings.Trim(was.Header.Get(name), " \t")) {
				t.Fatalf("%s: %q\n%s", name, values, text)
			}
		}
	})
}
