package pages

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const attack = `"><script>alert(1)</script><img src=x onerror=alert(1)>{idp}'&`

// Whatever comes from outside stays text, in every place that takes it.
func TestMarkupStaysText(t *testing.T) {
	p := newPages(t, func(c *Config) {
		c.Title, c.Footer, c.Support.Text = attack, attack, attack
	})
	args := map[string]string{}
	for name := range p.catalogues[0].Absent {
		args[name] = attack
	}
	pages := map[string]func(http.ResponseWriter, *http.Request){
		"chooser": func(w http.ResponseWriter, r *http.Request) {
			p.Chooser(w, r, Chooser{Route: attack, RequestID: attack,
				Choices: []Choice{{Name: attack, Hint: attack, URL: "/x?" + `"><script>`}, {Name: attack, URL: "/ok", ID: attack}},
				Form:    &ChooserForm{URL: "/x", Fields: []Field{{attack, attack}}, Email: true}})
		},
		"suggest": func(w http.ResponseWriter, r *http.Request) {
			p.Suggest(w, r, Onward{IDP: attack, Go: Action{URL: "/x?" + attack}, Choose: "javascript:alert(1)", RequestID: attack})
		},
		"forward": func(w http.ResponseWriter, r *http.Request) {
			p.Forward(w, r, Onward{IDP: attack, Go: Action{URL: `/x?a="><script>alert(1)</script>`}, RequestID: attack})
		},
		"account": func(w http.ResponseWriter, r *http.Request) {
			p.Account(w, r, Account{Name: attack, Email: attack, IDP: attack, Apps: []App{{attack, "javascript:alert(1)"}, {attack, "/x"}}})
		},
		"post": func(w http.ResponseWriter, r *http.Request) {
			p.PostForm(w, r, `https://idp.example.com/sso?x="><script>`, []Field{{attack, attack}}, attack)
		},
		"signed out": func(w http.ResponseWriter, r *http.Request) { p.SignedOut(w, r, SignedOut{IDP: attack}) },
		"confirm": func(w http.ResponseWriter, r *http.Request) {
			p.ConfirmLogout(w, r, ConfirmLogout{Fields: []Field{{attack, attack}}, Cancel: "javascript:alert(1)"})
		},
	}
	for code := range kinds {
		pages["error "+string(code)] = func(w http.ResponseWriter, r *http.Request) {
			p.Error(w, r, Problem{Code: code, RequestID: attack, Args: args, Actions: []Action{{Label: attack, URL: "/x", Post: true, Fields: []Field{{attack, attack}}}}})
		}
	}
	for name, handler := range pages {
		t.Run(name, func(t *testing.T) {
			res := show(handler, browser("GET", "/x", "en"))
			policy := res.Header.Get("Content-Security-Policy")
			doc := parse(t, res)
			allowed(t, doc, policy)
			if got := len(find(doc, "script")); got > 1 || got == 1 && name != "post" {
				t.Errorf("%d <script>", got)
			}
			for _, img := range find(doc, "img") {
				t.Errorf("<img src=%q>", attr(img, "src"))
			}
		})
	}
}

func TestLinksThatAreNoLinks(t *testing.T) {
	for _, s := range []string{"/", "/a?b=c#d", "https://example.com", "http://localhost:8080/x", "https://[::1]/"} {
		if !isLink(s) {
			t.Errorf("%q is refused", s)
		}
	}
	for _, s := range []string{"", "x", "//evil.example", `/\evil.example`, "/\tevil", "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x",
		"https:evil", "https://", "https://u:p@example.com/", "ftp://example.com/", " https://example.com", "https://example.com/\r\nSet-Cookie:a"} {
		if isLink(s) {
			t.Errorf("%q is accepted", s)
		}
	}
}

func TestSupportLinksAreChecked(t *testing.T) {
	deny := func(s Support) {
		t.Helper()
		if _, err := New(Config{Support: s}); err == nil {
			t.Errorf("%+v is accepted", s)
		}
	}
	deny(Support{URL: "javascript:alert(1)"})
	deny(Support{URL: "data:text/html,<script>"})
	deny(Support{URL: "/relative"})
	deny(Support{Email: "a@example.com?bcc=evil@example.com"})
	deny(Support{Email: "nobody"})
}

// An address must not smuggle a directive or a source into the policy.
func TestPolicyTakesOriginsOnly(t *testing.T) {
	for target, want := range map[string]string{
		"https://idp.example.com/sso?a=b": "https://idp.example.com",
		"https://idp.example.com:8443/":   "https://idp.example.com:8443",
		"https://[::1]:8443/":             "https://[::1]:8443",
		"https://x;script-src *":          "",
		"https://x;script-src/":           "",
		"https://x'unsafe-inline'/":       "",
		"https://*/":                      "",
		"https://x,y/":                    "",
		"javascript:alert(1)":             "",
		"//x":                             "",
		"/x":                              "",
	} {
		if got, ok := origin(target); got != want || ok != (want != "") {
			t.Errorf("origin(%q) = %q, %v", target, got, ok)
		}
	}
	p := newPages(t)
	res := show(func(w http.ResponseWriter, r *http.Request) {
		p.ConfirmLogout(w, r, ConfirmLogout{Action: "https://idp.example.com/sso", Targets: []string{"https://login.example.com/", "https://x;script-src *", "https://idp.example.com"}})
	}, browser("GET", "/", "en"))
	if got := res.Header.Get("Content-Security-Policy"); !strings.Contains(got, "form-action 'self' https://idp.example.com https://login.example.com;") {
		t.Errorf("policy is %s", got)
	}
	for _, scheme := range []string{"https", "http"} {
		res := show(func(w http.ResponseWriter, r *http.Request) {
			p.Relay(w, r, scheme+"://sso.localhost/acs", nil, "sso.localhost")
		}, browser("GET", "/", "en"))
		if got := res.Header.Get("Content-Security-Policy"); !strings.Contains(got, "form-action 'self' "+scheme+"://sso.localhost "+scheme+":;") {
			t.Errorf("policy is %s", got)
		}
	}
	rec := httptest.NewRecorder()
	p.PostForm(rec, browser("GET", "/", "en"), "https://x;script-src *", nil, "Corp")
	if rec.Code != http.StatusInternalServerError || strings.Contains(rec.Header().Get("Content-Security-Policy"), "*") {
		t.Errorf("status %d, policy %s", rec.Code, rec.Header().Get("Content-Security-Policy"))
	}
}

func TestCleanKeepsTheLineStraight(t *testing.T) {
	for in, want := range map[string]string{
		" ana@example.com ": "ana@example.com",
		"a\u202eb":          "ab", // right-to-left override
		"a\u200bb":          "ab", // zero width space
		"a\x00\x1bb\r\nc":   "ab  c",
		"\xff":              "\uFFFD",
		"Zoë Łukasiewicz":   "Zoë Łukasiewicz",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
	if got := len([]rune(clean(strings.Repeat("é", 1<<20)))); got != maxArg {
		t.Errorf("a long value is shown with %d characters, want %d", got, maxArg)
	}
}
