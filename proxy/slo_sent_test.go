package proxy_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/sessionstore"
)

const everywhere, partly, unconfirmed = "has signed you out as well", "not of every other application", "is not known"

// sent signs somebody out at address and goes on to the identity provider, who
// is asked for the id that it returns.
func (b *browser) sent(address string, a ask) (request string) {
	b.t.Helper()
	if a.site == "" {
		a.site = "same-origin"
	}
	end := b.onward(b.do(address, a))
	to, err := url.Parse(end.Header.Get("Location"))
	if err != nil || to.Host != "corp.idp.test" || to.Path != "/slo" {
		b.t.Fatalf("%s ends at %s (%d, to %q), not at the identity provider", address, end.at, end.StatusCode, to)
	}
	return to.Query().Get("id")
}

func TestSigningOutAsksTheIdentityProvider(t *testing.T) {
	for name, c := range map[string]struct {
		ask
		at string
	}{
		"link on the app host":    {ask{}, wiki + "/.samlgate/logout"},
		"form on the app host":    {ask{method: "POST"}, wiki + "/.samlgate/logout"},
		"old browser":             {ask{kind: "old"}, wiki + "/.samlgate/logout"},
		"link on the gateway":     {ask{}, sso + "/.samlgate/logout"},
		"form on the gateway":     {ask{method: "POST"}, sso + "/.samlgate/logout"},
		"link of the app":         {ask{}, wiki + "/logout"},
		"form of the app":         {ask{method: "POST"}, wiki + "/logout"},
		"app on the gateway host": {ask{}, sso + "/desk/bye"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(s *setup) { s.route("desk").LogoutPaths = []string{"/desk/bye"} })
			w.offer("corp", "redirect")
			b := w.browser()
			b.signInAs(wiki+"/", ann, "s-1")
			b.open(sso + "/desk").is(200)
			request := b.sent(c.at, c.ask)
			if w.live(ann) != 0 {
				t.Error("the session lives on")
			}
			want := signin.Departed{IDP: "corp", NameID: identity.NameID{Value: "n-" + ann, Format: "urn:x"}, Indexes: []string{"s-1"}}
			if got := w.slo.asked; len(got) != 1 || !equal(got[0], want) {
				t.Errorf("asked %+v", got)
			}
			for _, post := range []bool{false, true} { // the second time it is pending no more
				says := everywhere
				if post {
					says = unconfirmed
				}
				b.follow(b.tell(note{IDP: "corp", Signed: true, Answers: request, Status: "success"}, post, "")).is(200, says)
			}
			w.counted(t, "corp sent started", "corp sent success", " sent refused")
			b.open(wiki + "/").asked()
		})
	}
}

func equal(a, b signin.Departed) bool {
	return a.IDP == b.IDP && a.NameID == b.NameID && slices.Equal(a.Indexes, b.Indexes) && a.ServiceProvider == b.ServiceProvider
}

// The session here ends first, whatever becomes of the rest.
func TestTheSessionEndsBeforeAnybodyIsAsked(t *testing.T) {
	w := newWorld(t)
	w.offer("corp", "redirect")
	b := w.browser()
	b.signIn(wiki+"/", ann)
	b.do(wiki+"/.samlgate/logout", ask{site: "same-origin"}).leads("/.samlgate/logout/finish")
	if w.live(ann) != 0 || len(w.slo.asked) != 0 {
		t.Errorf("%d sessions, %d asked", w.live(ann), len(w.slo.asked))
	}
}

func TestOutcomesAreToldAsTheyAre(t *testing.T) {
	for status, says := range map[string]string{"success": everywhere, "partial": partly, "failed": unconfirmed} {
		for _, place := range []string{"", wiki + "/open/bye"} {
			w := newWorld(t, func(s *setup) { s.returnTo["wiki"] = place })
			w.offer("corp", "redirect")
			b := w.browser()
			b.signIn(wiki+"/", ann)
			request := b.sent(wiki+"/.samlgate/logout", ask{})
			a := b.tell(note{IDP: "corp", Signed: true, Answers: request, Status: status}, true, "")
			if status == "success" && place != "" {
				a.leads(place)
				continue
			}
			a.is(200, says)
			if got := place != "" && contains(a.text, `href="`+place+`"`); got != (place != "") {
				t.Errorf("%s: the way on is lost", status)
			}
		}
	}
}

func TestPostedLogout(t *testing.T) {
	w := newWorld(t)
	w.offer("corp", "post")
	b := w.browser()
	b.signIn(wiki+"/", ann)
	a := b.onward(b.do(wiki+"/.samlgate/logout", ask{method: "POST", site: "same-origin"})).is(200, `action="https://corp.idp.test/slo"`, "SAMLRequest", "RelayState")
	csp := a.Header.Get("Content-Security-Policy")
	if !contains(csp, "form-action 'self' https://corp.idp.test https:;") || !contains(csp, "frame-ancestors 'none'") {
		t.Errorf("policy: %s", csp)
	}
}

func TestWhoIsNotAskedFor(t *testing.T) {
	out := wiki + "/.samlgate/logout"
	for name, c := range map[string]struct {
		edit func(*world, *browser)
		at   string
		ask
	}{
		"idp without logout": {func(w *world, _ *browser) { w.slo.offers = nil }, out, ask{}},
		"script of the app":  {nil, wiki + "/logout", ask{method: "POST", kind: "xhr"}},
		"frame of the app":   {nil, out, ask{method: "POST", kind: "iframe"}},
		"idle for too long":  {func(w *world, _ *browser) { w.later(2 * time.Hour) }, out, ask{}},
		"ended elsewhere": {func(w *world, _ *browser) {
			_, err := w.sessions.EndAll(w.t.Context(), ann, sessionstore.ReasonOperator)
			w.must(err)
		}, out, ask{}},
		"nobody":     {func(_ *world, b *browser) { clear(b.jar) }, out, ask{}},
		"store away": {func(w *world, _ *browser) { w.store.noPut.Store(true) }, out, ask{}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.offer("corp", "redirect")
			b := w.browser()
			b.signIn(wiki+"/", ann)
			if c.edit != nil {
				c.edit(w, b)
			}
			c.site = "same-origin"
			if end := b.onward(b.do(c.at, c.ask)); end.StatusCode != 200 || contains(end.text, "Do you want") {
				t.Errorf("%d at %s: %s", end.StatusCode, end.at, short(end.text))
			}
			if len(w.slo.asked) != 0 {
				t.Errorf("asked for %+v", w.slo.asked)
			}
		})
	}
}

func TestWhereALogoutLeads(t *testing.T) {
	long := wiki + "/open/" + strings.Repeat("x", 200)
	for target, want := range map[string]string{
		wiki + "/open/": wiki + "/open/", "/open/?a=b": wiki + "/open/?a=b", hr + "/": hr + "/",
		"https://evil.example/": wiki + "/open/bye", "//evil.example": wiki + "/open/bye", long: wiki + "/open/bye",
		wiki + "/.samlgate/logout": wiki + "/open/bye",
	} {
		w := newWorld(t, func(s *setup) { s.returnTo["wiki"] = "/open/bye" })
		w.offer("corp", "redirect")
		b := w.browser()
		b.signIn(wiki+"/", ann)
		request := b.sent(wiki+"/.samlgate/logout?return_to="+url.QueryEscape(target), ask{})
		if len(b.cookie("sso.example.com", "__Host-samlgate-login").Value) > 1024 {
			t.Error("the login cookie grows")
		}
		b.tell(note{IDP: "corp", Signed: true, Answers: request, Status: "success"}, false, "").leads(want)
	}
}

// What comes back is believed only if this browser has asked for it and the
// identity provider that was asked has signed it. A forgery spends nothing.
func TestForgedOutcomes(t *testing.T) {
	w := newWorld(t)
	w.offer("corp", "redirect")
	b, other := w.browser(), w.browser()
	b.signIn(wiki+"/", ann)
	other.signIn(wiki+"/", bob)
	request := b.sent(wiki+"/.samlgate/logout", ask{})
	good := note{IDP: "corp", Signed: true, Answers: request, Status: "success"}
	for name, edit := range map[string]func(*note){
		"unsigned": func(n *note) { n.Signed = false }, "another idp": func(n *note) { n.IDP = "partner" },
		"another request": func(n *note) { n.Answers = "_x" }, "no request": func(n *note) { n.Answers = "" },
	} {
		n := good
		edit(&n)
		for _, post := range []bool{false, true} {
			a := b.follow(b.tell(n, post, "")).is(200, unconfirmed)
			if contains(a.text, everywhere) {
				t.Errorf("%s: believed", name)
			}
		}
	}
	unread := ask{site: "cross-site"}
	b.follow(b.do(w.external.String()+"/.samlgate/saml/slo?SAMLResponse=x", unread)).is(200, unconfirmed)
	other.do(w.external.String()+"/.samlgate/saml/slo?SAMLResponse=x", unread).is(403, "ended nothing here")
	// Another browser has nothing pending, and is told nothing about a session that it still has.
	for _, post := range []bool{false, true} {
		other.follow(other.tell(good, post, "")).is(403, "ended nothing here")
	}
	if w.live(bob) != 1 {
		t.Error("an answer ended a session")
	}
	b.tell(good, false, "").is(200, everywhere)
}

func TestAPendingLogoutIsNoPendingLogin(t *testing.T) {
	w := newWorld(t)
	w.offer("corp", "redirect")
	b := w.browser()
	b.signIn(wiki+"/", ann)
	logout := b.sent(wiki+"/.samlgate/logout", ask{})
	b.reply(saml{Request: logout, IDP: "corp", Email: ann}).is(403).signsNobodyIn()
	idp, login := b.open(wiki + "/").asked()
	b.tell(note{IDP: idp, Signed: true, Answers: login, Status: "success"}, false, "").is(200, unconfirmed)
	b.tell(note{IDP: idp, Signed: true, Answers: logout, Status: "success"}, false, "").is(200, everywhere)
	b.follow(b.reply(saml{Request: login, IDP: idp, Email: ann})).is(200)
}

func TestALogoutWaitsTenMinutes(t *testing.T) {
	w := newWorld(t)
	w.offer("corp", "redirect")
	b := w.browser()
	b.signIn(wiki+"/", ann)
	request := b.sent(wiki+"/.samlgate/logout", ask{})
	w.later(11 * time.Minute)
	b.tell(note{IDP: "corp", Signed: true, Answers: request, Status: "success"}, false, "").is(200, unconfirmed)
}

// finishing returns the address that asks the identity provider, as the page
// that leads there has it.
func (b *browser) finishing(out string) string {
	b.t.Helper()
	a := b.follow(b.do(out, ask{site: "same-origin"}))
	to := a.goesOn()
	if !strings.HasPrefix(to, sso+"/.samlgate/logout/finish?") {
		b.t.Fatalf("%s goes on to %q", a.at, to)
	}
	return to
}

// A code is good once, in the browser whose session ended, in its top window.
// Elsewhere it would sign others out at the identity provider.
func TestCodesOfOthers(t *testing.T) {
	for _, out := range []string{wiki + "/.samlgate/logout", sso + "/.samlgate/logout"} {
		w := newWorld(t)
		w.offer("corp", "redirect")
		mallory, b, nobody := w.browser(), w.browser(), w.browser()
		b.signIn(wiki+"/", ann)
		for _, victim := range []*browser{b, nobody} {
			mallory.signIn(wiki+"/", bob)
			mallory.open(sso + "/desk")
			code := mallory.finishing(out)
			if a := victim.do(code, ask{site: "cross-site"}); victim == b {
				a.is(403, "ended nothing here")
			} else {
				a.is(200, unconfirmed)
			}
			mallory.do(code, ask{}).is(200, unconfirmed) // it is spent
		}
		if w.live(ann) != 1 || len(w.slo.asked) != 0 {
			t.Errorf("%d sessions, asked %+v", w.live(ann), w.slo.asked)
		}
		b.open(wiki + "/").is(200)

		code := b.finishing(out)
		for _, a := range []ask{{kind: "iframe"}, {kind: "xhr"}, {kind: "image"}, {header: []string{"Sec-Purpose: prefetch"}}} {
			b.do(code, a).is(400)
		}
		b.do(code, ask{method: "POST"}).is(405)
		b.do(strings.Replace(code, "for=", "for=other", 1), ask{}).is(400)
		b.do(sso+"/.samlgate/logout/finish?code=x&go=1", ask{}).is(400)
		if a := b.do(strings.Replace(code, sso, wiki, 1), ask{}).is(200); a.goesOn() != code {
			t.Errorf("on another host it goes on to %q", a.goesOn())
		}
		b.do(code, ask{site: "same-site"}).leads("https://corp.idp.test/slo?id=_")
		b.do(code, ask{}).is(200, unconfirmed)
	}
}

// Who has lost the cookie of the gateway origin meanwhile is signed out here all
// the same, and reads that; the identity provider is not asked.
func TestWhoHasLostTheOtherCookie(t *testing.T) {
	w := newWorld(t)
	w.offer("corp", "redirect")
	b := w.browser()
	b.signIn(wiki+"/", ann)
	delete(b.jar, "sso.example.com")
	b.onward(b.do(wiki+"/.samlgate/logout", ask{site: "same-origin"})).is(200, unconfirmed)
	if w.live(ann) != 0 || len(w.slo.asked) != 0 {
		t.Errorf("%d sessions, asked %+v", w.live(ann), w.slo.asked)
	}
}

func TestACodeLivesAMinute(t *testing.T) {
	w := newWorld(t)
	w.offer("corp", "redirect")
	b := w.browser()
	b.signIn(wiki+"/", ann)
	code := b.finishing(wiki + "/.samlgate/logout")
	w.later(2 * time.Minute)
	b.do(code, ask{}).is(200, unconfirmed)
	if len(w.slo.asked) != 0 {
		t.Error("asked all the same")
	}
}

// The cookies that are left at the gateway origin go, too.
func TestFinishSweeps(t *testing.T) {
	w := newWorld(t)
	w.offer("corp", "redirect")
	b := w.browser()
	b.signIn(wiki+"/", ann)
	b.sent(wiki+"/.samlgate/logout", ask{})
	if b.jar["sso.example.com"]["__Host-samlgate"] != nil {
		t.Error("the session cookie stays")
	}
}

func TestClosingTheWindowAtOnceSignsOut(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	ctx, closed := context.WithCancel(t.Context())
	closed()
	r := httptest.NewRequestWithContext(ctx, "GET", wiki+"/.samlgate/logout", nil)
	r.Header = b.request(wiki+"/.samlgate/logout", ask{site: "same-origin"}).Header
	w.gateway.Load().ServeHTTP(httptest.NewRecorder(), r)
	if w.live(ann) != 0 {
		t.Error("the session lives on")
	}
}
