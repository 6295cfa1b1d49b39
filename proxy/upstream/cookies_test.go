package upstream

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func ours(name string) bool {
	return strings.EqualFold(name, "__Host-samlgate") || strings.EqualFold(name, "__Host-samlgate-login")
}

func TestCutCookies(t *testing.T) {
	tests := []struct {
		in, out []string
		cut     int
	}{
		{nil, nil, 0},
		{[]string{"a=1; b=2"}, []string{"a=1; b=2"}, 0},
		{[]string{"__Host-samlgate=x"}, nil, 1},
		{[]string{"a=1; __Host-samlgate=x; b=2"}, []string{"a=1; b=2"}, 1},
		{[]string{"__Host-samlgate=x; a=1"}, []string{"a=1"}, 1},
		{[]string{"a=1; __Host-samlgate=x"}, []string{"a=1"}, 1},
		{[]string{"a=1;__Host-samlgate=x;b=2"}, []string{"a=1;b=2"}, 1},
		{[]string{"__Host-samlgate=x; __Host-samlgate=y; __Host-samlgate-login=z"}, nil, 3},
		{[]string{"a=1", "__Host-samlgate=x", "b=2"}, []string{"a=1", "b=2"}, 1},
		{[]string{"a=1;", "__Host-samlgate=x;"}, []string{"a=1;"}, 1},
		// The app's bytes stay, however odd.
		{[]string{`a="1 , 2"; b={"x":1}; c; =d; ; e==; __HOST-SAMLGATE=x; f=é ; f=2`}, []string{`a="1 , 2"; b={"x":1}; c; =d; ; e==; f=é ; f=2`}, 1},
		{[]string{"samlgate=1; x__Host-samlgate=2; __Host-samlgatex=3"}, []string{"samlgate=1; x__Host-samlgate=2; __Host-samlgatex=3"}, 0},
		// Other spellings of ours.
		{[]string{"a=1;  __host-SamlGate = x"}, []string{"a=1"}, 1},
		{[]string{"__Host-samlgate"}, nil, 1},
		{[]string{"=__Host-samlgate=x; a=1"}, []string{"a=1"}, 1},
		{[]string{"\t__Host-samlgate\t=x"}, nil, 1},
		{[]string{`"__Host-samlgate"=x; a=1`}, []string{"a=1"}, 1},
		// A value that looks like ours is the app's.
		{[]string{"next=__Host-samlgate=x"}, []string{"next=__Host-samlgate=x"}, 0},
		// A quoted value does not protect what stands behind a semicolon (RFC 6265 §4.2.1).
		{[]string{`a="1; __Host-samlgate=x; "`}, []string{`a="1; "`}, 1},
	}
	for _, test := range tests {
		h := http.Header{}
		if test.in != nil {
			h["Cookie"] = slices.Clone(test.in)
		}
		if cut := CutCookies(h, ours); cut != test.cut || !slices.Equal(h["Cookie"], test.out) {
			t.Errorf("%q became %q, %d cut; want %q, %d", test.in, h["Cookie"], cut, test.out, test.cut)
		}
		if _, found := h["Cookie"]; found && test.out == nil {
			t.Errorf("%q left an empty Cookie header", test.in)
		}
	}
}

// The caller's slice may be shared with the request that was received.
func TestCutCookiesLeavesTheReceivedRequest(t *testing.T) {
	in := http.Header{"Cookie": {"a=1; __Host-samlgate=x"}}
	out := http.Header{"Cookie": in["Cookie"]}
	CutCookies(out, ours)
	if in.Get("Cookie") != "a=1; __Host-samlgate=x" {
		t.Errorf("the received header became %q", in.Get("Cookie"))
	}
}

func TestDropSetCookie(t *testing.T) {
	deny := []string{
		"__Host-samlgate=x", "__Host-samlgate=; Max-Age=0; Path=/; Secure", "__host-SAMLGATE=x; Path=/",
		" __Host-samlgate=x", "\t__Host-samlgate\t=x", "__Host-samlgate = x", "__Host-samlgate", "__Host-samlgate;Path=/",
		"=__Host-samlgate=x", " = __Host-samlgate=x", "==__Host-samlgate=x", "=__Host-samlgate", `"__Host-samlgate"=x`,
	}
	allow := []string{"a=1", "samlgate=1", "a=__Host-samlgate=x", "__Host-samlgate2=x", "=a=__Host-samlgate", "", "a=1; __Host-samlgate=x"}
	for _, line := range deny {
		h := http.Header{"Set-Cookie": {"a=1", line, "b=2"}}
		if n := DropSetCookie(h, ours); n != 1 || !slices.Equal(h["Set-Cookie"], []string{"a=1", "b=2"}) {
			t.Errorf("%q passed: %q", line, h["Set-Cookie"])
		}
	}
	for _, line := range allow {
		h := http.Header{"Set-Cookie": {line}}
		if n := DropSetCookie(h, ours); n != 0 || len(h["Set-Cookie"]) != 1 {
			t.Errorf("%q was dropped", line)
		}
	}
	h := http.Header{"Set-Cookie": {"__Host-samlgate=x"}}
	if DropSetCookie(h, ours); len(h) != 0 {
		t.Errorf("an empty header stayed: %v", h)
	}
}

// Whatever comes in: nothing of ours is left, what is left was there before,
// and cutting again cuts nothing.
func FuzzCutCookies(f *testing.F) {
	for _, s := range []string{"a=1; __Host-samlgate=x; b=2", "=__Host-samlgate=x", `"__Host-samlgate"=x;;; `, "a;b;__HOST-samlgate"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h := http.Header{"Cookie": {s}}
		n := CutCookies(h, ours)
		rest := h.Get("Cookie")
		if n == 0 && rest != s {
			t.Fatalf("%q became %q with nothing cut", s, rest)
		}
		if CutCookies(h, ours) != 0 {
			t.Fatalf("%q left %q", s, rest)
		}
		r := http.Request{Header: h}
		for _, c := range r.Cookies() {
			if ours(c.Name) {
				t.Fatalf("%q left cookie %q", s, c.Name)
			}
		}
		at := 0
		for pair := range strings.SplitSeq(rest, ";") {
			i := strings.Index(s[at:], pair)
			if i < 0 {
				t.Fatalf("%q became %q: %q is new or out of order", s, rest, pair)
			}
			at += i + len(pair)
		}
	})
}

func TestPrivateCaching(t *testing.T) {
	for in, want := range map[string]string{
		"":                                "private",
		"public":                          "private",
		"public, max-age=60":              "max-age=60, private",
		"max-age=60,s-maxage=600":         "max-age=60, private",
		"PUBLIC , S-MaxAge = 5, no-cache": "no-cache, private",
		"private, max-age=5":              "private, max-age=5",
		"Private":                         "Private",
		"no-store":                        "no-store",
		"no-store, public":                "no-store",
		"no-cache":                        "no-cache, private",
		`no-cache="public, x", max-age=1`: `no-cache="public, x", max-age=1, private`,
		`private="Set-Cookie", public`:    "private",
		`private="a, b", max-age=1`:       "max-age=1, private",
		`private=`:                        "private",
		`ext="a\", public", public`:       `ext="a\", public", private`,
		`x="oops, public, s-maxage=9`:     "x=, oops, private",
		",, ,public,,":                    "private",
		"must-revalidate|public":          "must-revalidate, private",
	} {
		h := http.Header{"Cdn-Cache-Control": {"max-age=9"}, "Surrogate-Control": {"max-age=9"}, "Cloudflare-Cdn-Cache-Control": {"x"}}
		if in != "" {
			h["Cache-Control"] = strings.Split(in, "|") // two lines
		}
		PrivateCaching(h)
		if got := h["Cache-Control"]; len(got) != 1 || got[0] != want || len(h) != 1 {
			t.Errorf("%q became %q in %v, want %q", in, got, h, want)
		}
	}
}
