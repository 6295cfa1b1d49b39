package proxy_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// browser keeps cookies for each host and tells where a request comes from.
type browser struct {
	*world
	jar map[string]map[string]*http.Cookie // :: host → name → cookie
}

func (w *world) browser() *browser {
	return &browser{world: w, jar: map[string]map[string]*http.Cookie{}}
}

// ask is one request.
type ask struct {
	method, body string
	site         string // Sec-Fetch-Site; "" = none
	kind         string // document (default), iframe, image, script, xhr, old (no fetch metadata), api
	header       []string
}

// answer is one response with its body read.
type answer struct {
	*http.Response
	t    testing.TB
	at   string // the URL asked
	text string
}

var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (b *browser) request(address string, a ask) *http.Request {
	b.t.Helper()
	u, err := url.Parse(address)
	b.must(err)
	if a.method == "" {
		a.method = "GET"
	}
	r, err := http.NewRequest(a.method, b.server.URL+u.RequestURI(), strings.NewReader(a.body))
	b.must(err)
	r.Host = u.Host
	if a.body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	fetchMetadata(r.Header, a)
	for _, line := range a.header {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Content-Type" { // in place of a form's
			r.Header.Del(name)
		}
		r.Header[name] = append(r.Header[name], value)
	}
	for _, c := range b.jar[u.Hostname()] {
		if sent(c, a) {
			r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
	return r
}

func fetchMetadata(h http.Header, a ask) {
	site := a.site
	if site == "" {
		site = "none"
	}
	mode, dest := "no-cors", a.kind
	switch a.kind {
	case "api":
		return
	case "old":
		h.Set("Accept", "text/html,*/*;q=0.8")
		return
	case "", "document":
		mode, dest = "navigate", "document"
	case "iframe":
		mode = "navigate"
	case "xhr":
		mode, dest = "cors", "empty"
	}
	h.Set("Sec-Fetch-Site", site)
	h.Set("Sec-Fetch-Mode", mode)
	h.Set("Sec-Fetch-Dest", dest)
	if mode == "navigate" {
		h.Set("Accept", "text/html")
	}
}

// sent is RFC 6265bis §5.6.2: what SameSite lets along.
func sent(c *http.Cookie, a ask) bool {
	if a.site != "cross-site" || c.SameSite == http.SameSiteNoneMode || c.SameSite == 0 || c.SameSite == http.SameSiteDefaultMode {
		return true
	}
	top := a.kind == "" || a.kind == "document" || a.kind == "old"
	return c.SameSite == http.SameSiteLaxMode && top && (a.method == "" || a.method == "GET")
}

// do sends one request and keeps the cookies of its answer.
func (b *browser) do(address string, a ask) *answer {
	b.t.Helper()
	res, err := client.Do(b.request(address, a))
	b.must(err)
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	b.keep(address, res)
	return &answer{res, b.t, address, string(text)}
}

func (b *browser) keep(address string, res *http.Response) {
	u, _ := url.Parse(address)
	host := u.Hostname()
	if b.jar[host] == nil {
		b.jar[host] = map[string]*http.Cookie{}
	}
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 {
			delete(b.jar[host], c.Name)
			continue
		}
		b.jar[host][c.Name] = c
	}
}

// follow goes where redirects lead until a page, or an identity provider,
// stands at the end.
func (b *browser) follow(a *answer) *answer {
	b.t.Helper()
	for range 20 {
		to, err := a.Location()
		if err != nil {
			return a
		}
		at, _ := url.Parse(a.at)
		to = at.ResolveReference(&url.URL{Scheme: at.Scheme, Host: at.Host, Path: to.Path, RawQuery: to.RawQuery})
		if raw, _ := url.Parse(a.Header.Get("Location")); raw.Host != "" {
			to = raw
		}
		if strings.HasSuffix(to.Host, ".idp.test") || !strings.HasSuffix(to.Hostname(), ".example.com") && !strings.HasSuffix(to.Hostname(), "localhost") {
			return a
		}
		a = b.do(to.String(), ask{site: "same-site"})
	}
	b.t.Fatalf("redirects without end at %s", a.at)
	return nil
}

// open opens a page. Where it first tells why the session before ended, it is
// opened once more.
func (b *browser) open(address string) *answer {
	b.t.Helper()
	a := b.follow(b.do(address, ask{}))
	if a.StatusCode == 401 && strings.Contains(a.text, "Sign in again") {
		a = b.follow(b.do(a.at, ask{}))
	}
	return a
}

// asked reads at the identity provider what it is asked.
func (a *answer) asked() (idp, request string) {
	a.t.Helper()
	to, err := url.Parse(a.Header.Get("Location"))
	if err != nil || !strings.HasSuffix(to.Host, ".idp.test") {
		a.t.Fatalf("%s answers %d to %q, not the identity provider: %s", a.at, a.StatusCode, a.Header.Get("Location"), short(a.text))
	}
	return strings.TrimSuffix(to.Host, ".idp.test"), to.Query().Get("id")
}

// reply posts an answer of an identity provider, as its page does.
func (b *browser) reply(s saml) *answer {
	b.t.Helper()
	return b.do(b.external.String()+"/.samlgate/saml/acs", ask{method: "POST", site: "cross-site", body: url.Values{"SAMLResponse": {s.encode()}}.Encode()})
}

// signIn opens a page, signs in as email and returns the page at the end.
func (b *browser) signIn(address, email string, roles ...string) *answer {
	b.t.Helper()
	idp, request := b.open(address).asked()
	return b.follow(b.reply(saml{Request: request, IDP: idp, Email: email, Roles: roles}))
}

// cookie returns the one cookie of ours with this end of its name.
func (b *browser) cookie(host, name string) *http.Cookie {
	b.t.Helper()
	c := b.jar[host][name]
	if c == nil {
		b.t.Fatalf("no cookie %s on %s", name, host)
	}
	return c
}

func short(s string) string { return s[:min(len(s), 300)] }

// is checks the status, and that the page or its twin says code.
func (a *answer) is(status int, words ...string) *answer {
	a.t.Helper()
	if a.StatusCode != status {
		a.t.Errorf("%s: %d, want %d (to %q): %s", a.at, a.StatusCode, status, a.Header.Get("Location"), short(a.text))
	}
	for _, word := range words {
		if !strings.Contains(a.text, word) {
			a.t.Errorf("%s: no %q in %s", a.at, word, short(a.text))
		}
	}
	return a
}

// leads checks where a redirect goes.
func (a *answer) leads(prefix string) *answer {
	a.t.Helper()
	if to := a.Header.Get("Location"); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, prefix) {
		a.t.Errorf("%s: %d to %q, want to %q", a.at, a.StatusCode, to, prefix)
	}
	if !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
		a.t.Errorf("%s: a redirect that may be cached: %q", a.at, a.Header.Get("Cache-Control"))
	}
	return a
}

// signsNobodyIn checks that no session came with the answer.
func (a *answer) signsNobodyIn() *answer {
	a.t.Helper()
	for _, c := range a.Cookies() {
		if strings.HasSuffix(c.Name, "samlgate") && c.Value != "" {
			a.t.Errorf("%s: sets a session cookie", a.at)
		}
	}
	return a
}
