package proxy_test

import (
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"testing"
)

func TestWhoHasNoSession(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	const (
		api    = "https://api.example.com"
		forced = "https://forced.example.com"
		portal = "https://portal.example.com"
	)
	start := sso + "/.samlgate/login?"
	for _, c := range []struct {
		at string
		ask
		to string // "" = 401
	}{
		{wiki, ask{}, start + "host="}, {wiki, ask{kind: "old"}, start + "host="}, {wiki, ask{site: "cross-site"}, start + "host="},
		{wiki, ask{kind: "xhr"}, ""}, {wiki, ask{kind: "image"}, ""}, {wiki, ask{kind: "iframe"}, ""}, {wiki, ask{kind: "api"}, ""},
		{wiki, ask{kind: "api", method: "POST", body: "a=b"}, ""}, {wiki, ask{kind: "old", method: "POST", body: "a=b"}, ""},
		{wiki, ask{kind: "old", header: []string{"X-Requested-With: XMLHttpRequest"}}, ""},
		{wiki, ask{kind: "api", method: "HEAD"}, ""}, {wiki, ask{kind: "old", method: "HEAD"}, start},
		{api, ask{}, ""}, {api, ask{kind: "old"}, ""}, {api, ask{kind: "xhr"}, ""},
		{forced, ask{}, start + "host="}, {forced, ask{kind: "xhr"}, start + "return_to="}, {forced, ask{kind: "api"}, start + "return_to="},
		{forced, ask{kind: "xhr", method: "POST", body: "a=b"}, ""},
		{portal, ask{}, "https://www.example.org/welcome"}, {portal, ask{kind: "xhr"}, ""}, {portal, ask{kind: "iframe"}, ""},
	} {
		a := b.do(c.at+"/x?y=1&z=2", c.ask).signsNobodyIn()
		if c.to != "" {
			a.leads(c.to)
		} else if a.is(401); c.method != "HEAD" && c.kind != "iframe" && a.Header.Get("Content-Type") == "application/json; charset=utf-8" {
			loginURL(t, a, c.at+"/x?y=1&z=2")
		}
		if c.kind != "" && c.kind != "old" && len(a.Header["Set-Cookie"]) > 0 {
			t.Errorf("%s %s: a cookie for what is no navigation", c.at, c.kind)
		}
		if a.Header.Get("WWW-Authenticate") == "" && c.to == "" {
			t.Errorf("%s: a 401 without scheme", c.at)
		}
	}
	if w.app.count() != 0 {
		t.Errorf("%d requests reached the app", w.app.count())
	}
	// A page that polls must not push a person's own journey out.
	idp, request := b.open(forced + "/mine").asked()
	for range 10 {
		b.do(forced+"/poll", ask{kind: "xhr", site: "same-origin"})
	}
	if end := b.follow(b.reply(saml{Request: request, IDP: idp, Email: ann})).is(200); end.at != forced+"/mine" {
		t.Errorf("the journey ends at %s", end.at)
	}
}

// loginURL checks that a program's way to the login comes back to where it was.
func loginURL(t testing.TB, a *answer, back string) {
	t.Helper()
	var twin struct {
		LoginURL  string `json:"login_url"`
		RequestID string `json:"request_id"`
	}
	if err := json.Unmarshal([]byte(a.text), &twin); err != nil || twin.RequestID == "" {
		t.Errorf("%s: %v in %s", a.at, err, a.text)
		return
	}
	u, err := url.Parse(twin.LoginURL)
	if err != nil || u.Query().Get("return_to") != back {
		t.Errorf("%s: login_url %s", a.at, twin.LoginURL)
	}
}

func TestHostIsNotTheClientsToChoose(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	ask401 := func(host string) *answer {
		t.Helper()
		r := b.request(wiki+"/x", ask{kind: "xhr"})
		r.Host = host
		res, err := client.Do(r)
		w.must(err)
		defer res.Body.Close()
		var buf strings.Builder
		_, _ = io.Copy(&buf, res.Body)
		return &answer{res, t, host, buf.String()}
	}
	for _, host := range []string{"wiki.example.com:1337", "WIKI.example.com", "wiki.example.com."} {
		loginURL(t, ask401(host).is(401), wiki+"/x")
	}
	for _, host := range []string{"wiki.example.com@evil", "wiki..example.com", "wiki.example.com:x"} {
		ask401(host).is(400)
	}
	ask401("evil.example").is(404, `"no_route"`)
	b.do(wiki+"/x", ask{kind: "xhr", header: []string{"X-Forwarded-Host: evil.example"}}).is(401) // no trusted proxy
}

func TestBlockBeatsPublicBeatsAllow(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	before := w.app.count()
	for _, path := range []string{"/admin", "/ADMIN/", "/admin./x", "/open/secret", "/open/Secret/x", "/admin%20"} {
		b.do(wiki+path, ask{}).is(403)
		w.browser().do(wiki+path, ask{kind: "api"}).is(403, `"blocked"`)
	}
	for _, path := range []string{"/open/%2e%2e/admin", "/a//b", "/a;b", "/a%2fb", "/a%5cb", "/%252e", "/a%00", "/%c0%af", "/.."} {
		b.do(wiki+path, ask{kind: "api"}).is(400, `"ambiguous_path"`)
	}
	b.do(wiki+"/"+strings.Repeat("x", 5000), ask{kind: "api"}).is(414, `"url_too_long"`)
	b.do(sso+"/"+strings.Repeat("x", 9000), ask{kind: "api"}).is(414)
	b.do("https://jobs.example.com/elsewhere", ask{kind: "api"}).is(404, `"not_found"`)
	if w.app.count() != before {
		t.Error("one of them reached the app")
	}
	b.do(wiki+"/administrator", ask{}).is(200)
}

func TestCrossOriginRequests(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	before := w.app.count()
	pre := func(origin string) *answer {
		return b.do(wiki+"/api", ask{method: "OPTIONS", site: "cross-site", kind: "xhr", header: []string{"Origin: " + origin, "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-a"}})
	}
	ok := pre("https://portal.example.net").is(204)
	if ok.Header.Get("Access-Control-Allow-Origin") != "https://portal.example.net" || !contains(ok.Header.Get("Vary"), "Origin") {
		t.Errorf("%v", ok.Header)
	}
	for _, origin := range []string{"https://evil.example", "null", "https://portal.example.net.evil.example", wiki} {
		if no := pre(origin).is(401); no.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s may read the answer", origin)
		}
	}
	if w.app.count() != before {
		t.Error("a preflight reached the app")
	}
	socket := func(origin string) *answer {
		return b.do(wiki+"/ws", ask{site: "same-site", kind: "xhr", header: []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-Websocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Origin: " + origin}})
	}
	for _, origin := range []string{hr, "http://wiki.example.com", "https://wiki.example.com:444", "null", "https://evil.example"} {
		socket(origin).is(403, `"csrf"`)
	}
	if w.app.count() != before {
		t.Error("a foreign WebSocket reached the app")
	}
	socket(wiki).is(200)
}

func TestAppOnTheGatewayOriginGetsNoServiceWorker(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(sso+"/desk/", ann).is(200)
	b.do(sso+"/desk/sw.js", ask{site: "same-origin", kind: "script", header: []string{"Service-Worker: script"}}).is(403)
	b.open(wiki + "/")
	b.do(wiki+"/sw.js", ask{site: "same-origin", kind: "script", header: []string{"Service-Worker: script"}}).is(200)
}

func TestSessionOfAnotherProvider(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	const partners = "https://partners.example.com"
	b.signIn(wiki+"/", ann)
	b.do(partners+"/", ask{kind: "xhr"}).is(401)
	b.signIn(partners+"/", "pat@partner.example").is(200, "pat@partner.example")
	b.do(wiki+"/", ask{kind: "xhr"}).is(401) // one browser, one session: Ann's was replaced
	if w.live(ann) != 0 {
		t.Error("the replaced session lives on")
	}
}
