package proxy_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/proxy/limit"
	"github.com/samlgate/samlgate/proxy/signin"
)

func ended(name string, indexes ...string) note {
	return note{ID: "_ask", IDP: "corp", Signed: true, Name: "n-" + name, Indexes: indexes}
}

// An identity provider ends sessions without any cookie, by every binding, in a
// frame, and on a replica that has never seen the browser.
func TestIdentityProviderEndsSessions(t *testing.T) {
	for name, c := range map[string]struct {
		post bool
		kind string
	}{
		"redirect": {}, "post": {post: true}, "redirect in a frame": {kind: "iframe"}, "post in a frame": {post: true, kind: "iframe"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b := w.browser()
			b.signIn(wiki+"/", ann)
			b.open(hr + "/")
			w.rebuild() // another replica on the same store
			a := w.browser().tell(ended(ann), c.post, c.kind)
			if c.post {
				a.is(200, `action="https://corp.idp.test/done"`, "SAMLResponse")
			} else {
				a.leads("https://corp.idp.test/done?status=success&to=_ask")
			}
			if w.live(ann) != 0 {
				t.Error("the session lives on")
			}
			for _, at := range []string{wiki + "/", hr + "/", sso + "/desk"} {
				b.do(at, ask{kind: "xhr"}).is(401)
			}
			w.counted(t, "corp received success")
			if !contains(w.audit.String(), `"logout_accepted"`) {
				t.Error("no record")
			}
		})
	}
}

func TestWhoseSessionsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		note
		left int
	}{
		"all of the person":          {ended(ann), 0},
		"one index":                  {ended(ann, "s-1"), 1},
		"two":                        {ended(ann, "s-1", "s-2"), 0},
		"an index of nobody":         {ended(ann, "s-9"), 2},
		"nobody we know":             {ended("carl@example.com"), 2},
		"another identity provider":  {note{ID: "_ask", IDP: "partner", Signed: true, Name: "n-" + ann}, 2},
		"index of somebody else":     {ended(bob, "s-1"), 2},
		"the person, not the NameID": {note{ID: "_ask", IDP: "corp", Signed: true, Name: ann}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.browser().signInAs(wiki+"/", ann, "s-1")
			w.browser().signInAs(wiki+"/", ann, "s-2")
			w.browser().tell(c.note, false, "").leads("https://" + c.IDP + ".idp.test/done?status=success")
			if got := w.live(ann); got != c.left {
				t.Errorf("%d sessions, want %d", got, c.left)
			}
		})
	}
}

// What proves nothing ends nothing, and learns nothing.
func TestRefusedLogoutRequests(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	forged := ended(ann)
	forged.Signed = false
	for _, post := range []bool{false, true} {
		a := w.browser().tell(forged, post, "").is(403, "ended nothing here")
		if !contains(a.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Error("anybody may frame the refusal")
		}
	}
	stale := ended(ann)
	stale.Expired = true
	w.browser().tell(stale, false, "").leads("https://corp.idp.test/done?status=refused") // it hears that it was refused
	for _, body := range []string{"", "SAMLRequest=", "SAMLRequest=%7B", "a=b"} {
		b.do(slo, ask{method: "POST", site: "cross-site", body: body}).is(403)
		b.do(slo+"?"+body, ask{site: "cross-site"}).is(403)
	}
	b.do(slo, ask{method: "PUT"}).is(405)
	b.do(slo, ask{method: "HEAD"}).is(405)
	b.do(slo, ask{method: "POST", body: "SAMLRequest=" + strings.Repeat("x", 1<<20)}).is(413)
	if w.live(ann) != 1 {
		t.Error("the session ended")
	}
	if contains(w.log.String(), "SAMLRequest") {
		t.Error("the message is written down")
	}
	if contains(w.log.String(), "n-"+ann) || contains(w.audit.String(), "n-"+ann) {
		t.Error("the NameID is written down")
	}
	b.open(wiki + "/").is(200)
}

func TestPrefetchEndsNothing(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	b.do(slo+"?SAMLRequest="+ended(ann).encode(), ask{header: []string{"Sec-Purpose: prefetch;prerender"}}).is(400)
	if w.live(ann) != 1 {
		t.Error("the session ended")
	}
}

func TestAReplayedLogoutRequest(t *testing.T) {
	w := newWorld(t)
	w.browser().signIn(wiki+"/", ann)
	w.browser().tell(ended(ann), false, "")
	w.browser().signIn(wiki+"/", ann)
	w.browser().tell(ended(ann), false, "").leads("https://corp.idp.test/done?status=refused")
	if w.live(ann) != 1 {
		t.Error("a replay ended the next session")
	}
}

// While the store cannot tell, nobody hears of success.
func TestLogoutRequestWhileTheStoreIsAway(t *testing.T) {
	for _, kind := range []string{"redirect", "post", "soap"} {
		for _, cache := range []bool{false, true} {
			w := newWorld(t)
			w.browser().signIn(wiki+"/", ann)
			w.store.down.Store(!cache)
			w.slo.down = cache
			if kind == "soap" {
				a := w.soap(ended(ann).encode()).is(500, "<fault refused=false>")
				if contains(a.text, "success") {
					t.Error("success")
				}
			} else if a := w.browser().tell(ended(ann), kind == "post", "").is(503); a.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			w.store.down.Store(false)
			if w.live(ann) != 1 {
				t.Error("the session ended")
			}
			if got := w.logouts(); len(got) != 1 || !strings.HasSuffix(got[0], " received error") {
				t.Errorf("counted %q", got)
			}
		}
	}
}

// The browser that carries the request loses the cookies of the session that has
// ended, and of no other.
func TestCookiesOfTheCarrier(t *testing.T) {
	for _, whose := range []string{ann, bob} {
		w := newWorld(t)
		b := w.browser()
		b.signIn(sso+"/desk", ann)
		a := b.tell(ended(whose), false, "")
		swept := contains(strings.Join(a.Header["Set-Cookie"], "\n"), "app_session=; Path=/desk") && b.jar["sso.example.com"]["__Host-samlgate"] == nil
		if swept != (whose == ann) {
			t.Errorf("end of %s: %q", whose, a.Header["Set-Cookie"])
		}
	}
}

func TestWithoutAnAddressForTheAnswer(t *testing.T) {
	w := newWorld(t)
	w.slo.mute = true
	w.browser().signIn(wiki+"/", ann)
	w.browser().tell(ended(ann), false, "").is(200, "as <bdi>Example Corp</bdi> asked")
	if w.live(ann) != 0 {
		t.Error("the session lives on")
	}
}

// Identity providers carry a logout to their applications in frames; only they
// may frame the form of the answer.
func TestWhoMayFrameTheAnswer(t *testing.T) {
	w := newWorld(t)
	a := w.browser().tell(ended(ann), true, "iframe").is(200)
	csp := a.Header.Get("Content-Security-Policy")
	if !contains(csp, "frame-ancestors https://corp.idp.test;") || !contains(csp, "script-src 'sha256-") {
		t.Errorf("policy: %s", csp)
	}
}

// An identity provider sends all its logouts from one address, and a company
// that signs out at five o'clock loses none of them.
func TestFiveOClock(t *testing.T) {
	for _, kind := range []string{"soap", "redirect", "post"} {
		w := newWorld(t, limited(3))
		for i := range 10 {
			w.browser().signIn(wiki+"/", ann)
			n := ended(ann)
			n.ID += strconv.Itoa(i)
			if kind == "soap" {
				w.soap(n.encode()).is(200, "<success")
			} else if a := w.browser().tell(n, kind == "post", ""); a.StatusCode == 429 {
				t.Errorf("%s: logout %d is lost", kind, i)
			}
			if w.live(ann) != 0 {
				t.Errorf("%s: the session outlives logout %d", kind, i)
			}
		}
	}
}

// limited lets an address send so many logout messages in a minute that do
// nothing.
func limited(n int) func(*setup) {
	return func(s *setup) {
		s.logoutRate, _ = limit.New(limit.Config{Events: n, Per: time.Minute, Now: func() time.Time { return time.Unix(1e9, 0) }})
	}
}

// What proves nothing counts, and so does a copy of what was done already: both
// can be had in any number.
func TestLogoutMessagesThatDoNothingAreLimited(t *testing.T) {
	forged := ended(ann)
	forged.Signed = false
	for name, send := range map[string]func(*world) *answer{
		"forged":          func(w *world) *answer { return w.browser().tell(forged, false, "") },
		"forged, by POST": func(w *world) *answer { return w.browser().tell(forged, true, "") },
		"forged, by SOAP": func(w *world) *answer { return w.soap(forged.encode()) },
		"noise":           func(w *world) *answer { return w.browser().do(slo, ask{method: "POST", site: "cross-site", body: "x"}) },
		"too much noise":  func(w *world) *answer { return w.soap(strings.Repeat(" ", 65<<10)) },
		"a copy":          func(w *world) *answer { return w.browser().tell(ended(ann), false, "") },
		"a copy, by SOAP": func(w *world) *answer { return w.soap(ended(ann).encode()) },
		"answers to nobody": func(w *world) *answer {
			return w.browser().tell(note{IDP: "corp", Signed: true, Answers: "_x", Status: "success"}, false, "")
		},
	} {
		w := newWorld(t, limited(3))
		var last int
		for range 5 { // the first of the copies does something
			last = send(w).StatusCode
		}
		if last != 429 {
			t.Errorf("%s: the fifth is answered %d", name, last)
		}
	}
}

// Nobody is blamed for messages that arrive while the store is away.
func TestLogoutsThatWaitForTheStoreAreNotCounted(t *testing.T) {
	w := newWorld(t, limited(3))
	w.browser().signIn(wiki+"/", ann)
	w.store.down.Store(true)
	for range 5 {
		w.soap(ended(ann).encode()).is(500)
		w.browser().tell(ended(ann), false, "").is(503)
	}
	w.store.down.Store(false)
	w.soap(ended(ann).encode()).is(200, "<success to=_ask>")
	if w.live(ann) != 0 {
		t.Error("the session lives on")
	}
}

// What the store did not let happen is done when the same message comes again.
func TestALogoutRequestIsRepeatedAfterAnError(t *testing.T) {
	for name, outage := range map[string]func(*world, bool){
		"before anything ended": func(w *world, away bool) { w.store.down.Store(away) },
		"after all had ended": func(w *world, away bool) {
			w.slo.spendErr = nil
			if away {
				w.slo.spendErr = errors.New("away")
			}
			w.slo.used = map[string]bool{}
		},
	} {
		w := newWorld(t)
		w.browser().signIn(wiki+"/", ann)
		outage(w, true)
		w.soap(ended(ann).encode()).is(500, "<fault refused=false>")
		outage(w, false)
		w.soap(ended(ann).encode()).is(200, "<success to=_ask>")
		if w.live(ann) != 0 {
			t.Errorf("%s: the session lives on", name)
		}
		w.browser().signIn(wiki+"/", ann)
		w.soap(ended(ann).encode()).is(200, "<refused to=_ask>")
		if w.live(ann) != 1 {
			t.Errorf("%s: a replay ended the next session", name)
		}
	}
}

// soap asks as an identity provider does, without a browser.
func (w *world) soap(body string, header ...string) *answer {
	w.t.Helper()
	if header == nil {
		header = []string{"Content-Type: text/xml; charset=UTF-8", "SOAPAction: \"http://www.oasis-open.org/committees/security\""}
	}
	return w.browser().do(sso+"/.samlgate/saml/soap", ask{method: "POST", kind: "api", body: body, header: header})
}

func TestSOAP(t *testing.T) {
	w := newWorld(t, func(s *setup) { s.aliases.SOAP = "/Shibboleth.sso/SLO/SOAP" })
	w.browser().signIn(wiki+"/", ann)
	forged, stale := ended(ann), ended(ann)
	forged.Signed, stale.Expired = false, true
	deny := func(name string, a *answer) {
		t.Helper()
		if a.is(500, "<fault refused=true>"); w.live(ann) != 1 {
			t.Errorf("%s: the session ended", name)
		}
	}
	deny("forged", w.soap(forged.encode()))
	deny("no message", w.soap("hello"))
	deny("too large", w.soap(strings.Repeat(" ", 64<<10)+ended(ann).encode()))
	deny("a form", w.soap(ended(ann).encode(), "Content-Type: application/x-www-form-urlencoded"))
	deny("no type", w.soap(ended(ann).encode(), "Content-Type: "))
	w.soap(stale.encode()).is(200, "<refused to=_ask>")
	w.browser().do(sso+"/.samlgate/saml/soap", ask{}).is(405)
	w.browser().do(wiki+"/.samlgate/saml/soap", ask{method: "POST", body: "x"}).is(404)

	a := w.soap(ended(ann).encode()).is(200, "<success to=_ask>")
	if got := a.Header.Get("Content-Type"); got != "text/xml; charset=utf-8" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%q, %q", got, a.Header.Get("Cache-Control"))
	}
	if w.live(ann) != 0 {
		t.Error("the session lives on")
	}
	w.browser().do(sso+"/Shibboleth.sso/SLO/SOAP", ask{method: "POST", kind: "api", body: "x"}).is(500)
}

// Whoever hangs up while a request is being done stops nothing: nobody might ask
// again.
func TestHangingUpSavesNoSession(t *testing.T) {
	w := newWorld(t)
	w.browser().signIn(wiki+"/", ann)
	ctx, hangUp := context.WithCancel(t.Context())
	w.slo.proven = hangUp
	r := httptest.NewRequestWithContext(ctx, "GET", slo+"?"+url.Values{"SAMLRequest": {ended(ann).encode()}}.Encode(), nil)
	w.gateway.Load().ServeHTTP(httptest.NewRecorder(), r)
	if ctx.Err() == nil || w.live(ann) != 0 {
		t.Errorf("%v; %d sessions", ctx.Err(), w.live(ann))
	}
}

// An answer that nobody asked for is good for an hour, if its identity provider
// says so. Whoever kept one back does not come in with it after the logout.
func TestAnswerKeptBackFromALogout(t *testing.T) {
	w := newWorld(t, policy(signin.Accept))
	kept := saml{IDP: "corp", Email: ann, Issued: w.now()}
	w.later(time.Minute)
	n := ended(ann)
	n.Issued = w.now()
	w.soap(n.encode()).is(200, "<success")
	w.later(57 * time.Minute)
	late := w.browser()
	late.follow(late.started(kept, wiki+"/")).is(403, "took too long").signsNobodyIn()
	if w.live(ann) != 0 {
		t.Error("signed in with what was said before the logout")
	}
}
