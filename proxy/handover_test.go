package proxy_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

// journey takes a signed-in browser to the door of an app host: the address
// with the code, which nobody has followed yet.
func journey(b *browser, address string) string {
	b.t.Helper()
	return b.do(b.do(address, ask{}).Header.Get("Location"), ask{}).Header.Get("Location")
}

func codeOf(t testing.TB, address string) (code, state string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Query().Get("code") == "" {
		t.Fatalf("no code in %s", address)
	}
	return u.Query().Get("code"), u.Query().Get("state")
}

// signedIn is a browser with a session on the gateway origin alone.
func (w *world) signedIn() *browser {
	w.t.Helper()
	b := w.browser()
	b.signIn(sso+"/desk", ann, "hr").is(200)
	return b
}

func TestHandOverCodeIsForOneUseByOneBrowserOnOneHost(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn()
	again := func(what string, a *answer) {
		t.Helper()
		a.signsNobodyIn()
		if a.Header.Get("Location") == "" && a.StatusCode != 403 {
			t.Errorf("%s: %d", what, a.StatusCode)
		}
	}
	at := journey(b, wiki+"/deep")

	other := w.browser()
	other.do(wiki+"/mine", ask{})
	again("a browser without this state", other.do(at, ask{}).is(403))
	again("the code was spent by that", b.do(at, ask{}).leads("/deep"))

	at = journey(b, wiki+"/deep")
	code, _ := codeOf(t, at)
	mine, _ := url.Parse(other.do(wiki+"/mine", ask{}).Header.Get("Location"))
	again("another browser's own state", other.do(wiki+"/.samlgate/callback?"+url.Values{"code": {code}, "state": mine.Query()["state"]}.Encode(), ask{}).leads("/mine"))

	at = journey(b, wiki+"/deep")
	code, _ = codeOf(t, at)
	there, _ := url.Parse(b.do(hr+"/there", ask{}).Header.Get("Location"))
	again("another host", b.do(hr+"/.samlgate/callback?"+url.Values{"code": {code}, "state": there.Query()["state"]}.Encode(), ask{}).leads("/there"))

	at = journey(b, wiki+"/deep")
	w.later(31 * time.Second)
	again("after 30 s", b.do(at, ask{}).leads("/deep"))

	w.later(2 * time.Minute) // or else the loop breaker stops this
	at = journey(b, wiki+"/deep")
	_, state := codeOf(t, at)
	for _, bad := range []string{"", "x", state} {
		at = journey(b, wiki+"/deep")
		_, state = codeOf(t, at)
		again("a bad code", b.do(wiki+"/.samlgate/callback?"+url.Values{"code": {bad}, "state": {state}}.Encode(), ask{}).leads("/deep"))
	}

	at = journey(b, wiki+"/deep")
	b.do(at+"&return_to=https://evil.example&url=/evil", ask{}).leads("/deep") // the cookie alone says where
	b.do(wiki+"/deep", ask{}).is(200, ann)
	again("replayed", b.do(at, ask{}).is(403))

	at = journey(b, hr+"/late")
	b.do(sso+"/.samlgate/logout", ask{}).is(200)
	again("after the session ended", b.do(at, ask{}).leads("/late"))
	b.do(hr+"/late", ask{}).leads(sso + "/.samlgate/login?")
}

func TestNoCodeForWhomTheRouteRefuses(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(sso+"/desk", ann).is(200)
	before := len(b.jar["hr.example.com"])
	a := b.do(b.do(hr+"/", ask{}).Header.Get("Location"), ask{}).is(403, ann)
	if before != 0 || a.Header.Get("Location") != "" {
		t.Errorf("leads to %q", a.Header.Get("Location"))
	}
}

func TestLogout(t *testing.T) {
	w := newWorld(t, func(s *setup) { s.returnTo["wiki"] = wiki + "/open/bye" })
	type try struct {
		ask
		at   string
		ends bool
		want int
	}
	out := wiki + "/.samlgate/logout"
	for name, c := range map[string]try{
		"cross-site link":              {ask{site: "cross-site"}, out, false, 200},
		"cross-site image":             {ask{site: "cross-site", kind: "image"}, out, false, 200},
		"image of the app":             {ask{site: "same-origin", kind: "image"}, out, false, 200},
		"frame":                        {ask{site: "same-origin", kind: "iframe"}, out, false, 200},
		"script":                       {ask{site: "same-origin", kind: "xhr"}, out, false, 200},
		"fetched ahead":                {ask{site: "same-origin", header: []string{"Sec-Purpose: prefetch"}}, out, false, 200},
		"HEAD":                         {ask{method: "HEAD", site: "same-origin"}, out, false, 200},
		"cross-site form":              {ask{method: "POST", site: "cross-site"}, out, false, 403},
		"form of a sibling":            {ask{method: "POST", site: "same-site"}, out, false, 403},
		"cross-site form, old browser": {ask{method: "POST", kind: "old", header: []string{"Origin: https://evil.example"}}, out, false, 403},
		"PUT":                          {ask{method: "PUT", site: "same-origin"}, out, false, 405},
		"link":                         {ask{site: "same-origin"}, out, true, 303},
		"link of a sibling":            {ask{site: "same-site"}, out, true, 303},
		"typed":                        {ask{}, out, true, 303},
		"old browser":                  {ask{kind: "old"}, out, true, 303},
		"form":                         {ask{method: "POST", site: "same-origin"}, out, true, 303},
		"form, old browser":            {ask{method: "POST", kind: "old", header: []string{"Origin: " + wiki}}, out, true, 303},
		"on the gateway":               {ask{site: "same-origin"}, sso + "/.samlgate/logout", true, 200},
	} {
		t.Run(name, func(t *testing.T) {
			b := w.browser()
			b.t = t
			b.signIn(wiki+"/", ann, "hr").is(200)
			b.open(hr + "/").is(200)
			a := b.do(c.at, c.ask)
			a.is(c.want)
			if c.want == 200 && !c.ends && c.method == "" {
				a.is(200, "<form", "method=\"post\"")
			}
			if c.want == 303 {
				a.leads(wiki + "/open/bye")
			}
			still := 200
			if c.ends {
				still = 401
			}
			b.do(hr+"/", ask{kind: "xhr"}).is(still)
			b.do(sso+"/desk", ask{kind: "xhr"}).is(still)
			b.do(sso+"/.samlgate/logout", ask{})
		})
	}
	if n := w.live(ann); n != 0 {
		t.Errorf("%d sessions remain", n)
	}
}

func TestLogoutLeadsOnlyToOurPlaces(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	out := sso + "/.samlgate/logout?return_to="
	b.do(out+url.QueryEscape("https://evil.example/"), ask{}).is(200)
	b.do(out+url.QueryEscape(wiki+"/open/"), ask{}).leads(wiki + "/open/")
	asked := b.do(out+url.QueryEscape(wiki+"/open/"), ask{site: "cross-site"}).is(200, "<form")
	if csp := asked.Header.Get("Content-Security-Policy"); csp == "" || !contains(csp, "form-action 'self' "+sso+" "+wiki) {
		t.Errorf("the browser would stop at the redirect: %s", csp)
	}
}

func TestAppsOwnSignOut(t *testing.T) {
	w := newWorld(t)
	w.app.does(func(rw http.ResponseWriter, r *http.Request) {
		if !contains(r.URL.Path, "logout") {
			return
		}
		http.SetCookie(rw, &http.Cookie{Name: "theme", Value: "dark"})
		rw.Header().Set("Location", "/elsewhere")
		rw.WriteHeader(http.StatusFound)
		_, _ = rw.Write([]byte("app: signed out"))
	})
	type try struct {
		ask
		path string
		ends bool
		to   string
	}
	for name, c := range map[string]try{
		"link":             {ask{site: "same-origin"}, "/logout", true, "/.samlgate/logout"},
		"form":             {ask{method: "POST", site: "same-origin"}, "/logout", true, "/.samlgate/logout"},
		"public link":      {ask{site: "same-origin"}, "/open-logout", true, "/.samlgate/logout"},
		"script":           {ask{method: "POST", site: "same-origin", kind: "xhr"}, "/logout", true, "/elsewhere"},
		"cross-site link":  {ask{site: "cross-site"}, "/logout", false, "/elsewhere"},
		"form of sibling":  {ask{method: "POST", site: "same-site"}, "/logout", false, "/elsewhere"},
		"image":            {ask{site: "same-origin", kind: "image"}, "/logout", false, "/elsewhere"},
		"some other place": {ask{site: "same-origin"}, "/logout/x", false, "/elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			b := w.browser()
			b.t = t
			b.signIn(wiki+"/", ann)
			before := w.app.count()
			a := b.do(wiki+c.path, c.ask)
			if a.Header.Get("Location") != c.to || w.app.count() != before+1 {
				t.Errorf("to %q after %d requests", a.Header.Get("Location"), w.app.count()-before)
			}
			if b.jar["wiki.example.com"]["theme"] == nil {
				t.Error("the app's own cookie is lost")
			}
			if got := w.live(ann); (got == 0) != c.ends {
				t.Errorf("%d sessions", got)
			}
			b.do(sso+"/.samlgate/logout", ask{})
		})
	}
}
