package identity

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

func TestNormalizeUnicodeEmail(t *testing.T) {
	accept := map[string]Email{
		"Ana.Doe+Tag@Example.COM":               "ana.doe+tag@example.com",
		"jos\u00e9@example.com":                 "jos\u00e9@example.com",
		"jose\u0301@example.com":                "jos\u00e9@example.com", // the other way to write it
		"Jos\u00e9.Mu\u00f1oz@example.com":      "jos\u00e9.mu\u00f1oz@example.com",
		"\u00c9lan@example.com":                 "\u00c9lan@example.com", // only A to Z are folded
		"E\u0301lan@example.com":                "\u00c9lan@example.com", // and in no spelling "\u00e9lan"
		"T\u0308om@example.com":                 "\u1e97om@example.com",  // no letter of its own before T is folded
		"\u212bsa@example.com":                  "\u00c5sa@example.com",  // ANGSTROM SIGN is that letter
		"\u7530\u4e2d@example.com":              "\u7530\u4e2d@example.com",
		"\u0645\u062d\u0645\u062f@example.com":  "\u0645\u062d\u0645\u062f@example.com",
		"\u0430na@example.com":                  "\u0430na@example.com", // Cyrillic: somebody else than ana
		"\u0928\u093f\u0924\u093e7@example.com": "\u0928\u093f\u0924\u093e7@example.com",
		"\u0131an@example.com":                  "\u0131an@example.com", // DOTLESS I never becomes an "i"
		"\u0130an@example.com":                  "\u0130an@example.com",
		"\u00fc@M\u00dcLLER.example":            "\u00fc@xn--mller-kva.example",
	}
	for in, want := range accept {
		if got, err := NormalizeUnicodeEmail(in); err != nil || got != want {
			t.Errorf("NormalizeUnicodeEmail(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	refuse := map[string]error{
		"\u212aim@example.com":                              ErrEmailUnicode, // KELVIN SIGN
		"a\u037eb@example.com":                              ErrEmailUnicode, // GREEK QUESTION MARK is a semicolon
		"\uff41na@example.com":                              ErrEmailUnicode, // full-width a
		"\U0001d41ana@example.com":                          ErrEmailUnicode, // mathematical a
		"\ufb01n@example.com":                               ErrEmailUnicode, // ligature
		"\u00aana@example.com":                              ErrEmailUnicode, // feminine ordinal
		"an\u00b2@example.com":                              ErrEmailUnicode,
		"ana\u202e@example.com":                             ErrEmailUnicode, // right-to-left override
		"ana\u2066@example.com":                             ErrEmailUnicode,
		"ana\u200d@example.com":                             ErrEmailUnicode, // joiner
		"ana\u200b@example.com":                             ErrEmailUnicode,
		"ana\u00ad@example.com":                             ErrEmailUnicode, // soft hyphen
		"ana\ufe0f@example.com":                             ErrEmailUnicode, // variation selector
		"ana\u034f@example.com":                             ErrEmailUnicode, // grapheme joiner
		"ana\u3164@example.com":                             ErrEmailUnicode, // Hangul filler
		"ana\u1160@example.com":                             ErrEmailUnicode,
		"ana\U000e0041@example.com":                         ErrEmailUnicode, // tag
		"ana\U0001f600@example.com":                         ErrEmailUnicode, // no letter
		"ana\ue000@example.com":                             ErrEmailUnicode, // private use
		"ana\u0378@example.com":                             ErrEmailUnicode, // not assigned
		"\u0301ana@example.com":                             ErrEmailUnicode, // would sit on what stands before
		"ana\u0085@example.com":                             ErrEmailCharacter,
		"ana\u2028@example.com":                             ErrEmailCharacter,
		"ana\xc3@example.com":                               ErrEmailCharacter, // no UTF-8
		"corp|\u00e9@example.com":                           ErrEmailCharacter,
		"\u00e9\uff20example.com":                           ErrEmailShape,
		"jos\u00e9@evil.com@example.com":                    ErrEmailShape,
		"jos\u00e9@\u212aelvin.example":                     ErrEmailDomain,
		strings.Repeat("\u00e9", 122) + "@example.com":      ErrEmailLength, // 256 bytes, though 134 characters
		strings.Repeat("\U0001d15e", 50) + "a@example.com":  ErrEmailUnicode,
		strings.Repeat("\ufb2c", 80) + "@example.com":       ErrEmailLength, // form C is three times as long
		strings.Repeat("a\u0301", 81) + "ana@m\u00fc.de.it": ErrEmailLength, // refused as it came
	}
	for in, want := range refuse {
		if got, err := NormalizeUnicodeEmail(in); !errors.Is(err, want) || got != "" {
			t.Errorf("NormalizeUnicodeEmail(%q) = %q, %v; want %v", in, got, err, want)
		}
	}
}

// One mailbox has several spellings, and whoever sends another one than last time
// is still the same person: each letter that is accepted is tried
// in all normal forms, alone, with more marks, and behind a capital.
func TestUnicodeSpellings(t *testing.T) {
	accepted := 0
	for r := rune(0x80); r <= 0x2ffff; r++ {
		if !unicode.In(r, unicode.L, unicode.M) || unicode.Is(unicode.Han, r) && norm.NFC.IsNormalString(string(r)) {
			continue // what nothing can be done to
		}
		for _, s := range []string{string(r), "A" + string(r), "t" + string(r) + "\u0301\u0323"} {
			e, err := NormalizeUnicodeEmail(s + "@example.com")
			if err != nil {
				continue
			}
			for _, form := range []norm.Form{norm.NFC, norm.NFD} {
				if got, err := NormalizeUnicodeEmail(form.String(s) + "@example.com"); err == nil && got != e {
					t.Errorf("%+q is %+q, and in form %v %+q", s, e, form, got)
				}
			}
			accepted++
		}
	}
	if accepted < 10000 {
		t.Errorf("only %d letters", accepted)
	}
}

// What comes out is its own normal form, by C and KC, and holds nothing that
// cannot be seen. ASCII is what NormalizeEmail makes of it, and what is not
// never becomes ASCII.
func FuzzNormalizeUnicodeEmail(f *testing.F) {
	for _, s := range []string{"ana@example.com", "\u212a@x.y", "jose\u0301@x.y", "\u00c9@\u00dc.de", "\uff41@x.y", "a\u202e@x.y", "\u0130@x.y", "\u1100\u1161@x.y", "\u0344@x.y", "x\u0338=@x.y", "A\u0300@x.y", "T\u0308\u0323@x.y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		plain, plainErr := NormalizeEmail(s)
		e, err := NormalizeUnicodeEmail(s)
		if plainErr == nil && (err != nil || e != plain) {
			t.Fatalf("%q is %q as ASCII and %q, %v with Unicode", s, plain, e, err)
		}
		if err != nil {
			if e != "" || len(s) > 3 && strings.Contains(err.Error(), s) {
				t.Fatalf("a refusal of %q gave %q, %v", s, e, err)
			}
			return
		}
		if again, err := NormalizeUnicodeEmail(string(e)); err != nil || again != e {
			t.Fatalf("%q became %q, then %q, %v", s, e, again, err)
		}
		if len(e) > maxEmail || strings.Count(string(e), "@") != 1 || !norm.NFKC.IsNormalString(string(e)) || strings.ContainsFunc(string(e), func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' }) {
			t.Fatalf("%q became %q", s, e)
		}
		local, domain, _ := strings.Cut(s, "@")
		for _, form := range []norm.Form{norm.NFC, norm.NFD} {
			if other, err := NormalizeUnicodeEmail(form.String(local) + "@" + domain); err == nil && other != e {
				t.Fatalf("%q is %q, and in form %v %q", s, e, form, other)
			}
		}
		if folded, _, _ := strings.Cut(string(e), "@"); ascii(folded) && !asciiEqualFold(local, folded) {
			t.Fatalf("local part of %q became %q", s, folded)
		}
	})
}

func ascii(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 }) }
