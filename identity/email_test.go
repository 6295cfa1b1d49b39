package identity

import (
	"errors"
	"strings"
	"testing"
)

func TestNormalizeEmail(t *testing.T) {
	accept := map[string]Email{
		"ana@example.com":                         "ana@example.com",
		"Ana.Doe+Tag@Example.COM":                 "ana.doe+tag@example.com",
		"o'brien@example.com":                     "o'brien@example.com",
		"a@MÜLLER.example":                        "a@xn--mller-kva.example",
		"a@xn--mller-kva.example":                 "a@xn--mller-kva.example",
		"root@localhost":                          "root@localhost",
		strings.Repeat("a", 242) + "@example.com": Email(strings.Repeat("a", 242) + "@example.com"),
	}
	for in, want := range accept {
		if got, err := NormalizeEmail(in); err != nil || got != want {
			t.Errorf("NormalizeEmail(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	refuse := map[string]error{
		"": ErrEmailLength,
		strings.Repeat("a", 243) + "@example.com":   ErrEmailLength,
		"a@" + strings.Repeat("ü", 63) + ".example": ErrEmailDomain,
		"ana":                             ErrEmailShape,
		"@example.com":                    ErrEmailShape,
		"ana@":                            ErrEmailShape,
		"ana@evil.com@example.com":        ErrEmailShape,
		"ana @example.com":                ErrEmailCharacter,
		" ana@example.com":                ErrEmailCharacter,
		"ana@example.com\n":               ErrEmailCharacter,
		"a\x00na@example.com":             ErrEmailCharacter,
		"\"a\"@example.com":               ErrEmailCharacter,
		"ana@example.com,bob@example.com": ErrEmailCharacter,
		"ana;@example.com":                ErrEmailCharacter,
		"corp|ana@example.com":            ErrEmailCharacter, // the subject of a NameID "ana@example.com" at corp
		"ana\u2028@example.com":           ErrEmailCharacter,
		"\u212Aim@example.com":            ErrEmailNonASCII, // KELVIN SIGN folds to "k"
		"jos\u00e9@example.com":           ErrEmailNonASCII,
		"ana\u200b@example.com":           ErrEmailNonASCII,
		"ana@\u212Aelvin.example":         ErrEmailDomain,
		"ana@ex\u0430mple..com":           ErrEmailDomain,
		"ana@-example.com":                ErrEmailDomain,
		"ana@exa_mple.com":                ErrEmailDomain,
		"ana@example.com.":                ErrEmailDomain,
		"ana@example。com":                 ErrEmailDomain,
	}
	for in, want := range refuse {
		if got, err := NormalizeEmail(in); !errors.Is(err, want) || got != "" {
			t.Errorf("NormalizeEmail(%q) = %q, %v; want %v", in, got, err, want)
		}
	}
}

// What comes out is ASCII, has one @, is its own normal form, and never
// equals the form of an address with other letters.
func FuzzNormalizeEmail(f *testing.F) {
	for _, s := range []string{"ana@example.com", "\u212A@x.y", "A@Ü.de", "a@b@c", "a@xn--0.com", "x@..", "\"@\"@a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := NormalizeEmail(s)
		if err != nil {
			if e != "" || (s != "" && len(s) > 3 && strings.Contains(err.Error(), s)) {
				t.Fatalf("a refusal of %q gave %q, %v", s, e, err)
			}
			return
		}
		if strings.Count(string(e), "@") != 1 || len(e) > maxEmail || strings.ContainsFunc(string(e), func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Fatalf("%q became %q", s, e)
		}
		again, err := NormalizeEmail(string(e))
		if err != nil || again != e {
			t.Fatalf("%q became %q, then %q, %v", s, e, again, err)
		}
		local, _, _ := strings.Cut(s, "@")
		if folded, _, _ := strings.Cut(string(e), "@"); !asciiEqualFold(local, folded) {
			t.Fatalf("local part of %q became %q", s, folded)
		}
	})
}

func asciiEqualFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if x, y := a[i]|0x20, b[i]|0x20; a[i] != b[i] && (x != y || x < 'a' || x > 'z') {
			return false
		}
	}
	return true
}

func TestPersonOf(t *testing.T) {
	if p, err := PersonOf("ana@example.com", "corp", "n1"); err != nil || p != "ana@example.com" {
		t.Errorf("with an address: %q, %v", p, err)
	}
	if p, err := PersonOf("", "corp", "n1"); err != nil || p != "corp\x00n1" {
		t.Errorf("with a NameID: %q, %v", p, err)
	}
	if _, err := PersonOf("", "corp", ""); !errors.Is(err, ErrNobody) {
		t.Errorf("with neither: %v", err)
	}
	if _, err := PersonOf("", "corp", "n\x001"); err == nil {
		t.Error("a NUL in a NameID could move the border between IdP and NameID")
	}
}

// Two NameIDs have one key only if they are one NameID.
func TestNameIDKey(t *testing.T) {
	const persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	const unspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
	for _, row := range []struct {
		id   NameID
		want string
	}{
		{NameID{Value: "n", Format: persistent}, "persistent:n"},
		{NameID{Value: "n", Format: persistent, NameQualifier: "urn:idp", SPNameQualifier: "urn:sp"}, "persistent:n"},
		{NameID{Value: "n", Format: persistent, NameQualifier: "urn:other"}, "persistent@urn%3Aother:n"},
		{NameID{Value: "other:n", Format: persistent}, "persistent:other:n"},
		{NameID{Value: "n"}, "unspecified:n"},
		{NameID{Value: "n", Format: unspecified}, "unspecified:n"},
		{NameID{Value: "persistent:n"}, "unspecified:persistent:n"},
		{NameID{Value: "n", Format: "persistent:x@y"}, "persistent%3Ax%40y:n"},
		{NameID{Value: "a b"}, "unspecified:a b"},
		{NameID{}, ""},
		{NameID{Value: " "}, ""},
		{NameID{Value: "n "}, ""},
		{NameID{Value: "\u00a0n"}, ""},
		{NameID{Value: strings.Repeat("n", 1025)}, ""},
	} {
		if got := row.id.Key("urn:idp"); got != row.want {
			t.Errorf("%+v: %q; want %q", row.id, got, row.want)
		}
	}
}
