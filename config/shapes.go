package config

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// shape checks a text against the "is" tag of its key and returns it in its
// normal form. Its errors do not quote the text.
func shape(is, s string) (string, error) {
	switch is {
	case "slug":
		return s, want(isSlug(s), "is not a slug: small letters, digits, - and _, up to 63, a letter or digit first")
	case "keyid":
		return s, want(s != "" && len(s) <= 64 && isToken(s), "is not a key id: letters, digits, - _ . up to 64")
	case "host":
		return hostName(s)
	case "routehost":
		return routeHost(s)
	case "domain":
		return domain(s)
	case "email":
		return email(s)
	case "origin":
		return origin(s)
	case "hostport":
		return s, want(isHostPort(s, false), "is not host:port")
	case "token":
		return s, want(isToken(s), "is not a name: letters, digits and !#$%&'*+-.^_`|~ only (RFC 9110 §5.6.2)")
	case "cookie":
		return s, want(isToken(s), "is not a cookie name: letters, digits and !#$%&'*+-.^_`|~ only (RFC 6265 §4.1.1)")
	case "header":
		return s, headerName(s)
	case "keyprefix":
		return s, want(isKeyPrefix(s), "is not a key prefix: letters, digits, - _ . : up to 64")
	case "language":
		return s, want(s == "en" || s == "de" || s == "fr", "is not a language of these pages: one of en, de, fr")
	default:
		return pathShape(is, s)
	}
}

// pathShape is shape for what looks like a path or an address.
func pathShape(is, s string) (string, error) {
	switch is {
	case "path":
		return s, want(isPath(s), notPath)
	case "routepath":
		if s != "/" {
			s = strings.TrimSuffix(s, "/")
		}
		return s, want(isPath(s), notPath)
	case "prefix":
		s = strings.TrimSuffix(s, "/")
		return s, want(len(s) > 1 && isPath(s), "is not a prefix: it begins with / and has at least one segment, such as /.samlgate")
	case "pattern":
		return s, pattern(s)
	case "place":
		if strings.HasPrefix(s, "/") {
			return s, want(isPath(s), notPath)
		}
		return s, want(isWebURL(s), "is neither a path nor an http or https URL")
	case "link":
		return s, want(isWebURL(s), "is not an http or https URL")
	}
	return s, nil
}

func want(ok bool, reason string) error {
	if ok {
		return nil
	}
	return refuse(reason)
}

func isSlug(s string) bool {
	return s != "" && len(s) <= 63 && only(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") && s[0] != '-' && s[0] != '_'
}

func isKeyPrefix(s string) bool {
	return s != "" && len(s) <= 64 && only(s, alphanumeric+"-_.:")
}

const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

func only(s, chars string) bool { return strings.Trim(s, chars) == "" }

func isToken(s string) bool { return s != "" && only(s, alphanumeric+"!#$%&'*+-.^_`|~") }

const notHost = "is not a host name"

// hostName returns a host name as its A-label in lower case without a final
// dot, or an IP address in its usual spelling.
func hostName(s string) (string, error) {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil && a.Zone() == "" {
		return a.String(), nil
	}
	a, err := idna.Lookup.ToASCII(strings.TrimSuffix(s, "."))
	if err != nil || a == "" || len(a) > 253 || !only(a, "abcdefghijklmnopqrstuvwxyz0123456789-._") || slices.Contains(strings.Split(a, "."), "") {
		return "", refuse(notHost)
	}
	return a, nil
}

// routeHost also takes a port, which is ignored, and "*." for one label.
func routeHost(s string) (string, error) {
	if i := strings.LastIndexByte(s, ':'); i > 0 && isHostPort(s, false) {
		s = s[:i]
	}
	rest, wild := strings.CutPrefix(s, "*.")
	h, err := hostName(rest)
	switch {
	case strings.Contains(rest, "*"):
		return "", refuse("has a * that is not its whole first label; \"*.example.com\" stands for one label")
	case err != nil:
		return "", err
	case wild && (!strings.Contains(h, ".") && h != "localhost" || isIP(h)):
		return "", refuse("is a wildcard over a whole top-level domain or an address")
	case wild:
		return "*." + h, nil
	}
	return h, nil
}

func isIP(h string) bool {
	_, err := netip.ParseAddr(h)
	return err == nil
}

func domain(s string) (string, error) {
	if strings.HasPrefix(s, "@") || strings.Contains(s, "*") {
		return "", refuse("is not an e-mail domain: write example.com, without @ or *; subdomains are named one by one")
	}
	h, err := hostName(s)
	if err != nil || strings.HasSuffix(s, ".") || isIP(h) {
		return "", refuse("is not an e-mail domain such as example.com")
	}
	return h, nil
}

// email returns an address with an ASCII local part in lower case.
func email(s string) (string, error) {
	local, host, _ := strings.Cut(s, "@")
	host, err := domain(host)
	if err != nil || len(s) > 254 || !only(local, alphanumeric+"!#$%&'*+-/=?^_`{|}~.") || local == "" {
		return "", refuse("is not an e-mail address with an ASCII local part")
	}
	return strings.ToLower(local) + "@" + host, nil
}

// origin returns "scheme://host[:port]" of an https origin, or of an http one on loopback.
func origin(s string) (string, error) {
	u, err := parseURL(s)
	if err != nil || u.Host == "" || u.User != nil || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery {
		return "", refuse("is not an origin such as https://app.example.com")
	}
	if err := normalizeHost(u); err != nil {
		return "", err
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && IsLoopback(u.Hostname())) {
		return "", refuse("is not an https origin (http is taken on loopback only)")
	}
	return u.Scheme + "://" + u.Host, nil
}

// normalizeHost puts the host of an http or https URL in its one spelling: lower
// case A-labels, no final dot, no default port.
func normalizeHost(u *url.URL) error {
	h, err := hostName(u.Hostname())
	if err != nil {
		return err
	}
	if strings.Contains(h, ":") {
		h = "[" + h + "]"
	}
	port := u.Port()
	if strings.HasSuffix(u.Host, ":") {
		return refuse("has a colon without a port")
	}
	if port == "" || port == defaultPort(u.Scheme) {
		u.Host = h
		return nil
	}
	u.Host = h + ":" + port
	return want(isHostPort(u.Host, false), "has no valid port")
}

func defaultPort(scheme string) string {
	return map[string]string{"http": "80", "https": "443"}[scheme]
}

// IsLoopback reports whether a host can only be this machine: localhost,
// *.localhost (RFC 6761 §6.3), 127.0.0.0/8 or ::1.
func IsLoopback(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func isWebURL(s string) bool {
	u, err := parseURL(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

const notPath = "is not a canonical path: it begins with /, and has no //, dot segment, %, ;, \\, ? or #"

// isPath reports a path that means the same to everybody who reads it.
func isPath(s string) bool {
	if !strings.HasPrefix(s, "/") || strings.ContainsAny(s, "%;\\?#*") || strings.Contains(s, "//") || strings.ContainsRune(s, '\ufffd') {
		return false
	}
	for _, segment := range strings.Split(s, "/") {
		if segment != "" && strings.Trim(segment, ".") == "" {
			return false
		}
	}
	return isPrintable(s) && !strings.Contains(s, " ")
}

// pattern checks "/x", "/x/" and either with "GET,POST " in front.
func pattern(s string) error {
	methods, path, found := strings.Cut(s, " ")
	if !found {
		methods, path = "", s
	}
	if !isPath(path) {
		return refuse("is not a path pattern: \"/x\" is exact, \"/x/\" is all below it, \"GET,POST /x\" names methods; no *, %, ; or dot segments")
	}
	for m := range strings.SplitSeq(methods, ",") {
		if found && (m == "" || !only(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
			return refuse("names a method that is not in capital letters, such as \"GET,POST /x\"")
		}
	}
	return nil
}

// headerName refuses names that the gateway must never hand to configuration:
// they frame the message, say whom it is for, or carry the client's own credentials.
func headerName(s string) error {
	if !isToken(s) {
		return refuse("is not a header name (RFC 9110 §5.6.2)")
	}
	n := normalForm(s)
	reserved := []string{"connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "proxy",
		"te", "trailer", "transfer-encoding", "upgrade", "host", "cookie", "set-cookie", "authorization", "expect",
		"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-real-ip",
		"x-auth-audience", "x-samlgate-passive", "signature", "signature-input"}
	if slices.Contains(reserved, n) || strings.HasPrefix(n, "content-") || strings.HasPrefix(n, "sec-") {
		return refuse("is a header that the gateway or the protocol owns; choose another name")
	}
	return nil
}

// normalForm is what a header name is to apps that read it loosely: ASCII lower
// case, every byte that is no letter or digit read as "-".
func normalForm(s string) string {
	b := []byte(s)
	for i, c := range b {
		switch {
		case 'A' <= c && c <= 'Z':
			b[i] = c + 'a' - 'A'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		default:
			b[i] = '-'
		}
	}
	return string(b)
}
