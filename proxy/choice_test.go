package proxy_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/proxy"
	"github.com/samlgate/samlgate/proxy/signin"
)

const (
	both      = "https://both.example.com"
	discovery = sso + "/.samlgate/discovery"
	kept      = "__Host-samlgate-idp"
)

// severalIDPs is a gateway whose providers have e-mail domains, and a route that
// either of the first two may sign in for.
func severalIDPs(s *setup) {
	s.idps[0].EmailDomains = []string{"corp.test", "Bücher.test"}
	s.idps[1].EmailDomains = []string{"partner.test"}
	s.idps = append(s.idps, signin.IDP{Name: "third", DisplayName: "Third Inc", EmailDomains: []string{"third.test"}})
	s.federation = entities{}
	rt := &proxy.Route{Name: "both", Audience: "both", IDPs: []string{"corp", "partner"}, Unauthenticated: proxy.AutoLogin, Names: s.routes[0].Names}
	s.routes, s.hosts["both"] = append(s.routes, rt), []string{"both.example.com"}
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// fields reads what the form of the page brings along.
func (a *answer) fields() url.Values {
	all := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(a.text, -1) {
		all.Add(m[1], strings.NewReplacer("&amp;", "&", "&#43;", "+", "&#34;", `"`, "&#39;", "'").Replace(m[2]))
	}
	return all
}

// post sends the form of the page with these values more.
func (b *browser) post(page *answer, more ...string) *answer {
	b.t.Helper()
	form := page.fields()
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return b.do(discovery, ask{method: "POST", site: "same-origin", body: form.Encode()})
}

var (
	onward = regexp.MustCompile(`http-equiv="refresh" content="0; url=([^"]*)"`)
	button = regexp.MustCompile(`<a class="button first" href="([^"]*)"`)
)

// through follows the page on by what matches, as a link.
func (b *browser) through(a *answer, by *regexp.Regexp) *answer {
	b.t.Helper()
	m := by.FindStringSubmatch(a.text)
	if m == nil {
		b.t.Fatalf("%s: nothing leads on: %s", a.at, a.text)
	}
	return b.do(sso+strings.ReplaceAll(m[1], "&amp;", "&"), ask{site: "same-origin"})
}

func TestTheChooser(t *testing.T) {
	w := newWorld(t, severalIDPs, func(s *setup) {
		s.pictures = map[string][]byte{"corp": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)}
	})
	b := w.browser()
	page := b.open(both+"/deep").is(200, "Example Corp", "Partner Ltd", `type="email"`, `name="remember"`, "Support ID")
	if strings.Contains(page.text, "Third Inc") {
		t.Error("it offers a provider that the route does not admit")
	}
	logo := regexp.MustCompile(`src="(/\.samlgate/static/[^"]*\.svg)"`).FindStringSubmatch(page.text)
	if logo == nil {
		t.Fatalf("no logo in %s", page.text)
	}
	picture := b.do(sso+logo[1], ask{kind: "image", site: "same-origin"}).is(200)
	for name, want := range map[string]string{ // opened on its own, an SVG is a document: it runs nothing and is nobody
		"Content-Type": "image/svg+xml", "X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=31536000, immutable",
		"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
	} {
		if got := picture.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if _, request := b.through(b.post(page, "idp", "partner").is(200), onward).asked(); request == "" {
		t.Error("the button leads nowhere")
	}
	b.do(discovery, ask{kind: "api"}).is(401)
	b.do(discovery, ask{}).is(200, "Example Corp", "Partner Ltd", "Third Inc")
	b.do(discovery, ask{method: "DELETE"}).is(405)
	b.do(sso+"/.samlgate/login/nobody", ask{}).is(404, "Unknown sign-in service")
	w.server.Close() // the log line comes after the answer
	if id := regexp.MustCompile(`<code>([a-z2-7]{16})</code>`).FindStringSubmatch(page.text); id == nil || !strings.Contains(w.log.String(), id[1]) {
		t.Errorf("request id %q is not that of the log", id)
	}
}

func TestChoicesThatAreNotOffered(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	page := b.open(both + "/")
	for _, name := range []string{"third", "nobody", "", "corp\r\nSet-Cookie: a=b", "../logout"} {
		a := b.post(page, "idp", name, "remember", "yes").is(404)
		if len(a.Cookies()) > 0 {
			t.Errorf("%q is remembered", name)
		}
	}
	for name, value := range map[string]string{"host": "evil.example", "route": "nope", "state": "x"} {
		b.post(page, "idp", "corp", name, value).is(400)
	}
	b.do(discovery, ask{method: "POST", site: "same-origin", body: "idp=corp"}).is(400)
	b.do(discovery, ask{method: "POST", site: "same-origin", body: "idp=" + strings.Repeat("x", 20<<10)}).is(413)
	b.do(discovery, ask{method: "POST", site: "same-origin", body: "%zz"}).is(400)
}

// Another site may start a login, which any link can. It may not choose for the
// logins to come.
func TestAnotherSiteCannotMakeUsRemember(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	form := b.open(both + "/").fields()
	form.Set("idp", "partner")
	form.Set("remember", "yes")
	for _, site := range []string{"cross-site", "same-site"} {
		a := b.do(discovery, ask{method: "POST", site: site, body: form.Encode()}).is(403)
		if len(a.Cookies()) > 0 {
			t.Error("it is remembered")
		}
	}
	for _, address := range []string{"/.samlgate/login/partner?remember=yes", "/.samlgate/discovery?idp=partner&remember=yes", "/.samlgate/login?entityID=urn:partner&remember=yes"} {
		b.do(sso+address, ask{site: "cross-site"})
		if b.jar["sso.example.com"][kept] != nil {
			t.Errorf("%s is remembered", address)
		}
	}
}

func TestTheChoiceIsRememberedOnRequest(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	b.post(b.open(both+"/"), "idp", "corp")
	if b.jar["sso.example.com"][kept] != nil {
		t.Fatal("it is remembered unasked")
	}
	b.post(b.open(both+"/"), "idp", "corp", "remember", "yes")
	c := b.cookie("sso.example.com", kept)
	if c.MaxAge != 400*24*3600 || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("%+v", c)
	}
	if strings.Contains(c.Value, "corp") {
		t.Error("the choice can be read")
	}
	if got := b.signIn(both+"/deep", ann); got.at != both+"/deep" {
		t.Errorf("the sign-in ends at %s", got.at)
	}
	b.do(sso+"/.samlgate/logout", ask{site: "same-origin"}).is(200, "Sign in again", "Choose another sign-in service")
	if idp, _ := b.open(both + "/").asked(); idp != "corp" {
		t.Errorf("after a sign-out %s is asked", idp)
	}
	// It bends no rule: other routes, other names.
	if idp, _ := b.open("https://partners.example.com/").asked(); idp != "partner" {
		t.Errorf("the route of partners asks %s", idp)
	}
	if idp, _ := b.open(sso + "/.samlgate/login/third").asked(); idp != "third" {
		t.Errorf("login/third asks %s", idp)
	}
	for _, back := range []string{"choose=1", "as=other"} {
		b.jar["sso.example.com"][kept] = c
		b.open(sso+"/.samlgate/login?"+back).is(200, "Example Corp", "Partner Ltd")
		if b.jar["sso.example.com"][kept] != nil {
			t.Errorf("%s does not forget", back)
		}
	}
	b.open(both+"/").is(200, "Example Corp", "Partner Ltd")
}

func TestRememberedChoicesThatCount(t *testing.T) {
	w := newWorld(t, severalIDPs)
	straight := func(what string, want bool, edit func(jar map[string]*http.Cookie)) {
		t.Helper()
		b := w.browser()
		b.post(b.open(sso+"/.samlgate/login"), "idp", "corp", "remember", "yes")
		b.open(sso + "/.samlgate/login/third").asked()
		edit(b.jar["sso.example.com"])
		a := b.open(both + "/")
		if got := a.StatusCode == 303; got != want {
			t.Errorf("%s: %d", what, a.StatusCode)
		}
	}
	value := func(v string) func(map[string]*http.Cookie) {
		return func(jar map[string]*http.Cookie) { jar[kept] = &http.Cookie{Name: kept, Value: v} }
	}
	straight("as it was set", true, func(map[string]*http.Cookie) {})
	straight("a name in the clear", false, value("corp"))
	straight("nothing", false, value(""))
	straight("one bit less", false, func(jar map[string]*http.Cookie) {
		v := []byte(jar[kept].Value)
		v[len(v)/2] ^= 1
		value(string(v))(jar)
	})
	straight("the login cookie", false, func(jar map[string]*http.Cookie) { value(jar["__Host-samlgate-login"].Value)(jar) })
	straight("the state cookie", false, func(jar map[string]*http.Cookie) { value(jar["__Host-samlgate-state"].Value)(jar) })
	straight("set twice", false, func(jar map[string]*http.Cookie) {
		jar["planted"] = &http.Cookie{Name: kept, Value: jar[kept].Value}
	})
	// A provider that a reload takes away is chosen no more.
	b := w.browser()
	b.post(b.open(sso+"/.samlgate/login"), "idp", "third", "remember", "yes")
	w.rebuild(severalIDPs, func(s *setup) { s.idps = s.idps[:2] })
	b.open(sso+"/.samlgate/login").is(200, "Example Corp", "Partner Ltd")
}

// A provider that is down must not take the chooser away with it.
func TestARememberedProviderThatNeverAnswers(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	b.post(b.open(both+"/"), "idp", "corp", "remember", "yes")
	for range 3 {
		b.open(both + "/").asked()
	}
	b.open(both+"/").is(200, "Example Corp", "Partner Ltd")
	w.later(2 * time.Minute)
	idp, request := b.open(both + "/").asked()
	// One that answers nonsense gets a page with the way to the others.
	a := b.reply(saml{Request: request, IDP: "somebody else"}).is(403, "Choose another sign-in service", "/.samlgate/login?choose=1")
	if idp != "corp" || a.StatusCode != 403 {
		t.Errorf("%s answers %d", idp, a.StatusCode)
	}
	b.open(sso+"/.samlgate/login?choose=1").is(200, "Partner Ltd")
}

// The gateway's cookie is never the app's business.
func TestTheRememberedChoiceNeverReachesAnApp(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	b.signIn(sso+"/desk/", ann)
	b.post(b.do(discovery, ask{}), "idp", "corp", "remember", "yes")
	w.app.does(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Add("Set-Cookie", kept+"=mine; Path=/; Secure")
	})
	a := b.do(sso+"/desk/", ask{}).is(200)
	if got := w.app.last(t).Header.Get("Cookie"); strings.Contains(got, "samlgate-idp") {
		t.Errorf("the app sees %s", got)
	}
	if len(a.Cookies()) > 0 {
		t.Errorf("the app sets %v", a.Cookies())
	}
}

func TestWithOneProviderNothingChanges(t *testing.T) {
	w := newWorld(t, func(s *setup) { s.idps = s.idps[:1]; s.idps[0].EmailDomains = []string{"corp.test"} })
	for _, address := range []string{"/.samlgate/login", "/.samlgate/discovery", "/.samlgate/login?choose=1", "/.samlgate/login?entityID=urn:nobody"} {
		b := w.browser()
		if idp, _ := b.open(sso + address).asked(); idp != "corp" {
			t.Errorf("%s asks %s", address, idp)
		}
	}
}
