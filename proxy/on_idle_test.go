package proxy_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/sessionstore"
)

const bye = "https://www.example.org/bye?from=wiki"

func onIdle(what string) func(*setup) {
	return func(s *setup) { s.onIdle, s.limits.Idle = what, 10*time.Minute }
}

// left signs Ann in and leaves her browser alone until the session has ended.
func (w *world) left() *browser {
	w.t.Helper()
	b := w.browser()
	b.signIn(wiki+"/", ann).is(200)
	b.open(hr + "/").is(403)
	w.later(11 * time.Minute)
	return b
}

func TestPageAfterIdle(t *testing.T) {
	w := newWorld(t, onIdle(signin.IdlePage))
	b := w.left()
	for range 2 { // a program hears the reason, and uses nothing up
		b.do(wiki+"/x", ask{kind: "xhr"}).is(401, `"reason":"idle"`, "login_url")
	}
	b.do(wiki+"/x", ask{kind: "iframe"}).is(401)
	b.do(wiki+"/x", ask{header: []string{"Sec-Purpose: prefetch"}}).is(303)
	page := b.do(wiki+"/x?a=b", ask{}).is(401, "Nothing happened for a while", "Sign in again", "return_to=https%3A%2F%2Fwiki.example.com%2Fx%3Fa%3Db")
	if page.Header.Get("Cache-Control") != "no-store" || strings.Contains(page.text, ann) || strings.Contains(page.text, "Ann") {
		t.Error("the page may be kept, or names people")
	}
	b.do(wiki+"/x", ask{}).is(303) // once
	b.do(hr+"/x", ask{}).is(303)   // on whichever host
	if strings.Contains(b.do(wiki+"/x", ask{kind: "xhr"}).is(401).text, "reason") {
		t.Error("told again")
	}
	// The button leads to where the person was.
	idp, request := b.follow(b.do(sso+"/.samlgate/login/corp?return_to=https%3A%2F%2Fwiki.example.com%2Fx%3Fa%3Db", ask{site: "same-site"})).asked()
	if end := b.follow(b.reply(saml{Request: request, IDP: idp, Email: ann})).is(200, ann); end.at != wiki+"/x?a=b" {
		t.Errorf("the journey ends at %s", end.at)
	}
	// The account page tells, too.
	b = w.left()
	b.do(sso+"/.samlgate/account", ask{}).is(401, "Nothing happened")
	b.do(sso+"/.samlgate/account", ask{}).is(303)
}

// Whatever an address of the operator's does with people, it gets them once.
func TestAddressAfterIdle(t *testing.T) {
	w := newWorld(t, onIdle(bye))
	b := w.left()
	b.do(wiki+"/x?return_to=https://evil.example.net&on_idle=https://evil.example.net", ask{}).leads(bye)
	b.open(wiki + "/x").asked()
}

func TestSLOAddressAfterIdle(t *testing.T) {
	w := newWorld(t, onIdle(signin.IdleSLO))
	b := w.left()
	b.open(wiki + "/x").asked() // it has none: a login
	w.slo.addresses = map[string]string{"corp": "https://corp.idp.test/slo", "partner": "https://partner.idp.test/bye"}
	w.slo.offers["corp"] = "https://corp.idp.test/slo"
	b = w.left()
	to := b.do(wiki+"/x", ask{}).leads("https://corp.idp.test/slo").Header.Get("Location")
	if to != "https://corp.idp.test/slo" {
		t.Errorf("to %s: with a message", to)
	}
	if len(w.observer.logouts) > 0 {
		t.Errorf("a logout on idle: %v", w.observer.logouts)
	}
	b.open(wiki + "/x").asked()
	b = w.browser()
	b.signIn("https://partners.example.com/", ann).is(200)
	w.later(11 * time.Minute)
	b.do("https://partners.example.com/", ask{}).leads("https://partner.idp.test/bye")
}

// Whoever was signed out, in whatever way, or was never here, was not idle; and
// whose session lives is not over.
func TestOnlyIdleIsIdle(t *testing.T) {
	w := newWorld(t, onIdle(bye), func(s *setup) { s.limits.Lifetime = time.Hour })
	signedIn := func() *browser {
		b := w.browser()
		b.signIn(wiki+"/", ann).is(200)
		b.open(hr + "/").is(403)
		return b
	}
	logins := func(name string, b *browser, address string) {
		t.Helper()
		if to := b.do(address, ask{}).Header.Get("Location"); !strings.HasPrefix(to, sso+"/.samlgate/login") {
			t.Errorf("%s: to %q", name, to)
		}
	}
	logins("nobody", w.browser(), wiki+"/")
	out := signedIn()
	out.do(wiki+"/.samlgate/logout", ask{})
	logins("signed out, on another host", out, hr+"/") // whose cookie is still there
	again := signedIn()
	again.signIn(sso+"/.samlgate/login/corp?as=other", ann)
	logins("replaced by another sign-in, on a host of before", again, hr+"/")
	evicted := signedIn()
	all, err := w.sessions.List(t.Context(), identity.Person(ann))
	w.must(err)
	w.must(w.sessions.End(t.Context(), all[len(all)-1].ID, sessionstore.ReasonEvicted))
	evicted.do(wiki+"/", ask{}).is(401, "You were signed out here")
	logins("evicted and told", evicted, wiki+"/")
	everybody := signedIn()
	w.must(w.sessions.EndEverything(t.Context(), sessionstore.ReasonOperator))
	logins("ended with everybody", everybody, wiki+"/")
	kept := signedIn()
	for range 7 {
		w.later(9 * time.Minute)
		kept.do(wiki+"/x", ask{kind: "xhr"})
	}
	logins("at the absolute end", kept, wiki+"/")
	// A stranger learns nothing with what was made for another host, or by hand.
	b, thief := w.left(), w.browser()
	cookie := b.cookie("wiki.example.com", session)
	thief.jar["jobs.example.com"] = map[string]*http.Cookie{cookie.Name: cookie}
	logins("another host's cookie", thief, "https://jobs.example.com/ci/")
	forged := *cookie
	forged.Value = forged.Value[:len(forged.Value)-2] + "AA"
	thief.jar["wiki.example.com"] = map[string]*http.Cookie{cookie.Name: &forged}
	logins("a forged cookie", thief, wiki+"/")
	b.do(wiki+"/", ask{}).leads(bye) // and has used nothing up
	// A store that cannot tell says neither.
	b = w.left()
	w.store.down.Store(true)
	b.do(wiki+"/", ask{}).is(503)
	w.store.down.Store(false)
	b.do(wiki+"/", ask{}).leads(bye)
	// Without the setting nothing is kept and nothing told.
	w.rebuild()
	b = w.browser()
	b.signIn(wiki+"/", ann).is(200)
	w.later(2 * time.Hour)
	logins("by default", b, wiki+"/")
}
