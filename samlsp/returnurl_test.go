package samlsp

import (
	"net/url"
	"strings"
	"testing"
)

func returnPolicy() ReturnPolicy {
	return ReturnPolicy{
		External: &url.URL{Scheme: "https", Host: "sso.example.com"},
		// A careless caller, as routes ignore case and a final dot.
		Hosts: func(host string) bool {
			return strings.TrimSuffix(strings.ToLower(host), ".") == "wiki.example.com"
		},
		Origins: []string{"https://portal.example.org:8443", "http://Old.example.org"},
		Prefix:  "/.samlgate",
	}
}

func TestReturnAddresses(t *testing.T) {
	allowed := func(raw, host string) {
		t.Helper()
		if u, ok := returnPolicy().Check(raw); !ok || u.String() != raw || u.Host() != host || u.IsZero() {
			t.Errorf("%q: %v, %q", raw, ok, u.Host())
		}
	}
	refused := func(raws ...string) {
		t.Helper()
		for _, raw := range raws {
			if u, ok := returnPolicy().Check(raw); ok || !u.IsZero() {
				t.Errorf("%q was accepted", raw)
			}
		}
	}
	allowed("/", "")
	allowed("/a/b.html?x=//evil.example&y=..%2f#/../frag", "")
	allowed("/caf%C3%A9/100%25", "")
	allowed("/a//b", "")
	allowed("/.samlgate2/x", "")
	allowed("/.well-known/x", "")
	allowed("/wiki/.samlgate/", "")
	allowed("https://sso.example.com", "sso.example.com")
	allowed("https://sso.example.com?x", "sso.example.com")
	allowed("https://wiki.example.com/a?b=https://c@d", "wiki.example.com")
	allowed("https://wiki.example.com:443/", "wiki.example.com")
	allowed("https://portal.example.org:8443/x", "portal.example.org")
	allowed("http://old.example.org/", "old.example.org")

	// Another host, as some browser or server would read it.
	refused("", "//evil.example", "///evil.example", "////evil.example", `/\evil.example`, `\/evil.example`, `\\evil.example`,
		"/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/%09/evil.example", "/%0a/evil.example",
		"/%2fevil.example", "/%2Fevil.example", "/%5cevil.example", "/%255cevil.example", "/%252fevil.example", "/..//evil.example",
		"/.//evil.example", "/a/..//evil.example", "/%2e%2e//evil.example", "/%2e//evil.example", "/..;//evil.example",
		"https:evil.example", "https:/evil.example", "https:///evil.example", "https:wiki.example.com", "https:/wiki.example.com/",
		"https:\\\\evil.example", "evil.example", "wiki.example.com", "?x", "#x", ".", "javascript:alert(1)", "JavaScript://%0aalert(1)",
		"data:text/html,x", "vbscript:x", "file:///etc/passwd", "ftp://wiki.example.com/", "https://evil.example/",
		"https://evil.example/wiki.example.com", "https://wiki.example.com.evil.example/", "https://evilwiki.example.com/",
		"https://wiki.example.com@evil.example/", "https://evil.example@wiki.example.com/", "https://@wiki.example.com/",
		"https://wiki.example.com:x@evil.example/", "https://evil.example#@wiki.example.com/", "https://evil.example?@wiki.example.com/",
		`https://evil.example\@wiki.example.com/`, `https://wiki.example.com\.evil.example/`, "https://wiki.example.com%2f.evil.example/",
		"https://wiki.example.com%00.evil.example/", "https://[wiki.example.com]/", "https://[::1]/", "https://", "https://:443/", "https://?", "://x")
	// Our host in a spelling that we do not need to understand.
	refused("HTTPS://wiki.example.com/", "Https://sso.example.com/", "https://WIKI.example.com/", "https://wiki.example.com./",
		"https://wiki%2eexample.com/", "https://w\u0131ki.example.com/", "https://wiki。example.com/", "https://ｗiki.example.com/",
		"https://wiki..example.com/", "https://wiki.example.com:/", "https://wiki.example.com:0443/", "https://wiki.example.com:+443/")
	// Another port or scheme.
	refused("http://wiki.example.com/", "http://sso.example.com/", "https://wiki.example.com:8443/", "http://wiki.example.com:443/",
		"https://portal.example.org/", "http://portal.example.org:8443/", "https://old.example.org/", "https://wiki.example.com:65979/")
	// At or below the prefix.
	refused("/.samlgate", "/.samlgate/", "/.samlgate?x", "/.samlgate#x", "/.samlgate/login", "/.SAMLGATE/login", "/.samlgate/..",
		"/./.samlgate/login", "/x/../.samlgate/login", "/x/%2e%2e/.samlgate/login", "/%2esamlgate/login", "/%252esamlgate/login",
		"/%2E%73amlgate/", "/.samlgate%2flogin", "/.samlgate;x=1/login", "/.%73%61mlgate;/", "/.samlgate./login", "/.samlgate%20/login",
		"/.%C5%BFamlgate/login", "https://wiki.example.com/.samlgate/logout", "https://wiki.example.com//.samlgate/logout",
		"https://sso.example.com/x//../.samlgate", "/%25%32%65%25%37%33amlgate/")
	// What does not decode, or never stops to.
	refused("/%", "/%zz", "/%2", "/%2525252541", "/\x00", "/\x7f", "/ü", "/a b", "/"+strings.Repeat("a", 2048))
}

func TestReturnPolicyWithoutAnything(t *testing.T) {
	if _, ok := (ReturnPolicy{}).Check("https://sso.example.com/"); ok {
		t.Error("an absolute URL without an origin to compare")
	}
	if _, ok := (ReturnPolicy{}).Check("/.samlgate"); !ok {
		t.Error("no prefix, nothing below it")
	}
	p := ReturnPolicy{External: &url.URL{Scheme: "http", Host: "[::1]:8080"}}
	if u, ok := p.Check("http://[::1]:8080/x"); !ok || u.Host() != "::1" {
		t.Error("an IPv6 address")
	}
	if _, ok := p.Check("http://::1:8080/x"); ok {
		t.Error("an IPv6 address without brackets")
	}
}

// browserOrigin is what the WHATWG URL standard makes of a Location on
// base: it trims, drops tabs and line breaks, and takes "\" for "/".
func browserOrigin(raw, base string) string {
	raw = strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' })
	raw = strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(raw)
	scheme, rest, absolute := strings.Cut(raw, ":")
	if absolute && !strings.ContainsAny(scheme, "/?#") {
		if scheme = strings.ToLower(scheme); scheme != "https" && scheme != "http" {
			return scheme + ":"
		}
	} else {
		scheme, _, _ = strings.Cut(base, ":")
		if !strings.HasPrefix(raw, "//") {
			return base
		}
		rest = raw
	}
	rest = strings.TrimLeft(rest, "/")
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority = rest[:i]
	}
	authority = strings.ToLower(authority[strings.LastIndexByte(authority, '@')+1:])
	if scheme == "https" {
		authority = strings.TrimSuffix(authority, ":443")
	} else {
		authority = strings.TrimSuffix(authority, ":80")
	}
	return scheme + "://" + authority
}

// Wherever a browser goes with what was accepted, it is one of our origins.
func FuzzReturnPolicy(f *testing.F) {
	for _, s := range []string{"/a", "//evil.example", "https://wiki.example.com/", "https:wiki.example.com", `/\e`, "/%2e%2e/", "https://a@sso.example.com"} {
		f.Add(s)
	}
	base := "https://sso.example.com"
	ours := map[string]bool{base: true, "https://wiki.example.com": true, "https://portal.example.org:8443": true, "http://old.example.org": true}
	f.Fuzz(func(t *testing.T, raw string) {
		u, ok := returnPolicy().Check(raw)
		if !ok {
			if !u.IsZero() {
				t.Fatal("a refusal with an address")
			}
			return
		}
		if got := browserOrigin(raw, base); !ours[got] {
			t.Fatalf("%q leads to %q", raw, got)
		}
		b, _ := url.Parse(base)
		r, err := b.Parse(raw)
		if err != nil || r.User != nil || !ours[strings.TrimSuffix(r.Scheme+"://"+r.Host, ":443")] && r.Port() != "80" {
			t.Fatalf("%q resolves to %v, %v", raw, r, err)
		}
		if strings.HasPrefix(strings.ToLower(r.Path), "/.samlgate/") {
			t.Fatalf("%q is below the prefix", raw)
		}
	})
}
