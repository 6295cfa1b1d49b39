package pages

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// everyPage returns one answer of each kind.
func everyPage(p *Pages) map[string]func(http.ResponseWriter, *http.Request) {
	all := map[string]func(http.ResponseWriter, *http.Request){
		"confirm": func(w http.ResponseWriter, r *http.Request) {
			p.ConfirmLogout(w, r, ConfirmLogout{Fields: []Field{{"a", "b"}}, Cancel: "/x"})
		},
		"chooser": func(w http.ResponseWriter, r *http.Request) {
			p.Chooser(w, r, Chooser{Route: "Wiki", Choices: []Choice{{Name: "Corp", Hint: "example.com", URL: "/.samlgate/login/corp"}}})
		},
		"chooser with a form": func(w http.ResponseWriter, r *http.Request) {
			p.Chooser(w, r, Chooser{Route: "Wiki", RequestID: "req-1", Form: &ChooserForm{URL: "/.samlgate/discovery", Email: true},
				Choices: []Choice{{Name: "Corp", URL: "/.samlgate/login/corp", ID: "corp", Logo: "/.samlgate/static/x.svg"}, {Name: "Two", URL: "/.samlgate/login/two", ID: "two"}}})
		},
		"suggest": func(w http.ResponseWriter, r *http.Request) {
			p.Suggest(w, r, Onward{IDP: "Corp", Go: Action{URL: "/.samlgate/login/corp"}, Choose: "/.samlgate/login?choose=1", RequestID: "req-1"})
		},
		"forward": func(w http.ResponseWriter, r *http.Request) {
			p.Forward(w, r, Onward{IDP: "Corp", Go: Action{URL: "/.samlgate/login/corp?a=b&c=d"}})
		},
		"account": func(w http.ResponseWriter, r *http.Request) {
			p.Account(w, r, Account{Name: "Ana", Email: "ana@example.com", IDP: "Corp", Since: noon.Add(-time.Hour),
				IdleEnds: noon.Add(time.Minute), Ends: noon.Add(time.Hour), Apps: []App{{"Wiki", "https://wiki.example.com/"}},
				Choice: &AccountChoice{Idles: []time.Duration{5 * time.Minute, time.Hour}, Maxes: []int{1, 2, 0}, Idle: 90 * time.Second},
				Manage: "/.samlgate/account", Sessions: []AccountSession{
					{Key: "k1", Device: "Firefox on Linux", Addr: "192.0.2.1", IDP: "Corp", Current: true, Created: noon.Add(-time.Hour), Used: noon},
					{Key: "k2", Addr: "192.0.2.2", Created: noon.Add(-3 * time.Hour), Used: noon.Add(-time.Minute)},
				}})
		},
		"confirm self": func(w http.ResponseWriter, r *http.Request) {
			p.ConfirmSelf(w, r, "https://sso.example.com/.samlgate/login?as=same", "/.samlgate/account")
		},
		"trial":      func(w http.ResponseWriter, r *http.Request) { p.TrialStart(w, r, "/.samlgate/try/x") },
		"resumed":    func(w http.ResponseWriter, r *http.Request) { p.Resumed(w, r, "/wiki") },
		"trial over": p.TrialOver,
		"onward": func(w http.ResponseWriter, r *http.Request) {
			p.Onward(w, r, "https://idp.example.com/sso?a=1", "Corp")
		},
		"limit": func(w http.ResponseWriter, r *http.Request) {
			p.Limit(w, r, Limit{Places: []SignedInPlace{{ID: "a", Device: "Firefox on Linux", Addr: "192.0.2.7", Since: noon.Add(-time.Hour), LastUse: noon.Add(-time.Minute)}, {ID: "b", LastUse: noon}},
				Action: "/.samlgate/limit", Fields: []Field{{"code", "c"}}, Actions: []Action{{Kind: SignInOther, URL: "/x"}}, Targets: []string{"https://wiki.example.com/"}, RequestID: "req-1"})
		},
		"limit without sessions": func(w http.ResponseWriter, r *http.Request) {
			p.Limit(w, r, Limit{Action: "/.samlgate/limit"})
		},
		"limit reached": func(w http.ResponseWriter, r *http.Request) {
			p.LimitReached(w, r, LimitReachedPage{Max: 2, Places: []SignedInPlace{{Device: "Firefox on Linux", Since: noon.Add(-time.Hour)}, {Since: noon}}, Actions: []Action{{Kind: SignInOther, URL: "/x"}}, RequestID: "req-1"})
		},
		"signed out by a sign-in": func(w http.ResponseWriter, r *http.Request) {
			p.SignedOut(w, r, SignedOut{Reason: EndedElsewhere, Agent: "Firefox on Linux", At: noon, Status: 401})
		},
		"account of nobody": func(w http.ResponseWriter, r *http.Request) { p.Account(w, r, Account{}) },
		"post": func(w http.ResponseWriter, r *http.Request) {
			p.PostForm(w, r, "https://idp.example.com/sso", []Field{{"SAMLRequest", "PHg+"}}, "Corp")
		},
	}
	all["post logout"] = func(w http.ResponseWriter, r *http.Request) {
		p.PostLogout(w, r, PostLogout{Action: "https://idp.example.com/slo", Fields: []Field{{"SAMLRequest", "PHg+"}}, IDP: "Corp"})
	}
	all["leaving"] = func(w http.ResponseWriter, r *http.Request) {
		p.Leaving(w, r, Leaving{URL: "https://sso.example.com/.samlgate/logout/finish?code=x&go=1"})
	}
	for reason := range endGlyphs {
		all["signed out "+string(reason)] = func(w http.ResponseWriter, r *http.Request) {
			p.SignedOut(w, r, SignedOut{Reason: reason, IDP: "Corp"})
		}
	}
	for code := range kinds {
		all["error "+string(code)] = func(w http.ResponseWriter, r *http.Request) {
			p.Error(w, r, Problem{Code: code, RequestID: "req-1", RetryAfter: time.Minute})
		}
	}
	return all
}

func TestEveryPageIsSound(t *testing.T) {
	p := newPages(t, func(c *Config) {
		c.Footer, c.Logo = "Internal use only", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")
		c.Support = Support{Text: "IT", URL: "https://help.example.com/", Email: "help@example.com"}
	})
	for name, handler := range everyPage(p) {
		for _, lang := range Languages() {
			t.Run(name+" "+lang, func(t *testing.T) {
				sound(t, show(handler, browser("GET", "/x", lang)), lang)
			})
		}
	}
}

// sound checks what holds for each page: headers, landmarks, one heading, and
// nothing that the page's own policy would forbid.
func sound(t *testing.T, res *http.Response, lang string) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Language": lang, "Cache-Control": "no-store",
		"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
		"Vary": vary,
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	policy := res.Header.Get("Content-Security-Policy")
	for _, directive := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, directive) {
			t.Errorf("policy lacks %s: %s", directive, policy)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("policy is unsafe: %s", policy)
	}
	doc := parse(t, res)
	for tag, want := range map[string]int{"html": 1, "h1": 1, "main": 1, "header": 1, "title": 1, "style": 1} {
		if got := len(find(doc, tag)); got != want {
			t.Errorf("%d <%s>, want %d", got, tag, want)
		}
	}
	if got := attr(find(doc, "html")[0], "lang"); got != lang {
		t.Errorf("lang = %q, want %q", got, lang)
	}
	allowed(t, doc, policy)
}

// allowed checks each element and attribute against the policy.
func allowed(t *testing.T, doc *html.Node, policy string) {
	t.Helper()
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "style" || n.Data == "script" {
			if !strings.Contains(policy, n.Data+"-src "+hash(content(n))) {
				t.Errorf("<%s> is not the one that the policy names", n.Data)
			}
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s> has attribute %s", n.Data, a.Key)
			}
			if slices.Contains([]string{"href", "src", "action"}, a.Key) && strings.HasPrefix(strings.ToLower(a.Val), "javascript") {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
		if (n.Data == "a" || n.Data == "button" || n.Data == "h1" || n.Data == "dd") && strings.TrimSpace(content(n)) == "" {
			t.Errorf("<%s> is empty", n.Data)
		}
	}
}

func parse(t *testing.T, res *http.Response) *html.Node {
	t.Helper()
	doc, err := html.Parse(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func find(doc *html.Node, tag string) (list []*html.Node) {
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == tag {
			list = append(list, n)
		}
	}
	return list
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func content(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}
