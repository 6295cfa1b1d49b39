package proxy_test

import (
	"net/url"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

const limitPage = sso + "/.samlgate/limit"

var (
	codeField = regexp.MustCompile(`name="code" value="([^"]+)"`)
	endButton = regexp.MustCompile(`name="end" value="([^"]+)"`)
)

// full returns the browsers of a person who has as many sessions as they may.
func (w *world) full(n int) (all []*browser) {
	for range n {
		b := w.browser()
		idp, request := b.open(wiki + "/").asked()
		a := onFirefox
		a.method, a.site, a.body = "POST", "cross-site", form("SAMLResponse", saml{Request: request, IDP: idp, Email: ann}.encode())
		b.follow(b.do(sso+"/.samlgate/saml/acs", a)).is(200)
		all = append(all, b)
	}
	return all
}

// choosing signs ann in once too often and returns the page that asks.
func (b *browser) choosing(address string) (page *answer, code string, ends []string) {
	b.t.Helper()
	page = b.signIn(address, ann).is(200, "Which session should end?")
	for _, m := range endButton.FindAllStringSubmatch(page.text, -1) {
		ends = append(ends, m[1])
	}
	return page, codeField.FindStringSubmatch(page.text)[1], ends
}

func (b *browser) choose(code, end string, change ...func(*ask)) *answer {
	b.t.Helper()
	a := ask{method: "POST", site: "same-origin", body: url.Values{"code": {code}, "end": {end}}.Encode()}
	for _, f := range change {
		f(&a)
	}
	return b.do(limitPage, a)
}

func TestAskAtTheLimit(t *testing.T) {
	w := newWorld(t, atMost(2, sessionstore.Ask))
	old := w.full(2)
	b := w.browser()
	page, _, ends := b.choosing(wiki + "/deep?q=1")
	page.is(200, "Firefox on Linux", "127.0.0.1", "last used").signsNobodyIn()
	if len(ends) != 2 || w.live(ann) != 2 {
		t.Fatalf("%d to choose from, %d live", len(ends), w.live(ann))
	}
	page = b.do(page.at, ask{}).is(200, ends[0], ends[1]) // a reload asks again
	code := codeField.FindStringSubmatch(page.text)[1]
	if end := b.follow(b.choose(code, ends[0])).is(200, ann); end.at != wiki+"/deep?q=1" {
		t.Errorf("the journey ends at %s", end.at)
	}
	if n := w.live(ann); n != 2 {
		t.Errorf("%d sessions", n)
	}
	old[0].do(wiki+"/", ask{}).is(401, "from another browser")
	old[1].open(wiki + "/").is(200)
	b.choose(code, ends[1]).is(403).signsNobodyIn() // spent
	old[1].open(wiki + "/").is(200)
}

func TestAskAnswersItsOwnBrowserAlone(t *testing.T) {
	w := newWorld(t, atMost(2, sessionstore.Ask))
	old := w.full(2)
	w.browser().signIn(wiki+"/", bob).is(200)
	bobs, err := w.sessions.List(t.Context(), identity.Person(bob))
	w.must(err)
	b, thief := w.browser(), w.browser()
	page, code, ends := b.choosing(wiki + "/")
	thief.do(page.at, ask{}).is(403).signsNobodyIn()
	thief.choose(code, ends[0]).is(403).signsNobodyIn()
	thief.open(wiki + "/") // has a login cookie of their own now
	thief.do(page.at, ask{}).is(403)
	thief.choose(code, ends[0]).is(403).signsNobodyIn()
	b.choose(code, ends[0], func(a *ask) { a.site = "cross-site" }).is(403).signsNobodyIn()
	b.choose(code, ends[0], func(a *ask) { a.site = "same-site"; a.header = []string{"Origin: " + wiki} }).is(403).signsNobodyIn()
	b.do(limitPage+"?code="+code+"&end="+ends[0], ask{}).is(200) // a link decides nothing
	b.choose("", ends[0]).is(403)
	b.do(sso+"/.samlgate/continue?code="+code, ask{}).is(403) // nor is it a code of another kind; that spends it
	if w.live(ann) != 2 {
		t.Fatalf("%d live", w.live(ann))
	}
	// Nobody else's session ends by a choice, nor does a made-up one count.
	for _, end := range []string{bobs[0].ID.Hash(), "", "x"} {
		_, code, _ = b.choosing(wiki + "/")
		page = b.follow(b.choose(code, end)).is(200, "Which session should end?").signsNobodyIn()
	}
	if w.live(ann) != 2 || w.live(bob) != 1 {
		t.Errorf("%d and %d live", w.live(ann), w.live(bob))
	}
	for _, o := range old {
		o.open(wiki + "/").is(200)
	}
	// The page that comes back asks no longer than the first did.
	w.later(5*time.Minute + time.Second)
	b.do(page.at, ask{}).is(403)
	b.choose(codeField.FindStringSubmatch(page.text)[1], ends[0]).is(403).signsNobodyIn()
}

func TestAskEndsWithThePerson(t *testing.T) {
	w := newWorld(t, atMost(1, sessionstore.Ask))
	w.full(1)
	b := w.browser()
	_, code, ends := b.choosing(wiki + "/")
	_, err := w.sessions.EndAll(t.Context(), identity.Person(ann), sessionstore.ReasonDeactivated)
	w.must(err)
	b.choose(code, ends[0]).is(403, "took too long").signsNobodyIn()
	if w.live(ann) != 0 {
		t.Errorf("%d live", w.live(ann))
	}
	// Whose other session ended by itself goes on without ending one.
	old := w.full(1)
	_, code, _ = b.choosing(wiki + "/")
	old[0].do(wiki+"/.samlgate/logout", ask{method: "POST", site: "same-origin"})
	b.follow(b.choose(code, "")).is(200, ann)
}

func TestFewIdentitiesWait(t *testing.T) {
	w := newWorld(t, atMost(1, sessionstore.Ask))
	w.full(1)
	for range 5 {
		w.browser().choosing(wiki + "/")
	}
	page := w.browser().signIn(wiki+"/", ann).is(403, "signed in too often", "Firefox on Linux").signsNobodyIn()
	if endButton.MatchString(page.text) {
		t.Error("it may choose")
	}
	w.later(5*time.Minute + time.Second)
	w.browser().choosing(wiki + "/")
}

// Several browsers choose at once, some of them the same session.
func TestAskRaces(t *testing.T) {
	w := newWorld(t, atMost(2, sessionstore.Ask))
	w.full(2)
	type asker struct {
		b    *browser
		code string
		end  string
	}
	var all []asker
	for i := range 4 {
		b := w.browser()
		_, code, ends := b.choosing(wiki + "/")
		all = append(all, asker{b, code, ends[i%2]})
	}
	var at sync.WaitGroup
	for _, a := range all {
		for range 2 { // and a second click
			at.Go(func() {
				res, err := client.Do(a.b.request(limitPage, ask{method: "POST", site: "same-origin", body: url.Values{"code": {a.code}, "end": {a.end}}.Encode()}))
				if err != nil {
					t.Error(err)
					return
				}
				res.Body.Close()
			})
		}
	}
	at.Wait()
	if n := w.live(ann); n != 2 {
		t.Errorf("%d sessions", n)
	}
}

func TestDenyTellsWhereAndSinceWhen(t *testing.T) {
	w := newWorld(t, atMost(1, sessionstore.Deny))
	w.full(1)
	w.later(10 * time.Minute)
	page := w.browser().signIn(wiki+"/", ann).is(403, "Firefox on Linux", "10 minutes ago").signsNobodyIn()
	for _, no := range []string{"127.0.0.1", `name="end"`, ann} {
		if regexp.MustCompile(regexp.QuoteMeta(no)).MatchString(page.text) {
			t.Errorf("it tells %s", no)
		}
	}
}
