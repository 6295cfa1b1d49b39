package identity

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NormalizeUnicodeEmail is [NormalizeEmail] for identity providers whose people
// have letters outside ASCII before the "@" (RFC 6531). Their local part is
// brought into Unicode normal form C, so that the two ways to write "é" are one
// mailbox. Nothing else is folded but A to Z: letters that look alike, and
// capital and small ones outside ASCII, make different mailboxes.
//
// Refused is what has a second reading: whatever normalising, by form C or KC,
// turns into something else (the KELVIN SIGN U+212A would become a "K", a
// full-width "a" an "a"), what cannot be seen, what controls the direction of
// text, and all that is no letter, mark or decimal digit. So apps that normalise
// once more never arrive at somebody else. Those that fold case by Unicode may:
// to them "\u00df" can be "ss", and "\u0130" or "\u0131" an "i".
func NormalizeUnicodeEmail(s string) (Email, error) { return normalize(s, foldUnicodeLocal) }

func foldUnicodeLocal(s string) (string, error) {
	first := true
	for _, r := range s {
		if r >= 0x80 && (!writable(r) || first && unicode.Is(unicode.M, r)) {
			return "", ErrEmailUnicode
		}
		first = false
	}
	// Form C comes first, so that "A" with U+0300 is the letter U+00C0 and not
	// U+00E0, and once more, since "t" and U+0308 compose where "T" does not.
	composed := norm.NFC.String(strings.Map(lowerASCII, norm.NFC.String(s)))
	sign := func(r rune) bool { return r >= 0x80 && !writable(r) } // such as "=" with a stroke, U+2260
	if norm.NFKC.String(composed) != composed || strings.ContainsFunc(composed, sign) {
		return "", ErrEmailUnicode
	}
	return composed, nil
}

// writable reports whether a rune outside ASCII may stand before the "@". One
// that alone normalises to ASCII would make two mailboxes one.
func writable(r rune) bool {
	return unicode.In(r, unicode.L, unicode.Mn, unicode.Mc, unicode.Nd) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		!strings.ContainsFunc(norm.NFKC.String(string(r)), func(n rune) bool { return n < 0x80 })
}

func lowerASCII(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}
