package proxy_test

import (
	"html"
	"net/url"
	"regexp"
	"testing"

	"github.com/samlgate/samlgate/proxy/signin"
)

const api = "https://api.example.com"

// A route that sends nobody to the login by itself still takes those who come
// from there: its own 401 tells programs where to send people.
func TestALoginForARouteThatNeverStartsOne(t *testing.T) {
	w := newWorld(t)
	for _, address := range []string{api + "/q?a=1&b=%2B", "https://portal.example.com/q"} {
		b := w.browser()
		start := sso + "/.samlgate/login/corp?" + url.Values{"return_to": {address}}.Encode()
		idp, request := b.open(start).asked()
		end := b.follow(b.reply(saml{Request: request, IDP: idp, Email: ann})).is(200, ann)
		if end.at != address {
			t.Errorf("the journey ends at %s", end.at)
		}
		b.open(start).is(200, ann) // again, signed in
	}

	b := w.browser()
	b.signIn(wiki+"/", ann)
	b.open(sso+"/.samlgate/login?return_to="+url.QueryEscape(hr+"/")).is(403, ann) // not for her
	for _, bad := range []string{"//evil.example/", "https://evil.example/", "/.samlgate/logout", "https://wiki.example.com/", "", "x"} {
		a := b.do(api+"/.samlgate/callback?"+url.Values{"return_to": {bad}}.Encode(), ask{})
		if a.is(400).Header.Get("Location") != "" {
			t.Errorf("%q leads to %s", bad, a.Header.Get("Location"))
		}
	}
	b.do(api+"/.samlgate/callback?return_to=/q", ask{kind: "image"}).is(400)
}

// Whose role shuts the door may be remembered by the identity provider: the way
// out has it ask again.
func TestSomeoneElse(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann, "Restricted").is(403, "/.samlgate/login?as=other")
	b.open(sso + "/.samlgate/login/corp?as=other").asked()
	if !w.idp.anew.Load() {
		t.Error("the identity provider may answer from memory")
	}
	b.signIn(wiki+"/", ann).is(200)
	if w.idp.anew.Load() {
		t.Error("everybody is asked again")
	}
	b.open(sso + "/.samlgate/login/corp?as=other").asked()      // though signed in
	b.open(sso+"/.samlgate/login?as=other").is(200, "as=other") // the chooser passes it on
}

// People write the address of an app without the slash at its end.
func TestReturningToABareHost(t *testing.T) {
	w := newWorld(t)
	for to, want := range map[string]string{wiki: wiki + "/", wiki + "?a=1": wiki + "/?a=1", wiki + "#x": wiki + "/", jobs + "/ci": jobs + "/ci"} {
		b := w.browser()
		idp, request := b.open(sso + "/.samlgate/login/corp?return_to=" + url.QueryEscape(to)).asked()
		if end := b.follow(b.reply(saml{Request: request, IDP: idp, Email: ann})).is(200, ann); end.at != want {
			t.Errorf("%s leads to %s", to, end.at)
		}
	}
}

// scripted is a link on another site, in a browser that runs scripts.
var scripted = ask{site: "cross-site", header: []string{"Upgrade-Insecure-Requests: 1", "User-Agent: Mozilla/5.0 (X11)"}}

// hops follows such a link, and goes where the page leads that keeps the
// fragment. That is a page of ours, so no other site is to blame for what
// follows.
func (b *browser) hops(address string) *answer {
	b.t.Helper()
	page := b.do(address, scripted)
	m := regexp.MustCompile(`data-to="([^"]*)"`).FindStringSubmatch(page.text)
	if m == nil {
		b.t.Fatalf("%s: %d, no hop: %s", address, page.StatusCode, short(page.text))
	}
	return b.follow(b.do(html.UnescapeString(m[1]), ask{site: "same-site"}))
}

// A login may begin by a link on any site, and ends as a navigation of ours. So
// none ends at an address that signs people out.
func TestNoLoginEndsAtASignOut(t *testing.T) {
	w := newWorld(t, furtherIdentities, func(s *setup) {
		s.further[1].SLOPath = "/Shibboleth.sso/SLO/Redirect"
		s.aliases.Logout = []signin.Alias{{Path: "/bye"}}
		s.route("shared").LogoutPaths = []string{"/logout"}
	})
	const shared = "https://shared.example.com"
	signedIn := func() *browser {
		b := w.browser()
		b.signInAs(shared+"/", ann, "s-1")
		return b
	}
	for _, path := range []string{"/logout", "/bye"} {
		b := signedIn()
		b.follow(b.do(shared+"/.samlgate/callback?return_to="+path, scripted)).is(200, ann)
		b = signedIn()
		b.open(sso+"/.samlgate/login?return_to="+url.QueryEscape(shared+path)).is(200, ann)
	}
	b := signedIn()
	delete(b.jar, "shared.example.com") // who was never there
	b.hops(shared+"/logout").is(200, ann)
	b = w.browser()
	b.signInAt(jobs+"/ci", shibACS, "shib", ann).is(200, ann)
	if end := b.open(sso + "/.samlgate/login?return_to=" + url.QueryEscape(jobs+"/Shibboleth.sso/SLO/Redirect")); end.at != jobs+"/ci" {
		t.Errorf("ends at %s", end.at)
	}
	if n := w.live(ann); n != 6 {
		t.Errorf("%d of 6 sessions live on", n)
	}
}

// Whoever is signed in is not led through a page of ours, behind which an app
// could not see any more that another site has sent them.
func TestTheWayThroughACallbackHidesNoSite(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann).is(200, ann)
	b.do(wiki+"/.samlgate/callback?return_to=/transfer", scripted).leads(sso + "/.samlgate/login?")
}
