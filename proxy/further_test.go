package proxy_test

import (
	"html"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/sessionstore"
)

const (
	jobs    = "https://jobs.example.com"
	oldACS  = wiki + "/mellon/postResponse"
	shibACS = jobs + "/Shibboleth.sso/SAML2/POST"
	oldDoor = sso + "/.samlgate/saml/old/acs"
)

// furtherIdentities gives the wiki the addresses of mod_auth_mellon, the jobs
// those of Shibboleth, and the desk an identity on the gateway origin.
func furtherIdentities(s *setup) {
	document := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("metadata of " + name)) })
	}
	s.further = []signin.ServiceProvider{
		{Name: "old", Host: "wiki.example.com", MetadataPath: "/mellon/metadata", ACSPath: "/mellon/postResponse", Metadata: document("old")},
		{Name: "shib", Host: "jobs.example.com", MetadataPath: "/Shibboleth.sso/Metadata", ACSPath: "/Shibboleth.sso/SAML2/POST", Metadata: document("shib")},
		{Name: "desk", Host: "sso.example.com", MetadataPath: "/desk/saml", ACSPath: "/desk/saml/", Metadata: document("desk")},
	}
	pick := map[string]string{"wiki": "old", "jobs": "shib", "desk": "desk"}
	for _, rt := range s.routes {
		rt.Demand.ServiceProvider = pick[rt.Name]
	}
}

var formAction = regexp.MustCompile(`(?s)<form[^>]* action="([^"]*)"`)

// replyAt posts an answer to an ACS on an app host and sends the form that
// comes back.
func (b *browser) replyAt(acs string, s saml, more ...string) *answer {
	b.t.Helper()
	form := url.Values{"SAMLResponse": {s.encode()}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	page := b.do(acs, ask{method: "POST", site: "cross-site", body: form.Encode()})
	if page.StatusCode != 200 {
		return page
	}
	return b.submit(page)
}

func (b *browser) submit(page *answer) *answer {
	b.t.Helper()
	m := formAction.FindStringSubmatch(page.text)
	if m == nil {
		b.t.Fatalf("%s: no form: %s", page.at, short(page.text))
	}
	form := url.Values{}
	for _, f := range regexp.MustCompile(`<input[^>]* name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(page.text, -1) {
		form.Set(f[1], html.UnescapeString(f[2]))
	}
	return b.do(html.UnescapeString(m[1]), ask{method: "POST", site: "same-site", body: form.Encode()})
}

// askedAs reads at the identity provider which of our SP identities asks.
func (a *answer) askedAs(sp string) (request string) {
	a.t.Helper()
	_, request = a.asked()
	to, _ := url.Parse(a.Header.Get("Location"))
	if got := to.Query().Get("sp"); got != sp {
		a.t.Errorf("%s: asks as %q, want %q", a.at, got, sp)
	}
	return request
}

func (b *browser) signInAt(address, acs, sp, email string) *answer {
	b.t.Helper()
	request := b.open(address).askedAs(sp)
	return b.follow(b.replyAt(acs, saml{Request: request, IDP: "corp", Email: email, SP: sp}))
}

func TestAnAppHostKeepsItsACS(t *testing.T) {
	w := newWorld(t, furtherIdentities)
	b := w.browser()
	for _, at := range []struct{ page, acs, sp string }{
		{wiki + "/deep?a=1", oldACS, "old"}, {jobs + "/ci/7", shibACS, "shib"}, {sso + "/desk/x", sso + "/desk/saml/", "desk"},
	} {
		before := w.app.count()
		end := b.signInAt(at.page, at.acs, at.sp, ann)
		end.is(200, ann)
		if end.at != at.page || w.app.count() != before+1 {
			t.Errorf("ends at %s after %d requests to the app", end.at, w.app.count()-before)
		}
	}
}

// What is sent on is the message alone, to the gateway alone.
func TestTheRelayPage(t *testing.T) {
	w := newWorld(t, furtherIdentities)
	b := w.browser()
	body := url.Values{"SAMLResponse": {"PHg+"}, "RelayState": {`"><script>alert(1)</script>`}, "other": {"field"}}.Encode()
	page := b.do(oldACS+"?a=b", ask{method: "POST", site: "cross-site", body: body}).is(200, `action="`+oldDoor+`"`, `value="PHg&#43;"`)
	if strings.Contains(page.text, "<script>alert") || strings.Contains(page.text, "other") || len(page.Cookies()) > 0 {
		t.Errorf("too much is sent on: %s", page.text)
	}
	policy := page.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "form-action 'self' "+sso+" https:;") { // whatever the app redirects to
		t.Errorf("the way may end at the door: %s", policy)
	}
	for _, origin := range []string{hr, "idp.test"} {
		if strings.Contains(policy, origin) {
			t.Errorf("a stranger learns of %s: %s", origin, policy)
		}
	}
	long := url.Values{"SAMLResponse": {"PHg+"}, "RelayState": {strings.Repeat("x", 2049)}}.Encode()
	if text := b.do(oldACS, ask{method: "POST", body: long}).is(200).text; strings.Contains(text, "RelayState") {
		t.Error("a RelayState that could be nothing of ours is sent on")
	}
	b.do(oldACS, ask{method: "POST", body: "SAMLResponse=a&SAMLResponse=b"}).is(400)
	b.do(oldACS, ask{method: "POST", body: "RelayState=x"}).is(400)
	b.do(oldACS, ask{method: "POST", body: "SAMLResponse=" + strings.Repeat("A", 1<<20)}).is(413)
	b.do(oldACS, ask{}).is(405, sso+"/.samlgate/login?return_to="+url.QueryEscape(wiki+"/"))
	if w.idp.read.Load() > 0 || w.app.count() > 0 {
		t.Error("an app host reads the message, or the app gets it")
	}
}

func TestPathsOfAnIdentityBelongToTheGateway(t *testing.T) {
	w := newWorld(t, furtherIdentities, func(s *setup) {
		for _, rt := range s.routes {
			rt.Public = patterns("/")
		}
	})
	b := w.browser()
	b.do(wiki+"/mellon/metadata", ask{}).is(200, "metadata of old")
	b.do(jobs+"/Shibboleth.sso/Metadata", ask{}).is(200, "metadata of shib")
	b.do(sso+"/desk/saml", ask{}).is(200, "metadata of desk")
	b.do(wiki+"/mellon/metadata", ask{method: "POST", body: "x"}).is(405)
	if n := w.app.count(); n != 0 {
		t.Fatalf("%d requests for the gateway reached an app", n)
	}
	for _, elsewhere := range []string{hr + "/mellon/metadata", wiki + "/mellon/metadata/", wiki + "/Mellon/metadata", wiki + "/mellon"} {
		b.do(elsewhere, ask{}).is(200, "app says")
	}
	b.do(sso+"/mellon/metadata", ask{}).is(404)
}

// An answer to one identity is none to another, wherever it is posted. Each
// attack stands beside its twin that passes.
func TestAnswersForAnotherIdentity(t *testing.T) {
	w := newWorld(t, furtherIdentities)
	ownACS, shibDoor := sso+"/.samlgate/saml/acs", sso+"/.samlgate/saml/shib/acs"
	for _, c := range []struct {
		name, page, sp, door, says string
	}{
		{"a pending login of the wiki, at our own ACS", wiki + "/", "old", ownACS, "old"},
		{"a pending login of the wiki, at the door of the jobs", wiki + "/", "old", shibDoor, "old"},
		{"an assertion for the jobs, at the door of the wiki", wiki + "/", "old", oldDoor, "shib"},
		{"an assertion for us, at the door of the wiki", wiki + "/", "old", oldDoor, ""},
		{"an assertion for the wiki, for our own login", hr + "/", "", ownACS, "old"},
		{"our own pending login, at the door of the wiki", hr + "/", "", oldDoor, "old"},
		{"our own pending login and assertion, at the door of the wiki", hr + "/", "", oldDoor, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := w.browser()
			request := b.open(c.page).askedAs(c.sp)
			post := func(door, sp string) *answer {
				body := url.Values{"SAMLResponse": {saml{Request: request, IDP: "corp", Email: ann, Roles: []string{"hr"}, SP: sp}.encode()}}.Encode()
				return b.do(door, ask{method: "POST", site: "cross-site", body: body})
			}
			post(c.door, c.says).is(403).signsNobodyIn()
			if n := w.live(ann); n != 0 {
				t.Fatalf("%d sessions", n)
			}
			right := map[string]string{"old": oldDoor, "": ownACS}[c.sp]
			b.follow(post(right, c.sp)).is(200, ann) // the twin
			if _, err := w.sessions.EndAll(t.Context(), ann, sessionstore.ReasonOperator); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Identity providers say per identity who may come in, so a session opens the
// routes of its own identity only, however it came to a host.
func TestASessionOpensItsOwnIdentityOnly(t *testing.T) {
	w := newWorld(t, furtherIdentities)
	b := w.browser()
	b.signInAt(wiki+"/", oldACS, "old", ann).is(200, ann)
	b.open(hr + "/").askedAs("")
	b.open(jobs + "/ci").askedAs("shib")
	b.open(sso + "/desk").askedAs("desk")
	b.open(sso+"/").is(200, ann) // our own pages are for whoever is signed in

	// Nor does one for us open the wiki.
	b = w.browser()
	b.signIn(hr+"/", ann, "hr").is(200, ann)
	b.open(wiki + "/").askedAs("old")
	b.do(wiki+"/", ask{kind: "xhr"}).is(401)

	// A configuration that gives the route another identity counts at once.
	w.rebuild(furtherIdentities, func(s *setup) {
		for _, rt := range s.routes {
			if rt.Name == "hr" {
				rt.Demand.ServiceProvider = "old"
			}
		}
	})
	b.open(hr + "/").askedAs("old")
}

// People go back and forth between two apps with an identity each.
func TestSessionsOfTwoIdentitiesLiveSideBySide(t *testing.T) {
	w := newWorld(t, furtherIdentities)
	b := w.browser()
	b.signInAt(wiki+"/", oldACS, "old", ann).is(200, ann)
	b.signInAt(jobs+"/ci", shibACS, "shib", ann).is(200, ann)
	b.open(wiki+"/again").is(200, ann)
	b.open(jobs+"/ci/again").is(200, ann)
	if n := w.live(ann); n != 2 {
		t.Errorf("%d sessions", n)
	}
	// A new sign-in with one takes the place of the old one with that alone.
	request := b.open(sso + "/.samlgate/login?as=other&return_to=" + url.QueryEscape(wiki+"/")).askedAs("old")
	b.follow(b.replyAt(oldACS, saml{Request: request, IDP: "corp", Email: ann, SP: "old"})).is(200, ann)
	b.open(jobs+"/ci").is(200, ann)
	if n := w.live(ann); n != 2 {
		t.Errorf("%d sessions after a new sign-in at the wiki", n)
	}
	b.do(wiki+"/.samlgate/logout", ask{site: "same-origin"})
	if n := w.live(ann); n != 1 {
		t.Errorf("%d sessions after the sign-out of one", n)
	}
	b.open(jobs+"/ci").is(200, ann)
}

func TestUnsolicitedAnswersAtAnIdentity(t *testing.T) {
	unasked := saml{IDP: "corp", Email: ann, SP: "old"}
	w := newWorld(t, furtherIdentities)
	w.browser().replyAt(oldACS, unasked).is(403, sso+"/.samlgate/login?return_to="+url.QueryEscape(wiki+"/")).signsNobodyIn()

	w = newWorld(t, furtherIdentities, policy(signin.Accept))
	b := w.browser()
	end := b.follow(b.replyAt(oldACS, unasked))
	if end.is(200, ann); end.at != wiki+"/" {
		t.Errorf("leads to %s, not home", end.at)
	}
	b.open(hr + "/").askedAs("") // it is a session of that identity
	b = w.browser()
	if end := b.follow(b.replyAt(oldACS, unasked, "RelayState", wiki+"/deep?x=1")); end.at != wiki+"/deep?x=1" {
		t.Errorf("leads to %s", end.at)
	}
	b = w.browser()
	b.replyAt(shibACS, unasked).is(403).signsNobodyIn() // made for another
	b.started(unasked, "").is(403).signsNobodyIn()
	b.replyAt(oldACS, saml{IDP: "corp", Email: ann}).is(403).signsNobodyIn()

	w = newWorld(t, furtherIdentities, policy(signin.Reinitiate))
	b = w.browser()
	request := b.follow(b.replyAt(oldACS, unasked)).askedAs("old")
	b.follow(b.replyAt(oldACS, saml{Request: request, IDP: "corp", Email: ann, SP: "old"})).is(200, ann)
}

// An identity that a reload takes away answers for nobody any more.
func TestAnIdentityThatIsTakenAway(t *testing.T) {
	w := newWorld(t, furtherIdentities)
	b := w.browser()
	request := b.open(wiki + "/").askedAs("old")
	w.rebuild()
	b.do(oldDoor, ask{method: "POST", site: "cross-site", body: url.Values{"SAMLResponse": {saml{Request: request, IDP: "corp", Email: ann, SP: "old"}.encode()}}.Encode()}).is(404).signsNobodyIn()
	b.reply(saml{Request: request, IDP: "corp", Email: ann, SP: "old"}).is(403).signsNobodyIn()
}

func TestTheRelayHasALimitOfItsOwn(t *testing.T) {
	w := newWorld(t, furtherIdentities, func(s *setup) { s.relayRate = never{} })
	b := w.browser()
	b.do(oldACS, ask{method: "POST", body: "SAMLResponse=x"}).is(429)
	b.signIn(hr+"/", ann, "hr").is(200, ann)
}

// never is a rate that nobody keeps.
type never struct{}

func (never) Allow(netip.Addr) (bool, time.Duration) { return false, time.Second }

// An identity keeps its address for single logout: for messages by the browser,
// by SOAP where that is the same, and for the links of the app.
func TestAnIdentityKeepsItsLogoutAddress(t *testing.T) {
	const slo = wiki + "/mellon/logout"
	w := newWorld(t, furtherIdentities, func(s *setup) {
		s.further[0].SLOPath, s.further[0].SOAPPath = "/mellon/logout", "/mellon/logout"
	})
	b := w.browser()
	b.signInAt(wiki+"/", oldACS, "old", ann).is(200, ann)
	b.do(slo+"?ReturnTo=/bye", ask{}).leads(wiki + "/.samlgate/logout?return_to=%2Fbye")
	b.follow(b.do(slo, ask{site: "cross-site"})).is(200)
	if n := w.live(ann); n != 1 {
		t.Fatal("another site signs people out")
	}
	b.follow(b.do(slo, ask{site: "same-origin"}))
	if n := w.live(ann); n != 0 {
		t.Error("a link of the app signs nobody out")
	}
	for _, header := range []string{"Content-Type: text/xml", "Content-Type: text/plain"} {
		a := w.browser().do(slo, ask{method: "POST", kind: "api", header: []string{header}})
		if soap := strings.Contains(a.text, "<fault"); soap != (header == "Content-Type: text/xml") {
			t.Errorf("%s: %d %s", header, a.StatusCode, short(a.text))
		}
	}
	if n := w.app.count(); n != 1 {
		t.Errorf("%d requests reached the app", n)
	}
}

// The gateway origin knows one session of a browser, and the person may sign out
// of another: the identity provider hears of it all the same.
func TestSigningOutOfOneOfTwoIdentities(t *testing.T) {
	const shared = "https://shared.example.com"
	w := newWorld(t, furtherIdentities)
	w.offer("corp", "redirect")
	b := w.browser()
	b.signInAs(shared+"/", ann, "s-1")
	b.signInAt(wiki+"/", oldACS, "old", ann).is(200, ann)
	b.sent(shared+"/.samlgate/logout", ask{})
	if got := w.slo.asked; len(got) != 1 || got[0].ServiceProvider != "" {
		t.Errorf("asked %+v", got)
	}
	b.open(wiki+"/").is(200, ann) // lives on

	// Somebody else's sign-out is not carried out in this browser.
	b, evil := w.browser(), w.browser()
	b.signInAt(wiki+"/", oldACS, "old", bob).is(200, bob)
	evil.signInAs(shared+"/", "eve@example.com", "s-2")
	planted := evil.do(shared+"/.samlgate/logout", ask{site: "same-origin"}).Header.Get("Location")
	b.onward(b.do(shared+planted, ask{site: "cross-site"})).is(403)
	if got := w.slo.asked; len(got) != 1 {
		t.Errorf("asked %+v", got)
	}
}

// The gateway origin may have forgotten a session that lives on an app host. An
// answer that nobody here asked for does not silently take its place there.
func TestNobodyTakesAForgottenSessionsPlaceSilently(t *testing.T) {
	w := newWorld(t, furtherIdentities, policy(signin.Accept))
	b := w.browser()
	b.signInAt(wiki+"/", oldACS, "old", ann).is(200, ann)
	b.signInAt(jobs+"/ci", shibACS, "shib", ann).is(200, ann)
	b.do(jobs+"/.samlgate/logout", ask{site: "same-origin"})
	page := b.follow(b.replyAt(oldACS, saml{IDP: "corp", Email: bob, SP: "old"}, "RelayState", wiki+"/pay?a=1&b=2")).is(200, ann, bob, "<form").signsNobodyIn()
	b.open(wiki+"/").is(200, "app says", ann)
	if n := w.live(ann); n != 1 {
		t.Errorf("%d sessions", n)
	}

	// Only whoever agrees goes on as somebody else, to the same place.
	to := html.UnescapeString(formAction.FindStringSubmatch(page.text)[1])
	b.do(wiki+to, ask{method: "POST", site: "cross-site"}).is(403)
	end := b.follow(b.do(wiki+to, ask{method: "POST", site: "same-origin"})).is(200, "app says", bob)
	if n := w.live(ann); n != 0 || end.at != wiki+"/pay?a=1&b=2" {
		t.Errorf("%d sessions, at %s", n, end.at)
	}
}
