package config

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // pages.time_zone works where the system has no zone files
)

// A refusal says what is wrong with a value without quoting it. Its hint is
// derived from the value, so it is left out where the value may not be shown.
type refusal struct{ reason, hint string }

func (r *refusal) Error() string { return r.reason }

func refuse(reason string) error { return &refusal{reason: reason} }

// A parser is a type that reads itself from a scalar's text.
type parser interface{ parse(text string) error }

// isScalar reports whether a type is written as one value, however it looks in Go.
func isScalar(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[parser]()) {
		return true
	}
	switch t {
	case reflect.TypeFor[*url.URL](), reflect.TypeFor[*time.Location](), reflect.TypeFor[netip.Prefix]():
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		return true
	}
	return false
}

// setScalar reads text into v. Its errors do not quote the text.
func setScalar(v reflect.Value, text string) error {
	if p, ok := v.Addr().Interface().(parser); ok {
		return p.parse(text)
	}
	switch p := v.Addr().Interface().(type) {
	case *time.Duration:
		return assign(p, text, parseDuration)
	case **url.URL:
		return assign(p, text, parseURL)
	case **time.Location:
		return assign(p, text, parseZone)
	case *netip.Prefix:
		return assign(p, text, parsePrefix)
	case *bool:
		return assign(p, text, parseBool)
	case *int:
		return assign(p, text, parseInt)
	case *float64:
		return assign(p, text, parseFloat)
	case *string:
		*p = text
	}
	return nil
}

func assign[T any](to *T, text string, parse func(string) (T, error)) error {
	v, err := parse(text)
	if err == nil {
		*to = v
	}
	return err
}

func parseBool(s string) (bool, error) {
	if s == "true" || s == "false" {
		return s == "true", nil
	}
	return false, refuse("is neither true nor false")
}

func parseInt(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > math.MaxInt32 {
		return 0, refuse("is not a whole number from 0")
	}
	return n, nil
}

func parseFloat(s string) (float64, error) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n < 0 {
		return 0, refuse("is not a number from 0")
	}
	return n, nil
}

func parseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return 0, &refusal{"is not a duration such as 90s, 30m or 12h", inHours(s)}
	case d < 0:
		return 0, refuse("is negative")
	}
	return d, nil
}

// inHours turns days and weeks, which Go durations do not know, into hours.
func inHours(s string) string {
	for unit, hours := range map[string]int{"d": 24, "w": 7 * 24} {
		if n, err := strconv.Atoi(strings.TrimSuffix(s, unit)); err == nil && strings.HasSuffix(s, unit) && 0 < n && n < 10_000 {
			return "; write " + strconv.Itoa(n*hours) + "h"
		}
	}
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return "; write " + s + "s for seconds"
	}
	return ""
}

func parseURL(s string) (*url.URL, error) {
	if !strings.Contains(s, ":/") {
		return nil, refuse("is not a whole URL: a scheme is required, such as https://")
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || strings.ContainsAny(s, " \\") || !isPrintable(s) {
		return nil, refuse("is not an URL")
	}
	u.Scheme = strings.ToLower(u.Scheme)
	return u, nil
}

func isPrintable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
}

func parseZone(s string) (*time.Location, error) {
	zone, err := time.LoadLocation(s)
	if err != nil || s == "Local" || s == "" {
		return nil, refuse("is not a time zone such as UTC or Europe/Berlin")
	}
	return zone, nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, refuse("is not a network such as 10.0.0.0/8 or 2001:db8::/32")
	}
	if p != p.Masked() {
		return p, &refusal{"has bits set behind its prefix length", "; write " + p.Masked().String()}
	}
	return p, nil
}

func (a *Address) parse(s string) error {
	if s == "" {
		*a = Address{}
		return nil
	}
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		if !strings.HasPrefix(path, "/") {
			return refuse("needs the absolute path of a socket, such as unix:/run/samlgate.sock")
		}
		*a = Address{"unix", path}
		return nil
	}
	if !isHostPort(s, true) {
		return refuse("is neither host:port nor unix:/path")
	}
	*a = Address{"tcp", s}
	return nil
}

func isHostPort(s string, emptyHost bool) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || !(validPort(port) || emptyHost && port == "0") {
		return false
	}
	if host == "" {
		return emptyHost
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	_, err = hostName(host)
	return err == nil
}

func validPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

func (r *Rate) parse(s string) error {
	if s == "off" {
		*r = Rate{}
		return nil
	}
	count, unit, _ := strings.Cut(s, "/")
	n, err := strconv.Atoi(count)
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	if err != nil || n <= 0 || n > math.MaxInt32 || per == 0 {
		return refuse("is not a rate such as 20/m (of s, m, h), nor off")
	}
	*r = Rate{n, per}
	return nil
}

func (z *Size) parse(s string) error {
	digits := strings.TrimRight(s, "KMGTiB")
	factor, known := map[string]int64{"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
		"KB": 1e3, "MB": 1e6, "GB": 1e9}[s[len(digits):]]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || !known || n > math.MaxInt64/factor {
		return refuse("is not a size such as 8192, 64KiB or 128MiB")
	}
	*z = Size(n * factor)
	return nil
}

func (p *Path) parse(s string) error {
	if strings.ContainsRune(s, 0) {
		return refuse("is not a file name")
	}
	*p = Path(s)
	return nil
}

func (f *File) parse(s string) error { return f.Path.parse(s) }

// parse reads a key: exactly 64 hex digits, or base64 of 32 bytes or more.
func (k *Key) parse(s string) error {
	b, err := hex.DecodeString(s)
	if err != nil {
		b, err = anyBase64(s)
		if err == nil && (strings.ToLower(s) == s || strings.ToUpper(s) == s) {
			b = []byte(s) // random base64 has letters of both cases: these are words
		}
	}
	if err != nil || len(b) < 32 || isHex(s) && len(b) != 32 {
		return refuse("is not a key: write exactly 64 hex digits, or base64 of 32 bytes or more; \"samlgate keygen\" makes one")
	}
	if weak(b) {
		return refuse("is too easily guessed: take random bytes; \"samlgate keygen\" makes them")
	}
	k.b = b
	return nil
}

// ParseKey reads a key as it stands in a file, with or without a final newline.
// The error does not quote it.
func ParseKey(text string) (Key, error) {
	var k Key
	err := k.parse(strings.TrimSuffix(text, "\n"))
	return k, err
}

func isHex(s string) bool { return only(s, "0123456789abcdefABCDEF") }

func anyBase64(s string) ([]byte, error) {
	s = strings.TrimRight(s, "=")
	if strings.ContainsAny(s, "-_") {
		return base64.RawURLEncoding.DecodeString(s)
	}
	return base64.RawStdEncoding.DecodeString(s)
}

// weak reports keys that no random source makes: few different bytes, or a
// sentence that somebody thought up.
func weak(b []byte) bool {
	different, printable := map[byte]bool{}, true
	for _, c := range b {
		different[c] = true
		printable = printable && ' ' <= c && c <= '~'
	}
	const fewest = 8 // 32 random bytes have fewer with a chance below 2^-100
	return printable || len(different) < fewest
}

func (e *Encoding) parse(s string) error {
	if !isEncoding(s) {
		return &refusal{"is not an encoding: one of " + strings.Join(encodings(), ", "), hint(s, encodings())}
	}
	*e = Encoding{All: s}
	return nil
}

func encodings() []string { return []string{"utf8", "percent", "rfc2047", "base64", "ascii"} }

func isEncoding(s string) bool {
	for _, e := range encodings() {
		if s == e {
			return true
		}
	}
	return false
}
