package proxy_test

import (
	"log"
	"net/http"
	"strings"
	"testing"
	"time"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// lies are headers by which a client could pass for somebody else.
var lies = []string{
	"X-Auth-Email: boss@example.com", "X_Auth_Email: boss@example.com", "x.auth.email: boss@example.com", "X-auth-ROLES: admin",
	"Remote-User: boss", "X-Forwarded-User: boss", "X-Auth-Assertion: e30.e30.", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Host: evil.example",
	"X-Original-Url: /admin", "SCRIPT_NAME: /admin", "X-Http-Method-Override: DELETE", "Forwarded: for=10.0.0.1", "Connection: X-Auth-Email, X-Auth-Roles",
}

// truthful checks what reached the app: nothing of lies, and email is who it is.
func truthful(t testing.TB, r *http.Request, email string) {
	t.Helper()
	for name, values := range r.Header {
		all := strings.Join(values, ",")
		if contains(all, "boss") || contains(all, "admin") || contains(all, "10.0.0.1") || contains(all, "evil") || contains(all, "e30.") || contains(all, "DELETE") {
			t.Errorf("%s %s: %s: %s", r.Method, r.URL, name, all)
		}
	}
	if got := r.Header.Get("X-Auth-Email"); got != email {
		t.Errorf("%s %s: the app is told %q, want %q", r.Method, r.URL, got, email)
	}
	if has := r.Header.Get("X-Auth-Assertion") != ""; has != (email != "") {
		t.Errorf("%s %s: a token: %v", r.Method, r.URL, has)
	}
	if contains(r.Header.Get("Cookie"), "samlgate") {
		t.Errorf("%s %s: our cookies reached the app", r.Method, r.URL)
	}
}

func TestNobodyIsSomebodyElse(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	b.open("https://news.example.com/")
	stranger := w.browser()
	for _, c := range []struct {
		b             *browser
		method, at, e string
	}{
		{b, "GET", wiki + "/", ann}, {b, "POST", wiki + "/x", ann}, {b, "OPTIONS", wiki + "/x", ann},
		{b, "GET", wiki + "/open/", ""}, {b, "OPTIONS", wiki + "/open/", ""},
		{stranger, "GET", wiki + "/open/x", ""}, {stranger, "DELETE", wiki + "/open/x", ""},
		{stranger, "GET", "https://news.example.com/", ""}, {stranger, "POST", "https://news.example.com/", ""},
	} {
		before := w.app.count()
		c.b.do(c.at, ask{method: c.method, site: "same-origin", kind: "xhr", header: lies}).is(200)
		if w.app.count() != before+1 {
			t.Fatalf("%s %s never reached the app", c.method, c.at)
		}
		truthful(t, w.app.last(t), c.e)
	}
	socket := append([]string{"Upgrade: websocket", "Sec-Websocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-Websocket-Version: 13", "Origin: " + wiki}, lies[:len(lies)-1]...)
	socket = append(socket, "Connection: Upgrade, X-Auth-Email")
	b.do(wiki+"/ws", ask{site: "same-origin", kind: "xhr", header: socket}).is(200)
	truthful(t, w.app.last(t), ann)
	stranger.do(wiki+"/open/ws", ask{kind: "xhr", header: socket}).is(200)
	truthful(t, w.app.last(t), "")
}

func TestCookiesOnTheirWay(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	mine := session + "=" + b.cookie("wiki.example.com", session).Value
	w.browser().do(wiki+"/", ask{kind: "xhr", header: []string{`Cookie: a="1 2"; ` + mine + `; b=%zz ;  c==; ` + login + `=x; =y; __HOST-samlgate-STATE=q`}}).is(200)
	if got := w.app.last(t).Header.Get("Cookie"); got != `a="1 2"; b=%zz ;  c==; =y` {
		t.Errorf("the app's own cookies arrive as %q", got)
	}
	w.app.does(func(rw http.ResponseWriter, _ *http.Request) {
		for _, name := range []string{session, strings.ToUpper(session), login, "__host-SAMLGATE-login", state, "=" + session, "theirs", "samlgatex"} {
			rw.Header().Add("Set-Cookie", name+"=evil; Path=/; Secure")
		}
	})
	a := b.do(wiki+"/", ask{})
	if got := a.Header["Set-Cookie"]; len(got) != 2 || !strings.HasPrefix(got[0], "theirs=") || !strings.HasPrefix(got[1], "samlgatex=") {
		t.Errorf("Set-Cookie: %q", got)
	}
	if w.observer.cookies != 6 || !contains(w.audit.String(), "set_cookie_dropped") {
		t.Errorf("%d counted", w.observer.cookies)
	}
}

// What one person sees stays out of shared caches, and so does our cookie.
func TestCaching(t *testing.T) {
	w := newWorld(t)
	w.app.does(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Cache-Control", "public, s-maxage=600")
	})
	b := w.browser()
	b.signIn(wiki+"/", ann)
	private := func(address string, want bool) {
		t.Helper()
		a := b.do(address, ask{})
		cc := a.Header.Get("Cache-Control")
		if got := contains(cc, "private") && !contains(cc, "public"); got != want {
			t.Errorf("%s: %q with %d cookies", address, cc, len(a.Header["Set-Cookie"]))
		}
		if len(a.Header["Set-Cookie"]) > 0 && contains(cc, "public") {
			t.Errorf("%s: a cookie of ours on an answer for everybody", address)
		}
	}
	private(wiki+"/", true)
	private(wiki+"/open/", false)
	b.do(journey(b, "https://shared.example.com/"), ask{})
	private("https://shared.example.com/", true) // the first answer carries our cookie
	private("https://shared.example.com/", false)
	private("https://news.example.com/", false)
	b.do(sso+"/.samlgate/logout", ask{})
	w.browser().do("https://news.example.com/", ask{}).is(200)
}

func TestIdentityOnPublicPaths(t *testing.T) {
	w := newWorld(t, func(s *setup) {
		for _, rt := range s.routes {
			if rt.Name == "news" {
				rt.Public = patterns("/pub/")
			}
		}
	})
	w.app.does(func(rw http.ResponseWriter, _ *http.Request) { rw.Header().Set("Cache-Control", "public, max-age=60") })
	b := w.browser()
	b.signIn("https://news.example.com/", ann)
	a := b.do("https://news.example.com/pub/", ask{}).is(200)
	truthful(t, w.app.last(t), ann)
	if contains(a.Header.Get("Cache-Control"), "public") {
		t.Error("a page for Ann is for everybody")
	}
	socket := []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-Websocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Origin: https://wiki.example.com"}
	b.do("https://news.example.com/pub/", ask{site: "same-site", kind: "xhr", header: socket}).is(200)
	truthful(t, w.app.last(t), "")
	w.store.down.Store(true)
	b.do("https://news.example.com/pub/", ask{}).is(200)
	truthful(t, w.app.last(t), "") // not certain: nobody
}

// The next person at a desk never inherits the app's own session.
func TestAppCookiesOfThePersonBefore(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.keep("https://jobs.example.com/", &http.Response{Header: http.Header{"Set-Cookie": {"app_session=anns", "theme=dark"}}})
	b.signIn("https://jobs.example.com/ci/", ann).is(200)
	if got := w.app.last(t).Header.Get("Cookie"); got != "theme=dark" {
		t.Errorf("the first request brings %q", got)
	}
	b.jar["jobs.example.com"]["app_session"] = &http.Cookie{Name: "app_session", Value: "new"}
	b.do("https://jobs.example.com/ci/", ask{}).is(200)
	if got := w.app.last(t).Header.Get("Cookie"); !contains(got, "app_session=new") {
		t.Errorf("the second request brings %q", got)
	}
	out := strings.Join(b.do("https://jobs.example.com/.samlgate/logout", ask{}).Header["Set-Cookie"], "\n")
	for _, want := range []string{session + "=; ", "app_session=; Path=/; Max-Age=0", "app_session=; Path=/ci; Max-Age=0", "app_session=; Path=/ci/; Max-Age=0; Domain=jobs.example.com"} {
		if !contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestUpstreamTrouble(t *testing.T) {
	w := newWorld(t, func(s *setup) { s.appTimeouts = 100 * time.Millisecond })
	b := w.browser()
	b.signIn(wiki+"/", ann)
	hang := make(chan struct{})
	defer close(hang)
	w.app.does(func(rw http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})
	b.do(wiki+"/slow?token=s3cret", ask{}).is(504).signsNobodyIn()
	b.do(wiki+"/slow", ask{kind: "api"}).is(504, `"upstream_timeout"`, `"request_id"`)
	w.app.does(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	b.do(wiki+"/down", ask{}).is(502)
	b.do(wiki+"/down", ask{kind: "api"}).is(502, `"upstream_down"`)
	b.do(wiki+"/big", ask{method: "POST", site: "same-origin", body: strings.Repeat("x", 2000)}).is(413)
}

// A body that was not read to its end leaves the connection whole.
func TestUnreadBodyLeavesTheConnectionWhole(t *testing.T) {
	w := newWorld(t)
	w.app.does(func(http.ResponseWriter, *http.Request) {})
	var complaints safeBuffer
	w.server.Config.ErrorLog = log.New(&complaints, "", 0)
	b := w.browser()
	for range 50 {
		b.do(wiki+"/open/", ask{method: "POST", site: "same-origin", body: strings.Repeat("x", 2000)}).is(413)
		b.do(wiki+"/open/", ask{method: "PUT", site: "same-origin", body: "y"}).is(200)
	}
	if complaints.String() != "" {
		t.Errorf("the server says %s", short(complaints.String()))
	}
}
