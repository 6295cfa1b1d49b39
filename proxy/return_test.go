package proxy_test

import (
	"net/url"
	"testing"
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
