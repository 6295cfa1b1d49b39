package upstream

import (
	"net/http"
	"strings"
)

// CutCookies removes the cookies whose name satisfies drop from the Cookie
// headers of a request and returns how many it removed. The others keep their
// bytes and their order, malformed ones too, since an app may depend on them;
// several header lines, as HTTP/2 clients send them (RFC 9113 §8.2.3), stay
// several. A line with nothing left goes.
//
// Names are compared as written, and a nameless "=value" or a bare "value"
// counts under its value up to the next "=": some servers read it so.
func CutCookies(h http.Header, drop func(name string) bool) int {
	lines, cut := h["Cookie"], 0
	var kept []string
	for _, line := range lines {
		rest, n := cutLine(line, drop)
		if cut += n; n == 0 || rest != "" {
			kept = append(kept, rest)
		}
	}
	switch {
	case cut == 0:
	case len(kept) == 0:
		delete(h, "Cookie")
	default:
		h["Cookie"] = kept
	}
	return cut
}

// cutLine removes pairs from one line. The blanks in front of a pair go with
// it; where the first pair goes, the next one moves up without its blanks.
func cutLine(line string, drop func(name string) bool) (string, int) {
	var kept []string
	cut, first := 0, true
	for pair := range strings.SplitSeq(line, ";") {
		if drop(cookieName(pair)) {
			cut++
			continue
		}
		if first && cut > 0 {
			pair = strings.TrimLeft(pair, blanks)
		}
		first = false
		kept = append(kept, pair)
	}
	if cut == 0 {
		return line, 0
	}
	rest := strings.Join(kept, ";")
	if strings.Trim(rest, "; \t") == "" {
		return "", cut
	}
	return rest, cut
}

// DropSetCookie removes the Set-Cookie lines of a response whose cookie name,
// as a browser would read it, satisfies drop, and returns how many it removed.
// An app must not be able to set, expire or shadow a cookie of the gateway, so
// drop should ignore case.
func DropSetCookie(h http.Header, drop func(name string) bool) int {
	lines := h["Set-Cookie"]
	var kept []string
	for _, line := range lines {
		pair, _, _ := strings.Cut(line, ";")
		if !drop(cookieName(pair)) {
			kept = append(kept, line)
		}
	}
	cut := len(lines) - len(kept)
	switch {
	case cut == 0:
	case len(kept) == 0:
		delete(h, "Set-Cookie")
	default:
		h["Set-Cookie"] = kept
	}
	return cut
}

// blanks surround names and values; the controls never come through net/http
// but cost nothing.
const blanks = " \t\r\n\v\f\x00"

// cookieName reads the name of one pair as RFC 6265bis §5.6 does. A pair
// without name is sent back to us as its bare value, so "=__Host-x=1" and
// "__Host-x" both come back as a cookie named "__Host-x": the value up to its
// "=" is the name here. Quotes around a name do not save it either.
func cookieName(pair string) string {
	pair = strings.Trim(pair, blanks)
	for strings.HasPrefix(pair, "=") { // "==x=1" is nameless with value "=x=1"
		pair = strings.TrimLeft(pair[1:], blanks)
	}
	name, _, _ := strings.Cut(pair, "=")
	return strings.Trim(name, blanks+`"`)
}
