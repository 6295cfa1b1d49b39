package samlsp

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// ReturnURL is where a person goes after signing in or out: an address that
// [ReturnPolicy.Check] found safe. The zero value means the default page.
type ReturnURL struct{ text, host string }

// String returns the address as it was given: a path with query and fragment,
// or an absolute URL; empty for the default page.
func (u ReturnURL) String() string { return u.text }

// Host returns the host name, without port, of an absolute URL, and nothing for
// a path, which stays on the host it was given to.
func (u ReturnURL) Host() string { return u.host }

// IsZero reports whether u means the default page.
func (u ReturnURL) IsZero() bool { return u.text == "" }

// ReturnPolicy decides which addresses may become a [ReturnURL].
type ReturnPolicy struct {
	External *url.URL               // the gateway origin: its scheme and port hold for every route
	Hosts    func(host string) bool // whether a route serves exactly this host name; nil = none
	Origins  []string               // further origins, such as "https://portal.example.com"
	Prefix   string                 // no address at or below it, on any host
}

const maxReturn = 2048

// Check returns raw as a ReturnURL when every browser takes it to one of our
// origins, and nowhere below the prefix. It knows one spelling of each address:
// what needs interpretation (upper case or a final dot in a host, a dot segment,
// an escape that does not decode) is refused, as no browser's address bar
// produces it.
func (p ReturnPolicy) Check(raw string) (ReturnURL, bool) {
	if raw == "" || len(raw) > maxReturn || strings.ContainsFunc(raw, notInURL) {
		return ReturnURL{}, false
	}
	rest, host := raw, ""
	if raw[0] != '/' {
		var ok bool
		if rest, host, ok = p.origin(raw); !ok {
			return ReturnURL{}, false
		}
	} else if strings.HasPrefix(raw, "//") { // RFC 3986 §4.2: another host
		return ReturnURL{}, false
	}
	if u, err := url.Parse(raw); err != nil || u.Opaque != "" || u.User != nil || u.Hostname() != host {
		return ReturnURL{}, false
	}
	if !p.safePath(rest) {
		return ReturnURL{}, false
	}
	return ReturnURL{text: raw, host: host}, true
}

// notInURL reports what is not printable ASCII, and the backslash, which
// browsers read as a slash.
func notInURL(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }

// origin splits an absolute URL behind its authority and reports whether its
// origin is one of ours.
func (p ReturnPolicy) origin(raw string) (rest, host string, ok bool) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || scheme != "https" && scheme != "http" {
		return "", "", false
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host, port, ok := splitAuthority(rest[:end], scheme)
	if !ok {
		return "", "", false
	}
	return rest[end:], host, p.ours(scheme, host, port)
}

func (p ReturnPolicy) ours(scheme, host, port string) bool {
	if p.External != nil && scheme == p.External.Scheme && port == portOf(p.External) {
		if host == p.External.Hostname() || p.Hosts != nil && p.Hosts(host) {
			return true
		}
	}
	for _, origin := range p.Origins {
		u, err := url.Parse(origin)
		if err == nil && u.Hostname() != "" && u.Scheme == scheme && strings.ToLower(u.Hostname()) == host && portOf(u) == port {
			return true
		}
	}
	return false
}

// splitAuthority takes a host name in lower case with an optional port. User
// information, escapes and a final dot are none of these.
func splitAuthority(authority, scheme string) (host, port string, ok bool) {
	host, port = authority, ""
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		host, port = authority[:i], authority[i+1:]
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
			return "", "", false
		}
	}
	if port == "" {
		port = defaultPort(scheme)
	}
	if inner, v6 := strings.CutPrefix(host, "["); v6 {
		inner, v6 = strings.CutSuffix(inner, "]")
		return inner, port, v6 && inner != "" && strings.Trim(inner, "0123456789abcdef:.") == ""
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || strings.ContainsFunc(label, notInLabel) {
			return "", "", false
		}
	}
	return host, port, true
}

func notInLabel(r rune) bool {
	return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '_')
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return defaultPort(u.Scheme)
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// safePath judges what follows the origin, in every reading that a server or
// another decoder on the way could give it.
func (p ReturnPolicy) safePath(rest string) bool {
	path := rest
	if end := strings.IndexAny(rest, "?#"); end >= 0 {
		path = rest[:end]
	}
	if _, err := url.PathUnescape(path); err != nil {
		return false
	}
	for range 4 {
		if !p.safeReading(path) {
			return false
		}
		decoded := unescape(path)
		if decoded == path {
			return true
		}
		path = decoded
	}
	return false // escaped again and again: nobody honest does
}

// unescape decodes as the most lenient decoder would: a "%" that begins no
// escape, such as the one that "%25" became, stands for itself.
func unescape(s string) string {
	var b strings.Builder
	for ; s != ""; s = s[1:] {
		if s[0] == '%' && len(s) > 2 {
			if n, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				s = s[2:]
				continue
			}
		}
		b.WriteByte(s[0])
	}
	return b.String()
}

func (p ReturnPolicy) safeReading(path string) bool {
	if strings.HasPrefix(path, "//") || strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return false
	}
	segments, prefix := plainSegments(path), plainSegments(p.Prefix)
	for _, s := range segments {
		if s == "" { // nothing but dots: "." or "..", perhaps with ";" parameters
			return false
		}
	}
	if len(prefix) == 0 || len(segments) < len(prefix) {
		return true
	}
	for i := range prefix {
		if segments[i] != prefix[i] {
			return true
		}
	}
	return false
}

// plainSegments returns the segments of a path that are not empty, without
// case, ";" parameters, and dots or spaces at their ends.
func plainSegments(path string) []string {
	fold := func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) } // U+017F is an "s" to some
	var plain []string
	for s := range strings.SplitSeq(strings.Map(fold, path), "/") {
		if s != "" {
			s, _, _ = strings.Cut(s, ";")
			plain = append(plain, strings.TrimRight(s, ". "))
		}
	}
	return plain
}
