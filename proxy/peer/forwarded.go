package peer

import (
	"net/http"
	"net/netip"
	"strings"
)

// hop is what one proxy said about the side it received from; left to right.
type hop struct{ addr, proto, host string }

// stories reads both families of headers; false means they contradict each
// other or cannot be read.
func stories(h http.Header) ([]hop, bool) {
	x := xForwarded(h)
	lines := h.Values("Forwarded")
	if len(lines) == 0 {
		return x, true
	}
	f, ok := parseForwarded(strings.Join(lines, ","))
	if !ok {
		return nil, false
	}
	if len(x) == 0 {
		return f, true
	}
	return x, agree(x, f)
}

// agree compares the two families where both speak.
func agree(x, f []hop) bool {
	if len(x) != len(f) {
		return false
	}
	for i := range x {
		a, okA := parseNode(x[i].addr)
		b, okB := parseNode(f[i].addr)
		if okA != okB || a != b {
			return false
		}
	}
	a, b := x[len(x)-1], f[len(f)-1]
	return same(a.proto, b.proto) && same(a.host, b.host)
}

func same(a, b string) bool { return a == "" || b == "" || strings.EqualFold(a, b) }

// xForwarded reads the X-Forwarded-* family; scheme and host go to the last
// hop.
func xForwarded(h http.Header) []hop {
	var hops []hop
	for _, addr := range list(h.Values("X-Forwarded-For")) {
		hops = append(hops, hop{addr: addr})
	}
	proto, host := lastOf(h.Values("X-Forwarded-Proto")), lastOf(h.Values("X-Forwarded-Host"))
	if proto == "" && host == "" {
		return hops
	}
	if len(hops) == 0 {
		hops = append(hops, hop{})
	}
	hops[len(hops)-1].proto, hops[len(hops)-1].host = proto, host
	return hops
}

// list splits header lines at commas. Several lines are one list (RFC 9110 §5.3);
// an empty element is kept, as something malformed.
func list(lines []string) []string {
	if len(lines) == 0 {
		return nil
	}
	items := strings.Split(strings.Join(lines, ","), ",")
	for i := range items {
		if items[i] = strings.Trim(items[i], " \t"); items[i] == "" {
			items[i] = "?"
		}
	}
	return items
}

func lastOf(lines []string) string {
	items := list(lines)
	if len(items) == 0 || items[len(items)-1] == "?" {
		return ""
	}
	return items[len(items)-1]
}

// parseNode reads an address with or without port. RFC 7239 §6: "unknown" and
// "_hidden" are no address.
func parseNode(s string) (netip.Addr, bool) {
	bare := s
	if len(s) > 1 && s[0] == '[' && s[len(s)-1] == ']' {
		bare = s[1 : len(s)-1]
	}
	if a, err := netip.ParseAddr(bare); err == nil {
		return plain(a), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return plain(ap.Addr()), true
	}
	return netip.Addr{}, false
}

// parseForwarded reads RFC 7239 §4: elements with commas between them, pairs
// with semicolons, values as token or quoted string, each name once.
func parseForwarded(s string) ([]hop, bool) {
	var hops []hop
	for {
		h, rest, ok := parseElement(s)
		if !ok {
			return nil, false
		}
		hops = append(hops, h)
		if rest == "" {
			return hops, true
		}
		s = rest[1:] // the comma
	}
}

func parseElement(s string) (h hop, rest string, ok bool) {
	seen := map[string]bool{}
	for {
		name, after, found := strings.Cut(strings.TrimLeft(s, " \t"), "=")
		name = strings.ToLower(name)
		if !found || name == "" || strings.ContainsAny(name, " \t,;\"") || seen[name] {
			return hop{}, "", false
		}
		seen[name] = true
		value, after, ok := parseValue(after)
		if !ok {
			return hop{}, "", false
		}
		switch name {
		case "for":
			h.addr = value
		case "proto":
			h.proto = value
		case "host":
			h.host = value
		}
		switch after = strings.TrimLeft(after, " \t"); {
		case after == "" || after[0] == ',':
			return h, after, true
		case after[0] != ';':
			return hop{}, "", false
		}
		s = after[1:]
	}
}

// parseValue reads a token or a quoted string (RFC 9110 §5.6.2, §5.6.4).
func parseValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, "\",; \t")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], end > 0
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], b.Len() > 0
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}
