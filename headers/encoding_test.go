package headers

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEncodings(t *testing.T) {
	for _, c := range []struct {
		encoding Encoding
		value    string
		want     string // empty = absent
	}{
		{UTF8, "Zoë Müller", "Zoë Müller"}, {UTF8, "a\tb", ""}, {UTF8, "a\r\nX-Admin: 1", ""}, {UTF8, "\xff", ""},
		{ASCII, "Zoe", "Zoe"}, {ASCII, "Zoë", ""}, {ASCII, "a\x7f", ""},
		{Percent, "Zoë +1%", "Zo%C3%AB%20%2B1%25"}, {Percent, "ana@example.com", "ana@example.com"},
		{Percent, "a\r\nX-Admin: 1", "a%0D%0AX-Admin:%201"}, {Percent, "\xff", ""}, {Percent, " ", "%20"},
		{RFC2047, "Zoe M", "Zoe M"}, {RFC2047, "Zoë", "=?UTF-8?B?Wm/Dqw==?="}, {RFC2047, "a\nb", "=?UTF-8?B?YQpi?="},
		{RFC2047, "=?UTF-8?B?Ym9zcw==?=", "=?UTF-8?B?PT9VVEYtOD9CP1ltOXpjdz09Pz0=?="}, {RFC2047, "\xff", ""},
		{RFC2047, strings.Repeat("\x96", 100), ""}, // no whole character to cut at
		{Base64, "Zoë", "Wm/Dqw=="}, {Base64, "a\x00", "YQA="}, {Base64, "\xff", ""},
	} {
		h := http.Header{}
		report, err := Apply(h, Names{FirstName: "X-First", Encoding: c.encoding}, Values{FirstName: c.value})
		if got := h.Get("X-First"); err != nil || got != c.want || (report.Total() == 1) != (c.want == "") {
			t.Errorf("%s %q: %q, %+v, %v; want %q", c.encoding, c.value, got, report, err, c.want)
		}
	}
}

// The table in docs/header-contract.md tells the truth.
func TestDocumentedEncodings(t *testing.T) {
	doc, err := os.ReadFile("../docs/header-contract.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []Encoding{Percent, RFC2047, Base64} {
		h := http.Header{}
		if _, err := Apply(h, Names{FirstName: "A", Encoding: e}, Values{FirstName: "Zoë Müller"}); err != nil {
			t.Fatal(err)
		}
		if row := fmt.Sprintf("| `%s` | `%s` |", e, h.Get("A")); !strings.Contains(string(doc), row) {
			t.Errorf("docs/header-contract.md lacks %s", row)
		}
	}
}

// What a header names wins over what all have; fixed values and the token stay.
func TestEncodingOfOneHeader(t *testing.T) {
	n := allNames()
	n.Encoding, n.Encodings = Percent, map[string]Encoding{"x-auth-last-name": Base64, "X-Auth-Email": UTF8}
	n.Set = map[string]string{"X-Api-Key": "50% off"}
	v := ana()
	v.FirstName, v.Roles = "Anä", []string{"Tëam A", "b"}
	h := http.Header{}
	if report, err := Apply(h, n, v); err != nil || report.Total() != 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	for name, want := range map[string]string{
		"X-Auth-First-Name": "An%C3%A4", "X-Auth-Last-Name": "TcO8bGxlcg==", "X-Auth-Email": "ana@example.com",
		"X-Api-Key": "50% off", "X-Auth-Roles": "T%C3%ABam%20A,b", "X-Auth-Dept": "R&D",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	s := newTestSigner(t, newClock())
	keys, err := ParseKeySet(s.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := NewVerifier(VerifierConfig{Issuer: issuer, Audience: "wiki", Keys: keys, Names: n, Now: newClock().now})
	if err != nil {
		t.Fatal(err)
	}
	delete(h, "X-Api-Key")
	h.Set(n.JWT, sign(t, s, "wiki", v))
	claims, err := verifier.Verify(&http.Request{Header: h})
	if err != nil || claims.GivenName != "Anä" || !slices.Equal(claims.Roles, v.Roles) {
		t.Errorf("the token carries %+v, %v", claims, err)
	}
	h.Set("X-Auth-First-Name", "Anä")
	if _, err := verifier.Verify(&http.Request{Header: h}); err == nil {
		t.Error("a header in another encoding than the app was told passes")
	}
}

func TestAnEncodedRoleCannotBeSplit(t *testing.T) {
	for _, c := range []struct {
		encoding         Encoding
		separator, roles string // by |
		want             string
	}{
		{Percent, ",", "a,admin|b", "b"},
		{Base64, ",", "a,admin|b|c\nd", "Yg=="},
		{Base64, "=", "a|abc", "YWJj"}, // "a" is YQ==
		{RFC2047, " ", "Zoë|b", "=?UTF-8?B?Wm/Dqw==?= b"},
		{RFC2047, " ", strings.Repeat("ë", 40) + "|b", "b"}, // two words
		{RFC2047, "?", "Zoë|b", "b"},
		{Percent, "%", "Zoë|b", "b"},
	} {
		h := http.Header{}
		_, err := Apply(h, Names{Roles: "Roles", Separator: c.separator, Encoding: c.encoding}, Values{Roles: strings.Split(c.roles, "|")})
		if err != nil || h.Get("Roles") != c.want {
			t.Errorf("%s of %q by %q: %q, %v", c.encoding, c.roles, c.separator, h.Get("Roles"), err)
		}
	}
}

func TestTheLimitIsOnWhatTravels(t *testing.T) {
	v := Values{FirstName: strings.Repeat("ë", MaxValue/3)}
	if _, err := Apply(http.Header{}, Names{FirstName: "A"}, v); err != nil {
		t.Errorf("utf8: %v", err)
	}
	for _, e := range []Encoding{Percent, RFC2047} {
		if _, err := Apply(http.Header{}, Names{FirstName: "A", Encoding: e}, v); err == nil {
			t.Errorf("%s: sent though it is longer than a header may be", e)
		}
	}
	if err := (Names{Email: "A", Encoding: "rot13"}).Check(); err == nil {
		t.Error("an encoding that there is not was accepted")
	}
}

// What an app decodes is what was encoded, the field holds nothing that HTTP
// would change, and of roles none comes out that did not go in.
func FuzzEncodings(f *testing.F) {
	for i := range Encodings() {
		f.Add(uint8(i), "Zoë %2B+ =?UTF-8?Q?x?=", "a,b", ",")
		f.Add(uint8(i), "a\r\nb", "Team A", " ")
		f.Add(uint8(i), strings.Repeat("ü😀", 40), "\xff", ";;")
	}
	f.Fuzz(func(t *testing.T, which uint8, value, role, separator string) {
		e := Encodings()[int(which)%len(Encodings())]
		names := Names{Username: "User", Roles: "Roles", Encoding: e, Separator: separator}
		if names.Check() != nil || strings.Trim(separator, " ") == "" && separator != " " {
			return
		}
		h, roles := http.Header{}, []string{"first", role, "Zoë"}
		report, err := Apply(h, names, Values{Username: value, Roles: roles})
		if err != nil {
			return
		}
		for name, lines := range h {
			for _, c := range []byte(lines[0]) {
				if c < ' ' || c == 0x7f || e != UTF8 && c > '~' {
					t.Fatalf("%s holds the byte %#x", name, c)
				}
			}
			if strings.Trim(lines[0], " ") != lines[0] && !strings.Contains(separator, " ") || !utf8.ValidString(lines[0]) {
				t.Fatalf("%s is %q", name, lines[0])
			}
		}
		if lines := h["User"]; len(lines) == 1 {
			if got, err := e.Decode(lines[0]); err != nil || got != value {
				t.Fatalf("%s: %q became %q, %v", e, value, got, err)
			}
		} else if value != "" && !slices.Contains(report.Absent, "User") {
			t.Fatalf("%s: %q vanished", e, value)
		}
		if lines := h["Roles"]; len(lines) == 1 {
			for part := range strings.SplitSeq(lines[0], separator) {
				if got, err := e.Decode(strings.Trim(part, " ")); err != nil || !slices.Contains(roles, got) {
					t.Fatalf("%s by %q: %q came out of %q, %v", e, separator, got, roles, err)
				}
			}
		}
	})
}
