package proxy_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/signin"
)

func keepsOn(s *setup) {
	s.keepJS, s.limits.Idle, s.limits.Lifetime = true, 10*time.Minute, 2*time.Hour
}

var ownScript = ask{kind: "xhr", site: "same-origin"}

// remaining asks as keep.js does.
func (b *browser) remaining(host string, a ask) pages.Remaining {
	b.t.Helper()
	var left pages.Remaining
	b.must(json.Unmarshal([]byte(b.do(host+"/.samlgate/keep?for=/", a).is(200).text), &left))
	return left
}

func posts(a ask) ask { a.method = "POST"; return a }

func TestNothingIsKeptUnlessAsked(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann).is(200)
	for _, path := range []string{"keep.js", "keep", "keep/sign-in"} {
		for _, host := range []string{wiki, sso} {
			b.do(host+"/.samlgate/"+path, ownScript).is(404)
			b.do(host+"/.samlgate/"+path, posts(ownScript)).is(404)
		}
	}
}

func TestTheScriptIsTheSameForEverybody(t *testing.T) {
	w := newWorld(t, keepsOn)
	b := w.browser()
	b.signIn(wiki+"/", ann).is(200)
	script := func(b *browser, host, language string) *answer {
		return b.do(host+"/.samlgate/keep.js", ask{kind: "script", site: "same-origin", header: []string{"Accept-Language: " + language}}).is(200)
	}
	en := script(b, wiki, "en")
	for name, want := range map[string]string{
		"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "public, max-age=300", "Vary": "Accept-Language",
		"Cross-Origin-Resource-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
	} {
		if got := en.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if strings.Contains(en.text, ann) || len(en.Cookies()) > 0 {
		t.Error("a script that others may keep is about somebody")
	}
	if script(w.browser(), "https://hr.example.com", "en").text != en.text {
		t.Error("nobody gets another script")
	}
	if de := script(b, wiki, "de"); !strings.Contains(de.text, "Angemeldet bleiben") || de.Header.Get("Etag") == en.Header.Get("Etag") {
		t.Error("no German script, or under the same tag")
	}
	again := b.do(wiki+"/.samlgate/keep.js", ask{kind: "script", header: []string{"Accept-Language: en", "If-None-Match: " + en.Header.Get("Etag")}})
	if again.StatusCode != http.StatusNotModified || again.text != "" {
		t.Errorf("asked again: %d", again.StatusCode)
	}
	b.do(wiki+"/.samlgate/keep.js", posts(ownScript)).is(405)
}

// Asking how long a session lives is no use of it, at however many hosts.
func TestAskingIsNoUse(t *testing.T) {
	for name, memory := range map[string]func(*setup){"without memory": func(*setup) {}, "from memory": remembers} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, keepsOn, memory, onIdle(signin.IdlePage))
			b := w.browser()
			b.signIn(wiki+"/", ann).is(200)
			for n := range int64(9) {
				if left := b.remaining(wiki, ownScript); left.IdleEndsIn > 600-60*n || left.IdleEndsIn < 595-60*n || left.IdleTimeout != 600 || left.EndsIn < 6590-60*n {
					t.Fatalf("after %d minutes: %+v", n, left)
				}
				w.later(time.Minute)
			}
			w.later(2 * time.Minute)
			b.do(wiki+"/.samlgate/keep", ownScript).is(401, `"reason":"idle"`)
			b.do(wiki+"/.samlgate/keep", posts(ownScript)).is(401)
			if w.live(ann) != 0 {
				t.Error("a session was kept alive by asking")
			}
		})
	}
}

func TestStayingIsUse(t *testing.T) {
	w := newWorld(t, keepsOn, remembers)
	b := w.browser()
	b.signIn(wiki+"/", ann).is(200)
	for range 5 {
		w.later(9 * time.Minute)
		if left := b.remaining(wiki, posts(ownScript)); left.IdleEndsIn < 595 {
			t.Fatalf("%+v", left)
		}
	}
	// Who says that it is none is believed.
	w.later(9 * time.Minute)
	passive := posts(ownScript)
	passive.header = []string{"X-Samlgate-Passive: 1"}
	if left := b.remaining(wiki, passive); left.IdleEndsIn > 70 {
		t.Errorf("%+v", left)
	}
	// And nobody stays beyond the absolute end.
	for range 8 {
		b.do(wiki+"/.samlgate/keep", posts(ownScript))
		w.later(9 * time.Minute)
	}
	b.do(wiki+"/.samlgate/keep", posts(ownScript)).is(401)
}

// What was used at another gateway, this one hears from the store.
func TestUseElsewhereCounts(t *testing.T) {
	w := newWorld(t, keepsOn, remembers)
	b := w.browser()
	b.signIn(wiki+"/", ann).is(200)
	w.later(9 * time.Minute)
	b.remaining(wiki, ownScript) // now it is in memory
	all, err := w.sessions.List(t.Context(), identity.Person(ann))
	w.must(err)
	w.must(w.store.Touch(t.Context(), all[0].ID, 0))
	if left := b.remaining(wiki, ownScript); left.IdleEndsIn < 590 {
		t.Errorf("%+v", left)
	}
	w.later(20 * time.Second) // and what was used here, of which the store need not know yet
	b.do(wiki+"/x", ask{}).is(200)
	if left := b.remaining(wiki, ownScript); left.IdleEndsIn < 595 {
		t.Errorf("%+v", left)
	}
}

// The attacks: another site extends a session in silence, reads how long it lives,
// or learns that there is one.
func TestOtherSitesKeepNothing(t *testing.T) {
	w := newWorld(t, keepsOn)
	b, nobody := w.browser(), w.browser()
	b.signIn(wiki+"/", ann).is(200)
	w.later(5 * time.Minute)
	const evil = "https://evil.example.net"
	for name, attack := range map[string]ask{
		"a script reads":                {kind: "xhr", site: "cross-site", header: []string{"Origin: " + evil}},
		"a sibling reads":               {kind: "xhr", site: "same-site", header: []string{"Origin: https://hr.example.com"}},
		"an origin that the route lets": {kind: "xhr", site: "cross-site", header: []string{"Origin: https://portal.example.net"}},
		"a link":                        {kind: "document", site: "cross-site"},
		"a frame":                       {kind: "iframe", site: "same-site"},
		"a picture":                     {kind: "image", site: "same-site"},
		"a form":                        {method: "POST", site: "cross-site", body: "a=b", header: []string{"Origin: " + evil}},
		"a sibling's form":              {method: "POST", site: "same-site", body: "a=b", header: []string{"Origin: https://hr.example.com"}},
		"a script posts":                {method: "POST", kind: "xhr", site: "cross-site", header: []string{"Origin: " + evil}},
		"a form of old":                 {method: "POST", kind: "old", body: "a=b", header: []string{"Origin: " + evil}},
		"a sandbox of old":              {method: "POST", kind: "old", body: "a=b", header: []string{"Origin: null"}},
	} {
		got, other := b.do(wiki+"/.samlgate/keep?for=/", attack).is(403), nobody.do(wiki+"/.samlgate/keep?for=/", attack).is(403)
		if got.Header.Get("Access-Control-Allow-Origin") != "" || strings.Contains(got.text, "idle_ends_in") {
			t.Errorf("%s: it may read %s", name, got.text)
		}
		if len(got.text) != len(other.text) || len(got.Cookies()) > 0 {
			t.Errorf("%s: it can tell who is signed in", name)
		}
	}
	preflight := b.do(wiki+"/.samlgate/keep", ask{method: "OPTIONS", kind: "xhr", site: "cross-site", header: []string{"Origin: https://portal.example.net", "Access-Control-Request-Method: POST"}})
	if preflight.Header.Get("Access-Control-Allow-Origin") != "" || preflight.StatusCode < 400 {
		t.Errorf("a preflight is answered with %d", preflight.StatusCode)
	}
	b.do(wiki+"/.samlgate/keep/sign-in?for=/", ask{site: "cross-site"}).is(200) // a page, and no use
	if left := b.remaining(wiki, ownScript); left.IdleEndsIn > 300 {
		t.Errorf("another site has extended the session: %+v", left)
	}
}

// What scripts of apps read tells nobody who somebody is, nor which people of two
// hosts are the same.
func TestRemainingNamesNobody(t *testing.T) {
	w := newWorld(t, keepsOn)
	mark := func(host, email string) string {
		b := w.browser()
		b.signIn(host+"/", email).is(200)
		answer := b.do(host+"/.samlgate/keep", ownScript).is(200)
		if strings.Contains(answer.text, "example.com") || answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%v %s", answer.Header, answer.text)
		}
		return strings.Join(b.remaining(host, ownScript).Person, " ")
	}
	const other = "https://shared.example.com"
	if a, again := mark(wiki, ann), mark(wiki, ann); a == "" || a != again {
		t.Errorf("one person is %q and %q", a, again)
	}
	if mark(wiki, ann) == mark(wiki, "bob@example.com") || mark(wiki, ann) == mark(other, ann) {
		t.Error("two people, or one at two hosts, look the same")
	}
}

func TestRouteIsStricter(t *testing.T) {
	w := newWorld(t, impatient, keepsOn, func(s *setup) { s.limits.Idle = time.Hour })
	b := w.browser()
	b.signIn(vault+"/", ann).is(200)
	if left := b.remaining(vault, ownScript); left.IdleTimeout != 300 || left.IdleEndsIn > 300 || left.EndsIn > 3600 {
		t.Errorf("%+v", left)
	}
	w.later(9 * time.Minute)
	b.do(vault+"/.samlgate/keep?for=/x", ownScript).is(401)
	b.do(vault+"/.samlgate/keep?for=/x", posts(ownScript)).is(401) // nor can it be brought back by staying
	w.idp.anew.Store(false)
	b.open(vault + "/.samlgate/keep/sign-in?for=/x").asked()
	if !w.idp.anew.Load() {
		t.Error("the window signs in without asking")
	}
}

func TestSignInWindow(t *testing.T) {
	w := newWorld(t, keepsOn)
	b := w.browser()
	const window = wiki + "/.samlgate/keep/sign-in?for="
	for _, kind := range []string{"xhr", "iframe", "image"} {
		b.do(window+"/x", ask{kind: kind, site: "same-origin"}).is(401)
	}
	b.do(window+"/x", ask{method: "POST", site: "same-origin", body: "a=b"}).is(405)
	for _, where := range []string{"/x", "//evil.example.net/", "https://evil.example.net/", "", "/.samlgate/logout", "%00", `\\evil.example.net`} {
		b = w.browser()
		end := b.signIn(window+where, ann).is(200, "You are signed in", `<script>`, "BroadcastChannel")
		if !strings.HasPrefix(end.at, wiki+"/.samlgate/keep/sign-in") || strings.Contains(end.text, "evil") || strings.Contains(end.text, ann) {
			t.Errorf("%q: ends at %s", where, end.at)
		}
		if policy := end.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "script-src 'sha256-") {
			t.Errorf("policy %q", policy)
		}
		b.open(wiki + "/x").is(200)
	}
	before := b.remaining(wiki, ownScript)
	w.later(time.Minute)
	b.do(window+"/x", ask{}).is(200) // who is signed in is told so, without a use
	if after := b.remaining(wiki, ownScript); after.IdleEndsIn >= before.IdleEndsIn {
		t.Errorf("%+v, then %+v", before, after)
	}
}

// A store that cannot tell says neither yes nor no.
func TestRemainingWithoutStore(t *testing.T) {
	w := newWorld(t, keepsOn, remembers)
	b := w.browser()
	b.signIn(wiki+"/", ann).is(200)
	w.store.down.Store(true)
	for _, a := range []ask{ownScript, posts(ownScript)} {
		if got := b.do(wiki+"/.samlgate/keep", a).is(503); got.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
}
