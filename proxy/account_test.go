package proxy_test

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

const account = sso + "/.samlgate/account"

// agents are the browsers of the tests below, as they call themselves.
const (
	firefox = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	iphone  = "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"
)

// comes signs email in now, in a browser that calls itself agent.
func (b *browser) comes(email, agent string) {
	b.t.Helper()
	idp, request := b.open(wiki + "/").asked()
	body := url.Values{"SAMLResponse": {saml{Request: request, IDP: idp, Email: email, Instant: b.now()}.encode()}}.Encode()
	b.follow(b.do(sso+"/.samlgate/saml/acs", ask{method: "POST", site: "cross-site", body: body, header: []string{agent}})).is(200, email)
}

// wants sends a form of the account page.
func (b *browser) wants(fields ...string) *answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.do(account, ask{method: "POST", site: "same-origin", body: form.Encode()})
}

// keys are the sessions that the account page offers to end.
func (b *browser) keys() []string {
	b.t.Helper()
	var keys []string
	for _, m := range regexp.MustCompile(`name="session" value="([^"]+)"`).FindAllStringSubmatch(b.open(account).is(200).text, -1) {
		keys = append(keys, m[1])
	}
	return keys
}

// signedIn reports who still has a session on the wiki.
func (b *browser) signedIn() bool { return b.do(wiki+"/", ask{kind: "xhr"}).StatusCode == 200 }

func TestPeopleSeeWhereTheyAreSignedIn(t *testing.T) {
	w := newWorld(t)
	desk, phone, stranger := w.browser(), w.browser(), w.browser()
	desk.comes(ann, firefox)
	w.later(3 * time.Minute)
	phone.comes(ann, iphone)
	stranger.comes("bob@example.com", firefox)
	page := phone.open(account).is(200, "Safari on iPhone", "This browser", "Firefox on Linux", "127.0.0.1", "Example Corp",
		"3 minutes ago", "<time datetime=", "Sign out everywhere", "End all others")
	if strings.Contains(page.text, "bob@") || len(phone.keys()) != 1 {
		t.Errorf("the page shows %v", phone.keys())
	}
	if strings.Index(page.text, "Safari on iPhone") > strings.Index(page.text, "Firefox on Linux") {
		t.Error("this browser is not the first")
	}
	all, err := w.sessions.List(context.Background(), identity.Person(ann))
	w.must(err)
	for _, s := range all {
		if strings.Contains(page.text, string(s.ID)) {
			t.Error("the page gives a session away")
		}
	}
	if text := stranger.open(account).text; strings.Contains(text, "Sign out everywhere") || strings.Contains(text, "End all others") {
		t.Error("there are no others to end")
	}
}

func TestPeopleEndTheirOtherSessions(t *testing.T) {
	w := newWorld(t)
	desk, phone, tablet, stranger := w.browser(), w.browser(), w.browser(), w.browser()
	for _, b := range []*browser{desk, phone, tablet} {
		b.comes(ann, firefox)
		w.later(time.Second) // so that they have an order
	}
	stranger.comes("bob@example.com", iphone)
	gone := tablet.keys() // desk and phone, the last used first
	tablet.wants("do", "end", "session", gone[1]).leads("/.samlgate/account")
	if desk.signedIn() || !phone.signedIn() || !tablet.signedIn() {
		t.Error("not just the one session has ended")
	}
	tablet.wants("do", "end", "session", gone[1]).leads("/.samlgate/account") // twice is no mistake
	desk.comes(ann, firefox)
	phone.wants("do", "others").leads("/.samlgate/account")
	if desk.signedIn() || !phone.signedIn() || tablet.signedIn() {
		t.Error("not just the others have ended")
	}
	desk.comes(ann, firefox)
	page := phone.wants("do", "all").is(200, "signed out").signsNobodyIn()
	if desk.signedIn() || phone.signedIn() || w.live(ann) != 0 || phone.jar["sso.example.com"][session] != nil {
		t.Error("somebody is left", page.Header)
	}
	if !stranger.signedIn() {
		t.Error("somebody else's session has ended")
	}
	for _, line := range []string{`"account_changed","person":"ann@example.com","idp":"corp","session":`, `"reason":"end_one"`, `"reason":"end_others"`, `"reason":"end_all"`} {
		if !strings.Contains(w.audit.String(), line) {
			t.Errorf("not on record: %s", line)
		}
	}
}

func TestAHashEndsNobodyElsesSession(t *testing.T) {
	w := newWorld(t)
	mine, theirs := w.browser(), w.browser()
	mine.comes(ann, firefox)
	theirs.comes("bob@example.com", iphone)
	bobs, err := w.sessions.List(context.Background(), "bob@example.com")
	w.must(err)
	mine.wants("do", "end", "session", bobs[0].ID.Hash()).leads("/.samlgate/account")
	mine.wants("do", "end", "session", string(bobs[0].ID)).leads("/.samlgate/account")
	mine.wants("do", "end").leads("/.samlgate/account")
	mine.wants("do", "end", "session", "x", "session", bobs[0].ID.Hash()).leads("/.samlgate/account")
	if !theirs.signedIn() || !mine.signedIn() {
		t.Error("a session has ended")
	}
	mine.wants("do", "everything").is(400)
	mine.wants("do", "others", "do", "all").is(400)
	mine.wants().is(400)
}

// Another site cannot have anything done there, nor a page that the browser only
// fetches.
func TestNobodyElseEndsSessions(t *testing.T) {
	w := newWorld(t)
	desk, phone := w.browser(), w.browser()
	desk.comes(ann, firefox)
	phone.comes(ann, iphone)
	for _, a := range []ask{
		{method: "POST", site: "cross-site", body: "do=all"},
		{method: "POST", site: "same-site", body: "do=all"},
		{method: "POST", kind: "old", body: "do=all", header: []string{"Origin: https://evil.example.org"}},
		{method: "POST", kind: "api", body: "do=all", header: []string{"Origin: null"}},
		{method: "POST", site: "same-site", kind: "xhr", body: "do=others", header: []string{"Origin: " + wiki}},
	} {
		a.header = append(a.header, "Cookie: "+session+"="+phone.cookie("sso.example.com", session).Value)
		w.browser().do(account, a).is(403)
	}
	phone.do(account+"?do=all", ask{}).is(200)
	phone.do(account+"?do=all", ask{method: "POST", site: "same-origin"}).is(400)
	if !desk.signedIn() || !phone.signedIn() {
		t.Error("a session has ended")
	}
	w.browser().wants("do", "all").leads(sso + "/.samlgate/login")
	phone.do(account, ask{method: "PUT", site: "same-origin"}).is(405)
}

// Whoever finds a browser in which somebody signed in this morning ends nothing:
// the person must sign in once more.
func TestAnOldSignInEndsNoOthers(t *testing.T) {
	w := newWorld(t)
	desk, phone := w.browser(), w.browser()
	desk.comes(ann, firefox)
	phone.comes(ann, iphone)
	w.later(11 * time.Minute)
	for _, do := range []string{"end", "others", "all"} {
		phone.wants("do", do, "session", phone.keys()[0]).is(200, "Is it still you?", "login?as=same")
	}
	if !desk.signedIn() || w.live(ann) != 2 {
		t.Fatal("a session has ended")
	}
	again := func(email string, at time.Time) *answer {
		t.Helper()
		idp, request := phone.open(sso + "/.samlgate/login?as=same").asked()
		if !w.idp.anew.Load() || idp != "corp" {
			t.Errorf("%s may go by what it remembers", idp)
		}
		return phone.follow(phone.reply(saml{Request: request, IDP: idp, Email: email, Instant: at}))
	}
	again("bob@example.com", w.now()).is(403, "someone else").signsNobodyIn()
	again(ann, w.now().Add(-11*time.Minute)).is(403).signsNobodyIn()
	if w.live("bob@example.com") != 0 || !phone.signedIn() {
		t.Error("somebody else took the session over")
	}
	phone.wants("do", "others").is(200, "Is it still you?")
	if end := again(ann, w.now()).is(200, "This browser"); !strings.HasSuffix(end.at, "/account") {
		t.Errorf("the journey ends at %s", end.at)
	}
	if n := w.live(ann); n != 2 {
		t.Errorf("%d sessions of two browsers", n)
	}
	phone.wants("do", "others").leads("/.samlgate/account")
	if desk.signedIn() || w.live(ann) != 1 {
		t.Error("the other session lives on")
	}
}

func TestASessionThatEndedElsewhereChangesNothing(t *testing.T) {
	w := newWorld(t)
	desk, phone := w.browser(), w.browser()
	desk.comes(ann, firefox)
	phone.comes(ann, iphone)
	w.must(w.sessions.End(context.Background(), func() sessionstore.ID {
		all, err := w.sessions.List(context.Background(), ann)
		w.must(err)
		return all[1].ID
	}(), sessionstore.ReasonOperator))
	phone.wants("do", "all").leads(sso + "/.samlgate/login")
	if !desk.signedIn() {
		t.Error("a session that is over ends others")
	}
	w.store.down.Store(true)
	desk.wants("do", "all").is(503)
}
