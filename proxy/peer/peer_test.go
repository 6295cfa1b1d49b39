package peer

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

var trusted = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}

// request parses "Name: value" lines; RemoteAddr comes first.
func request(remote string, lines ...string) *http.Request {
	r := &http.Request{RemoteAddr: remote, Host: "gate.example.com", Header: http.Header{}}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	return r
}

func TestClientAddr(t *testing.T) {
	const proxy, stranger = "10.0.0.1:4711", "203.0.113.9:4711"
	for _, test := range []struct {
		remote, lines, want string
	}{
		{stranger, "", "203.0.113.9"},
		{stranger, "X-Forwarded-For: 10.0.0.2", "203.0.113.9"}, // not trusted: lies about itself
		{stranger, "Forwarded: for=10.0.0.2", "203.0.113.9"},
		{proxy, "", "10.0.0.1"},
		{proxy, "X-Forwarded-For: 198.51.100.7", "198.51.100.7"},
		{proxy, "X-Forwarded-For: 6.6.6.6, 198.51.100.7", "198.51.100.7"}, // the left one is the client's invention
		{proxy, "X-Forwarded-For: 6.6.6.6, 198.51.100.7, 10.9.9.9", "198.51.100.7"},
		{proxy, "X-Forwarded-For: 6.6.6.6|X-Forwarded-For: 198.51.100.7", "198.51.100.7"}, // two lines
		{proxy, "X-Forwarded-For: 10.0.0.3, 10.0.0.2", "10.0.0.3"},
		{proxy, "X-Forwarded-For: 198.51.100.7:5555", "198.51.100.7"},
		{proxy, "X-Forwarded-For: [2001:db8::1]:5555", "2001:db8::1"},
		{proxy, "X-Forwarded-For: 2001:db8::1", "2001:db8::1"},
		{proxy, "X-Forwarded-For: ::ffff:198.51.100.7", "198.51.100.7"},
		{"[::ffff:10.0.0.1]:1", "X-Forwarded-For: 198.51.100.7", "198.51.100.7"},
		{"[fd00::1%eth0]:1", "X-Forwarded-For: 198.51.100.7", "198.51.100.7"},
		// Malformed on the way: the peer.
		{proxy, "X-Forwarded-For: 198.51.100.7, unknown", "10.0.0.1"},
		{proxy, "X-Forwarded-For: ", "10.0.0.1"},
		{proxy, "X-Forwarded-For: 198.51.100.7,", "10.0.0.1"},
		{proxy, "X-Forwarded-For: 198.51.100.7, [::1", "10.0.0.1"},
		{proxy, "X-Forwarded-For: 198.51.100.7, 1.2.3", "10.0.0.1"},
		{proxy, "X-Forwarded-For: nonsense, 198.51.100.7", "198.51.100.7"}, // left of the answer: never looked at
		// RFC 7239.
		{proxy, "Forwarded: for=198.51.100.7;proto=https;by=10.0.0.1", "198.51.100.7"},
		{proxy, `Forwarded: for=6.6.6.6, FOR="[2001:db8::1]:80"`, "2001:db8::1"},
		{proxy, `Forwarded: for="198.51.100.7, for=6.6.6.6"`, "10.0.0.1"},
		{proxy, `Forwarded: for="198.51.100.7`, "10.0.0.1"},
		{proxy, "Forwarded: for=_hidden", "10.0.0.1"},
		{proxy, "Forwarded: for=198.51.100.7;for=6.6.6.6", "10.0.0.1"},
		{proxy, "Forwarded: nonsense", "10.0.0.1"},
		{proxy, `Forwarded: for="198.51.100\.7"`, "198.51.100.7"},
		// Two stories.
		{proxy, "Forwarded: for=198.51.100.7|X-Forwarded-For: 198.51.100.7", "198.51.100.7"},
		{proxy, "Forwarded: for=6.6.6.6|X-Forwarded-For: 198.51.100.7", "10.0.0.1"},
		{proxy, "Forwarded: for=198.51.100.7|X-Forwarded-For: 6.6.6.6", "10.0.0.1"},
		{proxy, "Forwarded: for=198.51.100.7;host=evil|X-Forwarded-For: 198.51.100.7|X-Forwarded-Host: wiki", "10.0.0.1"},
		{"@", "X-Forwarded-For: 198.51.100.7", "invalid IP"},
		{"", "", "invalid IP"},
	} {
		var lines []string
		if test.lines != "" {
			lines = strings.Split(test.lines, "|")
		}
		if got := ClientAddr(request(test.remote, lines...), trusted); got.String() != test.want {
			t.Errorf("%s with %q is %s, want %s", test.remote, test.lines, got, test.want)
		}
	}
	if got := ClientAddr(request(proxy, "X-Forwarded-For: 6.6.6.6"), nil); got.String() != "10.0.0.1" {
		t.Errorf("nobody is trusted, yet the client is %s", got)
	}
}

func TestProtoAndHost(t *testing.T) {
	check := func(r *http.Request, proto, host string) {
		t.Helper()
		if p := Of(r, trusted); p.Proto != proto || p.Host != host {
			t.Errorf("%v: %s://%s, want %s://%s", r.Header, p.Proto, p.Host, proto, host)
		}
	}
	const proxy, stranger = "10.0.0.1:4711", "203.0.113.9:4711"
	check(request(proxy), "http", "gate.example.com")
	check(request(proxy, "X-Forwarded-Proto: https", "X-Forwarded-Host: wiki.example.com"), "https", "wiki.example.com")
	check(request(proxy, "X-Forwarded-Proto: http, HTTPS", "X-Forwarded-Host: evil, wiki"), "https", "wiki")
	check(request(proxy, "X-Forwarded-Proto: gopher"), "http", "gate.example.com")
	check(request(proxy, "X-Forwarded-For: 1.1.1.1", "X-Forwarded-Proto: "), "http", "gate.example.com")
	check(request(proxy, "Forwarded: for=1.1.1.1;host=evil, for=10.0.0.2;host=wiki;proto=https"), "https", "wiki")
	check(request(stranger, "X-Forwarded-Proto: https", "X-Forwarded-Host: evil"), "http", "gate.example.com")
	direct := request(stranger)
	direct.TLS = &tls.ConnectionState{}
	check(direct, "https", "gate.example.com")
}

// No header moves a stranger's address, and what a trusted proxy appended is
// never overruled by what stood there before.
func FuzzOf(f *testing.F) {
	f.Add("1.2.3.4, x", `for="a;b";proto=http`)
	f.Add("[::1]:5,,", `for=1;for=2,`)
	f.Fuzz(func(t *testing.T, xff, forwarded string) {
		r := request("203.0.113.9:1", "X-Forwarded-For: "+xff, "Forwarded: "+forwarded)
		if p := Of(r, trusted); p.Via || p.Addr.String() != "203.0.113.9" {
			t.Fatalf("a stranger became %v", p)
		}
		r = request("10.0.0.1:1", "X-Forwarded-For: "+xff+", 198.51.100.7")
		if a := ClientAddr(r, trusted); a.String() != "198.51.100.7" {
			t.Fatalf("behind the proxy: %s", a)
		}
		r = request("10.0.0.1:1", "Forwarded: "+forwarded+", for=198.51.100.7")
		if a := ClientAddr(r, trusted).String(); a != "198.51.100.7" && a != "10.0.0.1" {
			t.Fatalf("behind the proxy: %s", a)
		}
	})
}
