package proxy_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	wiki    = "https://wiki.example.com"
	hr      = "https://hr.example.com"
	sso     = "https://sso.example.com"
	ann     = "ann@example.com"
	session = "__Host-samlgate"
	login   = "__Host-samlgate-login"
	state   = "__Host-samlgate-state"
)

func TestSignInKeepsTheDeepLinkAndServesEveryHost(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	end := b.signIn(wiki+"/page?a=1&b=%22x%22&c=;", ann, "hr")
	end.is(200, ann)
	if end.at != wiki+"/page?a=1&b=%22x%22&c=;" {
		t.Errorf("the journey ends at %s", end.at)
	}
	b.open(hr+"/").is(200, ann) // no password
	if n := w.live(ann); n != 1 {
		t.Errorf("%d sessions for one browser", n)
	}
	b.open(sso+"/desk/x").is(200, ann)
	b.open(sso+"/").is(200, ann) // account
}

func TestOnLoopbackWithoutTLS(t *testing.T) {
	w := newWorld(t, func(s *setup) {
		s.external = "http://localhost:8080"
		s.hosts["desk"], s.hosts["wiki"] = []string{"localhost"}, []string{"wiki.localhost"}
	})
	b := w.browser()
	b.signIn("http://wiki.localhost:8080/x", ann).is(200, ann)
	for _, c := range b.jar["localhost"] {
		if strings.HasPrefix(c.Name, "__") || c.Secure || c.Name == "samlgate-login" && c.SameSite > 0 {
			t.Errorf("a cookie no browser keeps there: %v", c.Raw)
		}
	}
}

// A session cookie is worth something in its own name, on its own host, once
// and unchanged.
func TestSessionCookieThatIsNotExactlyRight(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	good := b.cookie("wiki.example.com", session).Value
	deny := func(what, address, cookies string) {
		t.Helper()
		a := w.browser().do(address, ask{kind: "xhr", header: []string{"Cookie: " + cookies}})
		a.is(401, "not_signed_in", "login_url", "request_id").signsNobodyIn()
		if strings.Contains(a.text, ann) {
			t.Errorf("%s: the 401 names somebody", what)
		}
	}
	w.browser().do(wiki+"/", ask{kind: "xhr", header: []string{"Cookie: " + session + "=" + good}}).is(200, ann)
	deny("copied to another host", hr+"/", session+"="+good)
	deny("copied from the gateway", wiki+"/", session+"="+b.cookie("sso.example.com", session).Value)
	deny("twice", wiki+"/", session+"="+good+"; "+session+"="+good)
	deny("twice, one empty", wiki+"/", session+"="+good+"; "+session+"=")
	deny("without its prefix", wiki+"/", "samlgate="+good)
	deny("as the state cookie", wiki+"/", state+"="+good)
	deny("forged", wiki+"/", session+"=b001.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	for _, i := range []int{0, len(good) / 3, len(good) / 2} {
		flipped := []byte(good)
		flipped[i] ^= 1
		deny("flipped", wiki+"/", session+"="+string(flipped))
	}
}

func TestLoginThatThisBrowserDidNotBegin(t *testing.T) {
	w := newWorld(t)
	attacker, victim := w.browser(), w.browser()
	idp, request := attacker.open(wiki + "/").asked()
	evil := saml{Request: request, IDP: idp, Email: "mallory@example.com"}

	victim.reply(evil).is(403, "href=\""+sso+"/.samlgate/login").signsNobodyIn()
	if w.idp.read.Load()+w.idp.verified.Load() != 0 {
		t.Error("the answer was read for a browser without a login cookie")
	}
	victim.open(wiki + "/") // has a login of its own now
	victim.reply(evil).is(403).signsNobodyIn()
	if w.idp.verified.Load() != 0 {
		t.Error("an answer to another browser's request was verified")
	}
	attacker.reply(evil).leads(wiki + "/.samlgate/callback?")
	attacker.reply(evil).leads(sso + "/.samlgate/account").signsNobodyIn() // the back button: goes on, uses nothing
	if n := w.idp.verified.Load(); n != 1 {
		t.Errorf("the pending login was taken %d times", n)
	}
}

func TestLoginThatIsTooOldOrAnsweredBySomebodyElse(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	idp, request := b.open(wiki + "/").asked()
	b.reply(saml{Request: request, IDP: "partner", Email: ann}).is(403).signsNobodyIn()
	w.later(10*time.Minute + time.Second)
	b.reply(saml{Request: request, IDP: idp, Email: ann}).is(403).signsNobodyIn()
	if w.live(ann) != 0 {
		t.Error("a session was born")
	}
}

func TestACSRefusesForms(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	idp, request := b.open(wiki + "/").asked()
	acs, good := sso+"/.samlgate/saml/acs", saml{Request: request, IDP: idp, Email: ann}.encode()
	post := func(query string, body string) *answer {
		return b.do(acs+query, ask{method: "POST", site: "cross-site", body: body}).signsNobodyIn()
	}
	b.do(acs, ask{}).is(405)
	b.do(acs+"?"+url.Values{"SAMLResponse": {good}}.Encode(), ask{}).is(405).signsNobodyIn()
	post("", "a=b").is(400)
	post("", url.Values{"SAMLResponse": {good, good}}.Encode()).is(400)
	post("?"+url.Values{"SAMLResponse": {good}}.Encode(), "a=b").is(400)
	post("", "SAMLResponse="+strings.Repeat("a", 1<<20)).is(413)
	if w.idp.read.Load() != 0 {
		t.Error("a form that was refused has been read")
	}
	on := b.do(wiki+"/.samlgate/saml/acs", ask{method: "POST", body: "SAMLResponse=" + url.QueryEscape(good)})
	on.is(404) // there is no ACS on an app host
}

func TestSignInThatEndsInARefusal(t *testing.T) {
	w := newWorld(t, func(s *setup) { s.limits.MaxConcurrent, s.limits.OnLimit = 1, 1 })
	first := w.browser()
	first.signIn(hr+"/", ann, "hr").is(200)

	second := w.browser()
	second.signIn(hr+"/", ann, "hr").is(403).signsNobodyIn() // at the limit, deny
	first.open(hr + "/again").is(200)

	bob := w.browser()
	bob.signIn(hr+"/", "bob@example.com", "guest").is(403) // signed in, but not for this place
	if w.app.count() != 2 {
		t.Errorf("%d requests reached the app", w.app.count())
	}

	second.signIn(hr+"/", ann, "hr", "Restricted").is(403).signsNobodyIn()
	if n := w.live(ann); n != 0 {
		t.Errorf("a role that shuts the door left %d sessions", n)
	}
	first.do(hr+"/", ask{kind: "xhr"}).is(401)

	idp, request := second.open(hr + "/").asked()
	second.reply(saml{Request: request, IDP: idp, Email: ann, Over: true}).is(403).signsNobodyIn() // SessionNotOnOrAfter
}

func TestSecondSignInReplacesTheFirst(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	idp1, request1 := b.open(wiki + "/one").asked()
	idp2, request2 := b.open(wiki + "/two").asked() // two tabs
	b.follow(b.reply(saml{Request: request1, IDP: idp1, Email: ann})).is(200)
	old := b.cookie("wiki.example.com", session).Value
	end := b.follow(b.reply(saml{Request: request2, IDP: idp2, Email: "bob@example.com"})).is(200, "bob@example.com")
	if end.at != wiki+"/two" {
		t.Errorf("the second tab ends at %s", end.at)
	}
	if w.live(ann) != 0 || w.live("bob@example.com") != 1 {
		t.Errorf("ann has %d sessions, bob %d", w.live(ann), w.live("bob@example.com"))
	}
	w.browser().do(wiki+"/", ask{kind: "xhr", header: []string{"Cookie: " + session + "=" + old}}).is(401)
}

func TestManyTabsAndLongAddresses(t *testing.T) {
	long := strings.Repeat("a", 63) + "." + strings.Repeat("b", 63) + "." + strings.Repeat("c", 63) + ".example.com"
	w := newWorld(t, func(s *setup) { s.hosts["wiki"] = append(s.hosts["wiki"], long) })
	b := w.browser()
	var last *answer
	for i := range 12 {
		last = b.open("https://" + long + "/x?n=" + strings.Repeat("x", i))
		for host, cookies := range b.jar {
			for _, c := range cookies {
				if n := len(c.Name) + len(c.Value); n > 4096 {
					t.Fatalf("%s on %s has %d bytes", c.Name, host, n)
				}
			}
		}
	}
	idp, request := last.asked()
	b.follow(b.reply(saml{Request: request, IDP: idp, Email: ann})).is(200)

	deep := "/x?" + strings.Repeat("k=v&", 510) // 2 kB; "&" must stay one byte
	c := w.browser()
	if end := c.signIn(wiki+deep, ann); end.at != wiki+deep {
		t.Errorf("a deep link of %d bytes was lost: %s", len(deep), short(end.at))
	}
	if left := c.cookie("wiki.example.com", state); len(c.jar["wiki.example.com"]) != 2 || len(left.Value) > 300 {
		t.Errorf("beside the session %d bytes remain on the app host", len(left.Value))
	}
}

func TestLoginAsksOnlyForPlacesThatExist(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(hr+"/", ann, "hr")
	at := sso + "/.samlgate/login?"
	ok := strings.Repeat("A", 43)
	for _, q := range []url.Values{
		{"host": {"evil.example"}, "route": {"wiki"}, "state": {ok}},
		{"host": {"x.apps.example.com"}, "route": {"star"}, "state": {ok}},
		{"host": {"*.apps.example.com"}, "route": {"star"}, "state": {ok}},
		{"host": {"hr.example.com"}, "route": {"wiki"}, "state": {ok}},
		{"host": {"hr.example.com"}, "route": {""}, "state": {ok}},
		{"host": {"hr.example.com:444"}, "route": {"hr"}, "state": {ok}},
		{"host": {"wiki.example.com"}, "route": {"wiki"}, "state": {"short"}},
		{"host": {"wiki.example.com"}, "route": {"wiki"}, "state": {""}},
		{"host": {"sso.example.com"}, "route": {"nope"}, "state": {ok}},
	} {
		a := b.do(at+q.Encode(), ask{}).is(400)
		if a.Header.Get("Location") != "" {
			t.Errorf("%v leads to %s", q, a.Header.Get("Location"))
		}
	}
	b.open("https://x.apps.example.com/").is(403) // wildcard hosts get no hand-over
	b.do(at+url.Values{"host": {"wiki.example.com"}, "route": {"wiki"}, "state": {ok}}.Encode(), ask{kind: "iframe"}).is(401)
	// A session of another provider does not do there.
	if idp, _ := b.open("https://partners.example.com/").asked(); idp != "partner" {
		t.Errorf("asked %s", idp)
	}
	b.do(sso+"/.samlgate/login/nobody", ask{}).is(404)
	w.browser().do(sso+"/.samlgate/login", ask{}).is(200, "Example Corp", "Partner Ltd") // the chooser
}

func TestReturnAddresses(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	to := func(raw string) string {
		t.Helper()
		a := b.do(sso+"/.samlgate/login?"+url.Values{"return_to": {raw}}.Encode(), ask{site: "cross-site"}).leads(sso + "/.samlgate/callback?")
		return b.do(a.Header.Get("Location"), ask{}).Header.Get("Location")
	}
	if got := to(wiki + "/deep?x=1"); got != wiki+"/.samlgate/callback?return_to=%2Fdeep%3Fx%3D1" { // to fetch the session
		t.Errorf("an honest address leads to %s", got)
	}
	evil := []string{"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)", "https://wiki.example.com@evil.example/",
		"http://wiki.example.com/", "https://wiki.example.com:444/", "https://x.apps.example.com/", "/.samlgate/logout",
		wiki + "/.samlgate/callback?code=x", "/%2e/.samlgate/logout", "https://wiki.example.com.evil.example/", "/" + strings.Repeat("a", 3000)}
	for _, raw := range evil {
		if got := to(raw); got != "/.samlgate/account" {
			t.Errorf("%s leads to %q", short(raw), got)
		}
	}
	if w.observer.refused != len(evil) {
		t.Errorf("%d refused, want %d", w.observer.refused, len(evil))
	}
}

func TestStoreAway(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	code := b.do(b.do(hr+"/", ask{}).Header.Get("Location"), ask{}) // hr denies ann: no code, but a journey
	code.is(403)
	fresh := w.browser()
	idp, request := fresh.open(wiki + "/").asked()
	there := b.do(sso+"/.samlgate/login?"+url.Values{"return_to": {wiki + "/"}}.Encode(), ask{}).Header.Get("Location")
	_ = there
	delete(b.jar["wiki.example.com"], session)
	callback := b.do(b.do(wiki+"/z", ask{}).Header.Get("Location"), ask{}).leads(wiki + "/.samlgate/callback").Header.Get("Location")
	away := func(what string, a *answer) {
		t.Helper()
		a.is(503).signsNobodyIn()
		if a.Header.Get("Retry-After") == "" || a.Header.Get("Location") != "" || strings.Contains(a.Header.Get("Set-Cookie"), session+"=") {
			t.Errorf("%s: %v", what, a.Header)
		}
	}
	w.store.down.Store(true)
	away("callback", b.do(callback, ask{}))
	away("login", b.do(sso+"/.samlgate/login?return_to=/desk", ask{}))
	away("account", b.do(sso+"/.samlgate/account", ask{}))
	away("gateway app page", b.do(sso+"/desk", ask{}))
	away("API", b.do(sso+"/desk", ask{kind: "api"}).is(503, `"store_down"`))
	away("ACS", fresh.reply(saml{Request: request, IDP: idp, Email: ann}))
	away("logout", b.do(sso+"/.samlgate/logout", ask{site: "same-origin"}))
	w.store.down.Store(false)
	b.follow(b.do(callback, ask{})).is(200, ann) // the same code, once the store is back
	b.do(sso+"/desk", ask{}).is(200, ann)        // the logout that could not be has ended nothing
	b.do(sso+"/.samlgate/logout", ask{}).is(200)
	b.do(wiki+"/", ask{kind: "xhr"}).is(401)
}

func TestProviderThatIsNoLongerConfigured(t *testing.T) {
	w := newWorld(t)
	b, late := w.browser(), w.browser()
	b.signIn(hr+"/", ann, "hr").is(200)
	idp, request := late.open(wiki + "/").asked()
	w.rebuild(func(s *setup) {
		s.idps = s.idps[1:]
		for _, rt := range s.routes {
			rt.IDPs = nil
		}
	})
	b.do(hr+"/", ask{kind: "xhr"}).is(401)
	if w.live(ann) != 0 {
		t.Error("the session lives on")
	}
	late.reply(saml{Request: request, IDP: idp, Email: ann}).is(404).signsNobodyIn()
}

func TestRouteThatWentAwayDuringTheLogin(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	idp, request := b.open(wiki + "/").asked()
	w.rebuild(func(s *setup) { s.hosts["wiki"] = []string{"other.example.com"} })
	b.reply(saml{Request: request, IDP: idp, Email: ann}).leads(sso + "/.samlgate/account")
}

func TestMethodsOfOurPages(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.do(sso+"/.samlgate/login", ask{method: "POST"}).is(405)
	b.do(wiki+"/.samlgate/callback?code=x", ask{method: http.MethodHead}).is(405)
	b.do(wiki+"/.samlgate/nothing", ask{}).is(404)
	b.do(wiki+"/.samlgate/saml/metadata", ask{}).is(404)
	b.do(sso+"/.samlgate/saml/metadata", ask{}).is(404) // this gateway has none
	b.do(wiki+"/.samlgate/jwks.json", ask{kind: "api"}).is(200, `"keys"`)
	b.do("https://unknown.example.com/.samlgate/logout", ask{}).is(404)
	if w.app.count() != 0 {
		t.Error("something below the prefix reached the app")
	}
}
