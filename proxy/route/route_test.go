package route

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func TestCanonicalHost(t *testing.T) {
	for in, want := range map[string]string{
		"wiki.example.com":       "wiki.example.com",
		"WIKI.Example.COM:8443":  "wiki.example.com",
		"wiki.example.com.":      "wiki.example.com",
		"wiki.example.com.:443":  "wiki.example.com",
		"wiki:":                  "wiki",
		"my_app-1.corp":          "my_app-1.corp",
		"10.0.0.1:80":            "10.0.0.1",
		"[::1]":                  "[::1]",
		"[2001:DB8:0:0::1]:8443": "[2001:db8::1]",
		"[::1]:":                 "[::1]",
	} {
		if got, err := CanonicalHost(in); err != nil || got != want {
			t.Errorf("CanonicalHost(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, bad := range []string{
		"", ".", ":80", "a..b", ".a", "a.b..", "a b", "a/b", "a@b", "user:pw@a", "a\x00b", "a\r\nb", "a,b", "a\\b", "a%2eb", "*.a",
		"müller.de", "a:80:90", "a:99999", "a:+80", "a:8o", "a:000080", "[::1", "::1", "[::1]x", "[fe80::1%25eth0]", "[fe80::1%eth0]", "[1.2.3.4]", "[]",
		strings.Repeat("a", 64), strings.Repeat("a.", 127) + "a",
	} {
		if got, err := CanonicalHost(bad); !errors.Is(err, ErrHost) || got != "" {
			t.Errorf("CanonicalHost(%q) = %q, %v; want ErrHost", bad, got, err)
		}
	}
}

// target parses a request target as net/http does.
func target(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.ParseRequestURI(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return u
}

func TestCanonicalPathAccepts(t *testing.T) {
	for in, want := range map[string][2]string{ // target → decoded, escaped
		"/":                       {"/", "/"},
		"/a/b/":                   {"/a/b/", "/a/b/"},
		"/a?x=..//%2f;y":          {"/a", "/a"},
		"http://h/a":              {"/a", "/a"},
		"http://h":                {"/", "/"},
		"http://h?q":              {"/", "/"},
		"/%61%7e%2D":              {"/a~-", "/a~-"},
		"/file%2etxt":             {"/file.txt", "/file.txt"},
		"/.well-known/x":          {"/.well-known/x", "/.well-known/x"},
		"/a..b/...c":              {"/a..b/...c", "/a..b/...c"},
		"/a%20b":                  {"/a b", "/a%20b"},
		"/c+d%2Be":                {"/c+d+e", "/c+d%2Be"},
		"/a%3fb":                  {"/a?b", "/a%3Fb"},
		"/%c3%bc":                 {"/ü", "/%C3%BC"},
		"/ü":                      {"/ü", "/%C3%BC"},
		"/100%25":                 {"/100%", "/100%25"},
		"/100%25%20off":           {"/100% off", "/100%25%20off"},
		"/a[1]{2}\"<>^`|":         {"/a[1]{2}\"<>^`|", "/a%5B1%5D%7B2%7D%22%3C%3E%5E%60%7C"},
		"/user@host:80,a=b!$&'()": {"/user@host:80,a=b!$&'()", "/user@host:80,a=b!$&'()"},
	} {
		p, err := CanonicalPath(target(t, in))
		if err != nil || p.Decoded() != want[0] || p.Escaped() != want[1] {
			t.Errorf("CanonicalPath(%q) = %q, %q, %v; want %q", in, p.Decoded(), p.Escaped(), err, want)
		}
	}
}

func TestCanonicalPathRefuses(t *testing.T) {
	for _, in := range []string{
		"/a%2fb", "/a%2Fb", "/public/..%2fadmin", "/public%2f..%2fadmin",
		"/a%5cb", "/a%5Cb", `/a\b`, `/\evil.example`,
		"/a;b", "/a;/b", "/public;/../admin", "/a%3bb", "/..;/admin",
		"//", "//evil.example/a", "/a//b", "/a/b//",
		"/.", "/..", "/a/../b", "/a/./b", "/a/..", "/%2e%2e/a", "/.%2e/a", "/%2E/a", "/a/%2e",
		"/...", "/a/.../b", "/.. /a", "/..%20/a", "/.%20./a", "/%20/a",
		"/a#b", "/a%23b", "/a?b#c",
		"/a%00", "/a%0d%0ab", "/a%7f", "/a%1f", "/%c2%85",
		"/%c0%ae%c0%ae/a", "/%c0%af", "/%e0%80%af", "/%ff", "/%ed%a0%80", "/%c3",
		"/%252e%252e/a", "/a%252fb", "/a%255cb", "/a%2500", "/%25%32%65", "/a%2525",
		"http://user:pw@h/a", "http://user@h",
	} {
		if p, err := CanonicalPath(target(t, in)); !errors.Is(err, ErrAmbiguous) || p != (Path{}) {
			t.Errorf("CanonicalPath(%q) = %q, %v; want ErrAmbiguous", in, p, err)
		}
	}
	for name, u := range map[string]*url.URL{
		"OPTIONS *": {Path: "*"}, "CONNECT": {Host: "a:443"}, "nothing": {}, "relative": {Path: "a"},
	} {
		if _, err := CanonicalPath(u); !errors.Is(err, ErrNoPath) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, u := range map[string]*url.URL{
		"opaque": {Scheme: "http", Opaque: "x"}, "fragment": {Path: "/a", Fragment: "b"},
		"two spellings": {Path: "/public", RawPath: "/admin"},
	} {
		if _, err := CanonicalPath(u); !errors.Is(err, ErrAmbiguous) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{"/%", "/%2", "/%zz", "/a%g0"} {
		if _, err := ParsePath(bad); !errors.Is(err, ErrAmbiguous) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestBelowAndWithout(t *testing.T) {
	for _, test := range []struct{ path, prefix, want string }{
		{"/wiki", "/wiki", "/"}, {"/wiki/", "/wiki", "/"}, {"/wiki/x%2By/", "/wiki/", "/x%2By/"},
		{"/%C3%BC/b%20c/d", "/ü/b c", "/d"}, {"/a", "/", "/a"}, {"/a", "", "/a"}, {"/", "/", "/"},
		{"/wikix", "/wiki", ""}, {"/Wiki", "/wiki", ""}, {"/", "/wiki", ""},
	} {
		p, err := ParsePath(test.path)
		if err != nil {
			t.Fatal(err)
		}
		rest, ok := p.Without(test.prefix)
		again, _ := ParsePath(rest.Escaped())
		if rest.Escaped() != test.want || ok != (test.want != "") || again != rest || p.Below(test.prefix) != ok {
			t.Errorf("%q without %q = %q, %v; want %q", test.path, test.prefix, rest, ok, test.want)
		}
	}
	if (Path{}).Below("") || (Path{}).Below("/") {
		t.Error("the zero path is somewhere")
	}
}

// What is accepted decodes to what was matched, for the upstream's parser too,
// is its own canonical form, and holds nothing that was promised to be absent.
func FuzzCanonicalPath(f *testing.F) {
	for _, s := range []string{"/a%2Fb", "/%2e%2e;/x", "//x", "/a%252e", "/ü%20+?x#y", "http://u@h/p", "/\\..", "/%25%32%65", "/a%3Fb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := url.ParseRequestURI(s)
		if err != nil {
			return
		}
		p, err := CanonicalPath(u)
		if err != nil {
			return
		}
		back, err := url.ParseRequestURI(p.Escaped())
		if err != nil || back.Path != p.Decoded() || back.EscapedPath() != p.Escaped() || back.RawQuery != "" || back.Host != "" {
			t.Fatalf("%q is forwarded as %q, which reads %q, %v", s, p.Escaped(), back, err)
		}
		if again, err := CanonicalPath(back); err != nil || again != p {
			t.Fatalf("%q twice is %q, %v", s, again, err)
		}
		if u.Path != "" && u.Path != p.Decoded() {
			t.Fatalf("%q was read as %q by net/url and %q by us", s, u.Path, p.Decoded())
		}
		for _, reading := range []string{p.Decoded(), p.Escaped(), unescapeTwice(p.Escaped())} {
			for _, bad := range []string{"//", "/../", "/./", ";", `\`, "\x00", "#"} {
				if strings.Contains(reading+"/", bad) && !(bad == "//" && strings.HasSuffix(reading, "/")) {
					t.Fatalf("%q was accepted as %q with %q", s, reading, bad)
				}
			}
		}
	})
}

func unescapeTwice(s string) string {
	for range 2 {
		if once, err := url.PathUnescape(s); err == nil {
			s = once
		}
	}
	return s
}
