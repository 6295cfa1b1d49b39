package route

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrAmbiguous is returned, with the reason, for a request target that two
// programs could read as two different paths. The answer to it is 400.
var ErrAmbiguous = errors.New("path can be read in more than one way")

// ErrNoPath is returned for a target that holds no path: "*" of OPTIONS and
// the authority of CONNECT (RFC 9112 §3.2.3, §3.2.4).
var ErrNoPath = errors.New("request target has no path")

// Path is a path with one meaning. Only [CanonicalPath] and [ParsePath] make
// it; the zero Path is no path and matches nothing.
type Path struct {
	decoded string // matched and judged
	escaped string // forwarded; decodes to decoded
}

// Decoded returns the path with every escape resolved, for comparing.
func (p Path) Decoded() string { return p.decoded }

// Escaped returns the path as it is forwarded. It decodes to exactly
// [Path.Decoded], its escapes are in upper case, and no unreserved character
// is escaped (RFC 3986 §6.2.2). Reserved characters stay escaped or literal as
// they came: "%2B" and "+" are the same to us but not to every app.
func (p Path) Escaped() string { return p.escaped }

// String returns the escaped form, which is printable ASCII.
func (p Path) String() string { return p.escaped }

// Below reports whether p is prefix or lies below it, by whole segments:
// "/wiki" and "/wiki/" hold "/wiki", "/wiki/" and "/wiki/x", never "/wikix".
func (p Path) Below(prefix string) bool {
	prefix = strings.TrimSuffix(prefix, "/")
	rest, found := strings.CutPrefix(p.decoded, prefix)
	return found && p.decoded != "" && (rest == "" || rest[0] == '/')
}

// Without returns p with prefix removed, for upstreams that do not know under
// which path they are published: "/wiki/x" without "/wiki" is "/x", "/wiki"
// itself becomes "/". It reports false where p is not below prefix.
func (p Path) Without(prefix string) (Path, bool) {
	prefix = strings.TrimSuffix(prefix, "/")
	if !p.Below(prefix) {
		return Path{}, false
	}
	// The segments are counted, since the two forms differ in length but never
	// in their slashes: an escaped slash is refused.
	rest := p.escaped
	for range strings.Count(prefix, "/") {
		if i := strings.IndexByte(rest[1:], '/'); i >= 0 {
			rest = rest[1+i:]
		} else {
			rest = "/"
		}
	}
	decoded := p.decoded[len(prefix):]
	if decoded == "" {
		decoded = "/"
	}
	return Path{decoded: decoded, escaped: rest}, true
}

// CanonicalPath returns the path of a request's URL as the server parsed it.
// It refuses user information, an opaque URL, a "#" in the query, and whatever
// [ParsePath] refuses. An absolute target without a path means "/".
func CanonicalPath(u *url.URL) (Path, error) {
	switch {
	case u.Opaque != "" || u.User != nil || u.Fragment != "" || strings.Contains(u.RawQuery, "#"):
		// RFC 9112 §3.2: a request target holds neither fragment nor user.
		return Path{}, fmt.Errorf("%w: target with a fragment or user", ErrAmbiguous)
	case u.Path == "" && u.Host != "" && u.Scheme != "":
		return ParsePath("/") // RFC 9110 §4.2.3
	case u.Path == "" || u.Path == "*":
		return Path{}, ErrNoPath
	}
	raw := u.RawPath
	if raw == "" {
		raw = u.EscapedPath()
	}
	p, err := ParsePath(raw)
	if err == nil && p.decoded != u.Path {
		return Path{}, fmt.Errorf("%w: its two spellings differ", ErrAmbiguous)
	}
	return p, err
}

// ParsePath returns the one reading of an escaped path, or [ErrAmbiguous].
// Refused are: a slash, backslash, semicolon, number sign or control character
// in any spelling (but the plain slash), "//", segments of dots and blanks
// only ("..", "%2e", ".. "), bytes that are no UTF-8, broken escapes, and an
// escape that decodes to another escape ("%252e"). Nothing is resolved: who
// sends "/a/../b" gets 400 and no guess. Trailing slashes stay.
func ParsePath(raw string) (Path, error) {
	if !strings.HasPrefix(raw, "/") {
		return Path{}, ErrNoPath
	}
	decoded, escaped, err := normalise(raw)
	if err != nil {
		return Path{}, err
	}
	if reason := ambiguity(decoded); reason != "" {
		return Path{}, fmt.Errorf("%w: %s", ErrAmbiguous, reason)
	}
	return Path{decoded: decoded, escaped: escaped}, nil
}

// normalise resolves escapes. An escaped slash is the one character whose
// meaning is gone after decoding, so it is refused here.
func normalise(raw string) (decoded, escaped string, err error) {
	if isPlain(raw) {
		return raw, raw, nil
	}
	dec, esc := make([]byte, 0, len(raw)), make([]byte, 0, len(raw)+8)
	for i := 0; i < len(raw); i++ {
		c, wasEscaped := raw[i], raw[i] == '%'
		if wasEscaped {
			if i+2 >= len(raw) || !isHex(raw[i+1]) || !isHex(raw[i+2]) {
				return "", "", fmt.Errorf("%w: broken escape", ErrAmbiguous)
			}
			c = unhex(raw[i+1])<<4 | unhex(raw[i+2])
			i += 2
		}
		if wasEscaped && c == '/' {
			return "", "", fmt.Errorf("%w: escaped slash", ErrAmbiguous)
		}
		dec = append(dec, c)
		if isUnreserved(c) || c == '/' || (!wasEscaped && isSubDelim(c)) {
			esc = append(esc, c)
		} else {
			esc = append(esc, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return string(dec), string(esc), nil
}

// ambiguity returns why a decoded path has two readings, or "".
func ambiguity(s string) string {
	switch {
	case strings.Contains(s, "//"):
		return "empty segment"
	case strings.ContainsAny(s, `\;#`):
		return "backslash, semicolon or number sign"
	case !utf8.ValidString(s): // overlong forms and surrogates too (RFC 3629 §3)
		return "not UTF-8"
	case strings.ContainsFunc(s, unicode.IsControl):
		return "control character"
	case hidesEscape(s):
		return "escape within an escape"
	}
	for segment := range strings.SplitSeq(s, "/") {
		if segment != "" && strings.Trim(segment, ". ") == "" {
			// "." and ".." (RFC 3986 §5.2.4), and what a file system that
			// drops trailing dots and blanks makes of "... " and ". .".
			return "segment of dots or blanks only"
		}
	}
	return ""
}

// hidesEscape finds a percent sign that was itself escaped and has two
// hexadecimal digits behind it: who decodes twice would see another path.
func hidesEscape(s string) bool {
	for i := 0; i+2 < len(s); i++ {
		if s[i] == '%' && isHex(s[i+1]) && isHex(s[i+2]) {
			return true
		}
	}
	return false
}

// isPlain reports whether s needs no rewriting; most paths need none.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isUnreserved(c) && c != '/' && !isSubDelim(c) {
			return false
		}
	}
	return true
}

const upperHex = "0123456789ABCDEF"

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// isUnreserved is RFC 3986 §2.3.
func isUnreserved(c byte) bool {
	return isAlnum(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

// isSubDelim is what else RFC 3986 §3.3 lets a path segment hold, less the
// semicolon, which is refused in any form.
func isSubDelim(c byte) bool {
	return strings.IndexByte("!$&'()*+,=:@", c) >= 0
}
