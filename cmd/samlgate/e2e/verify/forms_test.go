package verify

import (
	"crypto"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/headers/httpsig"
)

// formAttacks are signatures that the gateway's own key made, in forms that the
// gateway never uses and RFC 9421 partly knows: a verifier that does not
// understand one must not guess. Only the plain algorithm signs by hand.
func formAttacks(w *world) []attack {
	if w.algorithm != httpsig.Ed25519 {
		return nil
	}
	var all []attack
	for name, change := range map[string]func(string) string{
		"a structured field":      replaced(`"x-auth-email"`, `"x-auth-email";sf`),
		"a member of a field":     replaced(`"x-auth-email"`, `"x-auth-email";key="a"`),
		"bytes of a field":        replaced(`"x-auth-email"`, `"x-auth-email";bs`),
		"a field of the request":  replaced(`"x-auth-email"`, `"x-auth-email";req`),
		"a trailer":               replaced(`"x-auth-email"`, `"x-auth-email";tr`),
		"the path of the request": replaced(`"@path"`, `"@path";req`),
		"a name in capitals":      replaced(`"x-auth-email"`, `"X-Auth-Email"`),
		"an unknown component":    replaced(`"@method"`, `"@method" "@status"`),
		"a component twice":       replaced(`"@method"`, `"@method" "@method"`),
		"an empty name":           replaced(`"@method"`, `"@method" ""`),
		"an unknown parameter":    replaced(`;keyid=`, `;app="x";keyid=`),
		"a parameter twice":       replaced(`;keyid=`, `;keyid="x1";keyid=`),
		"a date in a string":      replaced(`;created=`, `;created="1";was=`),
		"a negative date":         replaced(`;created=`, `;created=-`),
		"a date with a fraction":  replaced(`;expires=`, `;expires=9999999999.5;was=`),
		"another algorithm":       replaced(`;keyid=`, `;alg="hmac-sha256";keyid=`),
		"a key in bytes":          replaced(`;keyid="m1"`, `;keyid=:bTE=:`),
	} {
		all = append(all, attack{"form: " + name, func(t testing.TB, w *world) message { t.Helper(); return w.formed(t, change) }})
	}
	return all
}

func replaced(old, with string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, with, 1) }
}

// formed signs a genuine request again with what change makes of the member of
// Signature-Input, and of each line of the signature base.
func (w *world) formed(t testing.TB, change func(string) string) message {
	t.Helper()
	m := w.genuine(t, "/").signed(t, w.key, params())
	input := strings.TrimPrefix(m.get("Signature-Input"), "samlgate=")
	var base strings.Builder
	for _, c := range m.components() {
		// What stands in the list twice has a line of its own for each.
		for label := range strings.SplitSeq(change(fmt.Sprintf("%q", c)), " ") {
			fmt.Fprintf(&base, "%s: %s\n", label, w.value(m, c))
		}
	}
	input = change(input)
	base.WriteString(`"@signature-params": ` + input)
	signature, err := w.private.Sign(nil, []byte(base.String()), crypto.Hash(0))
	if err != nil {
		t.Fatal(err)
	}
	return m.without("Signature-Input").without("Signature").
		with("Signature-Input: samlgate="+input, "Signature: samlgate=:"+base64.StdEncoding.EncodeToString(signature)+":")
}

// value is one component of a GET of /.
func (w *world) value(m message, component string) string {
	switch component {
	case "@method":
		return "GET"
	case "@path":
		return "/"
	case "@query":
		return "?"
	case "@authority":
		return w.authority()
	}
	return m.get(component)
}
