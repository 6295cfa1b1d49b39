package identity

import (
	"errors"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// Email is a normalised e-mail address. Two Emails are the same mailbox
// exactly when they are equal as strings.
type Email string

// Domain returns the part after the "@", an A-label in lower case. Compare it
// for equality, never by suffix: "notexample.com" ends in "example.com" too.
func (e Email) Domain() string {
	_, domain, _ := strings.Cut(string(e), "@")
	return domain
}

const maxEmail = 254 // RFC 5321 §4.5.3.1.3, a path less its angle brackets

// The reasons why an address is refused. None of them quotes the address.
var (
	ErrEmailLength    = errors.New("e-mail address is empty or longer than 254 bytes")
	ErrEmailShape     = errors.New("e-mail address needs exactly one @ with something on both sides")
	ErrEmailCharacter = errors.New("e-mail address holds a space, control character, quote, comma or semicolon")
	ErrEmailNonASCII  = errors.New("e-mail address holds a character outside ASCII before the @")
	ErrEmailUnicode   = errors.New("e-mail address holds a character before the @ that is no plain letter, digit or mark of a script")
	ErrEmailDomain    = errors.New("e-mail domain is not a valid host name")
)

// domains turns U-labels into A-labels and refuses what is no host name
// (RFC 5891, STD3 rules). It maps nothing: a compatibility character that
// UTS #46 would read as an ASCII letter is refused instead.
var domains = idna.New(idna.ValidateForRegistration(), idna.BidiRule(), idna.Transitional(false),
	idna.StrictDomainName(true), idna.VerifyDNSLength(true), idna.CheckHyphens(true))

// NormalizeEmail returns the one spelling of an address: the local part with
// only A to Z folded to lower case, the domain as its A-label in lower case.
// Normalising twice changes nothing. What could be read in two ways is refused:
// the local part must be ASCII, since Unicode folding would turn a KELVIN SIGN
// (U+212A) into the "k" of somebody else.
func NormalizeEmail(s string) (Email, error) { return normalize(s, foldLocal) }

func normalize(s string, foldLocal func(string) (string, error)) (Email, error) {
	if s == "" || len(s) > maxEmail {
		return "", ErrEmailLength
	}
	if strings.ContainsFunc(s, forbidden) {
		return "", ErrEmailCharacter
	}
	local, domain, found := strings.Cut(s, "@")
	if !found || local == "" || domain == "" || strings.Contains(domain, "@") {
		return "", ErrEmailShape
	}
	local, err := foldLocal(local)
	if err != nil {
		return "", err
	}
	domain, err = NormalizeDomain(domain)
	if err != nil {
		return "", err
	}
	if len(local)+1+len(domain) > maxEmail { // an A-label is longer than its U-label
		return "", ErrEmailLength
	}
	return Email(local + "@" + domain), nil
}

// NormalizeDomain returns the A-label form, in lower case, of an e-mail domain.
func NormalizeDomain(domain string) (string, error) {
	a, err := domains.ToASCII(strings.Map(lower, domain))
	if err != nil || a == "" || strings.HasSuffix(a, ".") || strings.ContainsFunc(a, notHostByte) {
		return "", ErrEmailDomain
	}
	return a, nil
}

func foldLocal(s string) (string, error) {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return "", ErrEmailNonASCII
		}
	}
	return strings.ToLower(s), nil // ASCII alone from here on
}

// lower folds a rune of a domain; a letter outside ASCII never becomes one inside.
func lower(r rune) rune {
	if l := unicode.ToLower(r); r < 0x80 || l >= 0x80 {
		return l
	}
	return r
}

// forbidden reports what may stand nowhere in an address: what a header, a
// list or a quoted local part could give a second meaning, and the bar, which
// apps see between IdP and NameID of a person without an address.
func forbidden(r rune) bool {
	return r <= ' ' || r == 0x7f || (0x80 <= r && r <= 0xa0) || r == 0xfffd || strings.ContainsRune("\",;:|<>()[]\\\u2028\u2029", r)
}

func notHostByte(r rune) bool {
	return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '.')
}
