package proxy_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/sessionstore"
)

const bob = "bob@example.com"

// started posts an answer that nobody asked for, as an identity provider's
// portal does.
func (b *browser) started(s saml, relay string) *answer {
	b.t.Helper()
	form := url.Values{"SAMLResponse": {s.encode()}}
	if relay != "" {
		form.Set("RelayState", relay)
	}
	return b.do(sso+"/.samlgate/saml/acs", ask{method: "POST", site: "cross-site", body: form.Encode()})
}

func policy(p signin.Unsolicited) func(*setup) {
	return func(s *setup) { s.idps[0].Unsolicited, s.idps[0].DefaultURL = p, hr+"/start" }
}

func TestDeniedUnsolicitedAnswers(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.started(saml{IDP: "corp", Email: ann}, wiki+"/").is(403, "/.samlgate/login").signsNobodyIn()
	if n := w.idp.read.Load(); n != 0 {
		t.Errorf("the answer was read %d times though nobody takes it", n)
	}
	// The same page for a browser that began some login.
	b.open(wiki + "/")
	b.started(saml{IDP: "corp", Email: ann}, wiki+"/").is(403, "/.samlgate/login").signsNobodyIn()

	// Where another provider may, this one still may not.
	w = newWorld(t, func(s *setup) { s.idps[1].Unsolicited = signin.Accept })
	w.browser().started(saml{IDP: "corp", Email: ann}, "").is(403, "/.samlgate/login").signsNobodyIn()
	w.browser().started(saml{IDP: "nobody", Email: ann}, "").is(403, "/.samlgate/login").signsNobodyIn()
	if n := w.idp.verified.Load(); n != 0 {
		t.Errorf("%d answers were verified", n)
	}
}

func TestReinitiateTakesTheAnswerForAHint(t *testing.T) {
	w := newWorld(t, policy(signin.Reinitiate))
	b := w.browser()
	first := b.started(saml{IDP: "corp", Email: bob}, wiki+"/deep?q=1").signsNobodyIn()
	first.leads(sso + "/.samlgate/login/corp?")
	idp, request := b.follow(first).asked()
	if n := w.idp.verified.Load(); n != 0 {
		t.Error("the hint was believed")
	}
	b.follow(b.reply(saml{Request: request, IDP: idp, Email: ann})).is(200, ann)

	b = w.browser()
	to := b.started(saml{IDP: "corp", Email: ann}, "https://evil.example/").signsNobodyIn()
	to.leads(sso + "/.samlgate/login/corp?")
	if location := to.Header.Get("Location"); strings.Contains(location, "evil") || !strings.Contains(location, url.QueryEscape(hr+"/start")) {
		t.Errorf("a foreign RelayState leads to %s", location)
	}
}

// A provider that takes no notice of our requests sends nobody round for ever.
func TestReinitiateComesToAnEnd(t *testing.T) {
	w := newWorld(t, policy(signin.Reinitiate))
	b := w.browser()
	for round := range 20 {
		a := b.started(saml{IDP: "corp", Email: ann}, "")
		if a.StatusCode == 403 {
			w.later(2 * time.Minute)
			b.started(saml{IDP: "corp", Email: ann}, "").leads(sso + "/.samlgate/login/corp?") // another try
			return
		}
		if round > 8 {
			t.Fatal("a loop")
		}
		b.follow(a).asked()
	}
}

func TestAcceptedAnswerSignsIn(t *testing.T) {
	w := newWorld(t, policy(signin.Accept))
	b := w.browser()
	step := b.started(saml{IDP: "corp", Email: ann, Roles: []string{"hr"}}, "").signsNobodyIn()
	step.leads(sso + "/.samlgate/continue?code=")
	b.follow(step).is(200, ann)
	if n := w.live(ann); n != 1 {
		t.Errorf("%d sessions", n)
	}
	b.do(step.Header.Get("Location"), ask{site: "same-site"}).is(403) // the code is spent

	deep := w.browser()
	end := deep.follow(deep.started(saml{IDP: "corp", Email: ann, Roles: []string{"hr"}}, wiki+"/deep?q=1")).is(200, ann)
	if end.at != wiki+"/deep?q=1" {
		t.Errorf("the journey ends at %s", end.at)
	}
	shut := w.browser()
	shut.follow(shut.started(saml{IDP: "corp", Email: bob, Roles: []string{"Restricted"}}, "")).is(403).signsNobodyIn()
}

// The answer of a page that the person never asked for must not swap who they are.
func TestAcceptNeverChangesThePersonSilently(t *testing.T) {
	w := newWorld(t, policy(signin.Accept))
	b := w.browser()
	b.signIn(wiki+"/", ann, "hr")

	page := b.follow(b.started(saml{IDP: "corp", Email: bob, Roles: []string{"hr"}}, wiki+"/")).is(200, ann, bob, "<form").signsNobodyIn()
	b.open(wiki+"/").is(200, ann)
	if w.live(bob) != 0 {
		t.Error("a session for somebody who was not confirmed")
	}
	form := url.Values{"code": {codeIn(page)}}.Encode()
	at := sso + "/.samlgate/continue"
	b.do(at, ask{method: "POST", site: "cross-site", body: form, header: []string{"Origin: https://evil.example"}}).is(403).signsNobodyIn()
	b.follow(b.do(at, ask{method: "POST", site: "same-origin", body: form, header: []string{"Origin: " + sso}})).is(200, bob)
	if w.live(ann) != 0 || w.live(bob) != 1 {
		t.Errorf("%d sessions of the one before, %d of the next", w.live(ann), w.live(bob))
	}
	b.do(at, ask{method: "POST", site: "same-origin", body: form, header: []string{"Origin: " + sso}}).is(403).signsNobodyIn()

	// The same person again needs no question.
	b.follow(b.started(saml{IDP: "corp", Email: bob, Roles: []string{"hr"}}, wiki+"/")).is(200, bob)
	if w.live(bob) != 1 {
		t.Errorf("%d sessions of one browser", w.live(bob))
	}
}

// codeIn is the code of the page that asks before the person changes.
func codeIn(page *answer) string {
	page.t.Helper()
	_, rest, ok := strings.Cut(page.text, `name="code" value="`)
	if !ok {
		page.t.Fatalf("no code in %s", short(page.text))
	}
	code, _, _ := strings.Cut(rest, `"`)
	return code
}

// A code that an attacker got for their own answer signs nobody else in.
func TestAcceptedCodesBelongToOneBrowser(t *testing.T) {
	w := newWorld(t, policy(signin.Accept))
	attacker, victim := w.browser(), w.browser()
	step := attacker.started(saml{IDP: "corp", Email: bob, Roles: []string{"hr"}}, "")
	planted := step.Header.Get("Location")
	victim.do(planted, ask{site: "cross-site"}).is(403).signsNobodyIn()
	victim.signIn(wiki+"/", ann).is(200, ann)
	victim.do(planted, ask{site: "cross-site"}).is(403).signsNobodyIn()
	attacker.do(planted, ask{header: []string{"Sec-Purpose: prefetch"}}).is(403).signsNobodyIn()
	attacker.follow(step).is(200, bob) // nobody else has spent it
}

// Whoever is signed out between the proof and its use stays signed out.
func TestAcceptedAnswerHonoursAnEnd(t *testing.T) {
	w := newWorld(t, policy(signin.Accept))
	b := w.browser()
	step := b.started(saml{IDP: "corp", Email: ann, Roles: []string{"hr"}}, "")
	_, err := w.sessions.EndAll(t.Context(), identity.Person(ann), sessionstore.ReasonOperator)
	w.must(err)
	b.follow(step).is(403).signsNobodyIn()

	step = b.started(saml{IDP: "corp", Email: ann, Roles: []string{"hr"}}, "")
	w.rebuild(policy(signin.Reinitiate)) // the operator thinks better of it
	b.follow(step).is(403).signsNobodyIn()
	if n := w.live(ann); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

// To ask once more does not make a proof younger.
func TestAcceptedAnswerEndsInTime(t *testing.T) {
	w := newWorld(t, policy(signin.Accept))
	b := w.browser()
	b.signIn(wiki+"/", ann)
	page := b.follow(b.started(saml{IDP: "corp", Email: bob, Roles: []string{"hr"}}, "")).is(200, ann, bob)
	at := sso + "/.samlgate/continue"
	w.later(90 * time.Second)
	page = b.do(at+"?code="+codeIn(page), ask{}).is(200, ann, bob)
	w.later(90 * time.Second)
	b.do(at, ask{method: "POST", site: "same-origin", body: "code=" + codeIn(page)}).is(403).signsNobodyIn()
}

// A browser that lost one cookie is not without a person for that.
func TestAcceptAsksABrowserThatLostItsSessionCookie(t *testing.T) {
	w := newWorld(t, policy(signin.Accept))
	b := w.browser()
	b.signIn(wiki+"/", ann)
	delete(b.jar["sso.example.com"], "__Host-samlgate")
	b.follow(b.started(saml{IDP: "corp", Email: bob, Roles: []string{"hr"}}, "")).is(200, ann, bob, "<form").signsNobodyIn()
	if w.live(ann) != 1 {
		t.Error("the session is gone before anybody confirmed")
	}
}

func TestAcceptWhileTheStoreIsAway(t *testing.T) {
	w := newWorld(t, policy(signin.Accept))
	b := w.browser()
	step := b.started(saml{IDP: "corp", Email: ann}, "")
	w.store.down.Store(true)
	b.follow(step).is(503).signsNobodyIn()
}

func TestNoLoginBeginsWhileTheStoreIsAway(t *testing.T) {
	w := newWorld(t)
	w.store.down.Store(true)
	for _, address := range []string{wiki + "/", sso + "/.samlgate/login/corp", sso + "/.samlgate/login?return_to=/desk"} {
		if a := w.browser().do(address, ask{}).is(503); a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", address)
		}
	}
}
