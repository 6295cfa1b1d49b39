package route

import (
	"errors"
	"net/netip"
	"strings"
)

// ErrHost is returned for a Host that names no host: empty, with a character
// that no host name holds, or with a port that is no number.
var ErrHost = errors.New("host is empty or not a host name")

const (
	maxHost  = 253 // RFC 1035 §2.3.4, written without the final dot
	maxLabel = 63
)

// CanonicalHost returns the one spelling of the host in a Host header or
// authority (RFC 9110 §7.2): lower case, without port and final dot; an IPv6
// address comes in brackets in its shortest form (RFC 5952). Names outside ASCII must
// arrive as A-labels, as browsers send them. Canonicalising twice changes
// nothing.
func CanonicalHost(hostport string) (string, error) {
	if strings.HasPrefix(hostport, "[") {
		return canonicalIPv6(hostport)
	}
	host, port, found := strings.Cut(hostport, ":")
	if found && !validPort(port) {
		return "", ErrHost
	}
	host = strings.TrimSuffix(host, ".")
	if host == "" || len(host) > maxHost {
		return "", ErrHost
	}
	for label := range strings.SplitSeq(host, ".") {
		if !validLabel(label) {
			return "", ErrHost
		}
	}
	return strings.ToLower(host), nil
}

func canonicalIPv6(hostport string) (string, error) {
	inside, port, found := strings.Cut(hostport[1:], "]")
	if !found || (port != "" && (port[0] != ':' || !validPort(port[1:]))) {
		return "", ErrHost
	}
	addr, err := netip.ParseAddr(inside)
	if err != nil || !addr.Is6() || addr.Zone() != "" { // RFC 6874: a zone means nothing beyond its machine
		return "", ErrHost
	}
	return "[" + addr.String() + "]", nil
}

// validPort accepts an empty port too: RFC 3986 §3.2.3 allows "host:".
func validPort(port string) bool {
	n := 0
	for i := range len(port) {
		if port[i] < '0' || port[i] > '9' || i == 5 {
			return false
		}
		n = n*10 + int(port[i]-'0')
	}
	return n <= 65535
}

// validLabel allows the underscore, which host names inside companies have.
func validLabel(label string) bool {
	if label == "" || len(label) > maxLabel {
		return false
	}
	for i := range len(label) {
		c := label[i]
		if !isAlnum(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
