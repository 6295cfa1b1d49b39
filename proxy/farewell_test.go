package proxy_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// onFirefox makes requests as that browser does.
var onFirefox = ask{header: []string{"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}}

func TestTheEvictedBrowserIsToldOnce(t *testing.T) {
	w := newWorld(t, atMost(1, sessionstore.EvictOldest))
	desk, phone := w.browser(), w.browser()
	desk.signIn(wiki+"/", ann).is(200)
	desk.open(hr + "/").is(403) // another host, another cookie: the same session
	idp, request := phone.open(wiki + "/").asked()
	answer := onFirefox
	answer.method, answer.site, answer.body = "POST", "cross-site", form("SAMLResponse", saml{Request: request, IDP: idp, Email: ann}.encode())
	phone.follow(phone.do(w.external.String()+"/.samlgate/saml/acs", answer)).is(200)

	for range 2 { // programs hear the reason and do not use it up
		desk.do(wiki+"/", ask{kind: "xhr"}).is(401, `"error":"not_signed_in"`, `"reason":"evicted"`, "login_url")
	}
	desk.do(wiki+"/x?a=b", ask{method: "HEAD"})
	ahead := desk.do(wiki+"/x", ask{header: []string{"Sec-Purpose: prefetch"}})
	if ahead.StatusCode == 401 && strings.Contains(ahead.text, "signed out") {
		t.Error("it was told to nobody")
	}
	page := desk.do(wiki+"/x?a=b", ask{}).is(401, "You were signed out here", "Firefox on Linux", "Sign in again",
		"return_to=https%3A%2F%2Fwiki.example.com%2Fx%3Fa%3Db")
	if page.Header.Get("Cache-Control") != "no-store" || strings.Contains(page.text, ann) {
		t.Error("the page may be kept, or names people")
	}
	desk.do(wiki+"/x", ask{}).is(303) // once
	desk.do(hr+"/", ask{}).is(303)    // on whichever host
	if strings.Contains(desk.do(wiki+"/", ask{kind: "xhr"}).is(401).text, "reason") {
		t.Error("told again")
	}
	phone.open(wiki + "/").is(200)
}

func TestOtherEndsThatAreTold(t *testing.T) {
	w := newWorld(t)
	for why, words := range map[sessionstore.Reason]string{
		sessionstore.ReasonOperator: "An administrator", sessionstore.ReasonRole: "roles have changed", sessionstore.ReasonSelf: "from another browser",
		sessionstore.ReasonSingleLogout: "You are signed out", sessionstore.ReasonLogout: "", sessionstore.ReasonDeactivated: "",
	} {
		b := w.browser()
		b.signIn(wiki+"/", ann).is(200)
		all, err := w.sessions.List(t.Context(), identity.Person(ann))
		w.must(err)
		w.must(w.sessions.End(t.Context(), all[len(all)-1].ID, why))
		first := b.do(wiki+"/", ask{})
		if words == "" {
			first.is(303)
			continue
		}
		first.is(401, words, "Sign in again")
		b.do(wiki+"/", ask{}).is(303)
	}
	// The account page tells, too.
	b := w.browser()
	b.signIn(wiki+"/", ann).is(200)
	_, err := w.sessions.EndAll(t.Context(), identity.Person(ann), sessionstore.ReasonOperator)
	w.must(err)
	b.do(sso+"/.samlgate/account", ask{}).is(401, "An administrator")
	b.do(sso+"/.samlgate/account", ask{}).is(303)
}

// Whoever has no cookie of ours costs the store nothing and hears nothing, and
// what is told does not outlive the session.
func TestFarewellsAreForTheirBrowser(t *testing.T) {
	w := newWorld(t, func(s *setup) { s.limits.Idle, s.limits.Lifetime = time.Hour, 2*time.Hour })
	b, thief := w.browser(), w.browser()
	b.signIn(wiki+"/", ann).is(200)
	_, err := w.sessions.EndAll(t.Context(), identity.Person(ann), sessionstore.ReasonOperator)
	w.must(err)
	thief.do(wiki+"/", ask{}).is(303)
	cookie := b.cookie("wiki.example.com", session)
	thief.jar["hr.example.com"] = map[string]*http.Cookie{cookie.Name: cookie} // sealed for another host
	thief.do(hr+"/", ask{}).is(303)
	forged := *cookie
	forged.Value = forged.Value[:len(forged.Value)-2] + "AA"
	thief.jar["wiki.example.com"] = map[string]*http.Cookie{cookie.Name: &forged}
	thief.do(wiki+"/", ask{}).is(303)
	w.later(2*time.Hour + time.Minute)
	b.do(wiki+"/", ask{}).is(303)
}

func form(name, value string) string { return url.Values{name: {value}}.Encode() }
