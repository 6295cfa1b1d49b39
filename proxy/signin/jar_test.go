package signin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

var (
	keyA = []byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	keyB = []byte("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
)

func jar(t testing.TB, name string, keys ...[]byte) *Jar {
	t.Helper()
	j, err := NewJar(JarConfig{Keys: keys, Name: name, Secure: true, Lifetime: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// back is a request with the cookies that a response set.
func back(rec *httptest.ResponseRecorder) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	for _, c := range rec.Result().Cookies() {
		r.AddCookie(c)
	}
	return r
}

func TestJarNeedsAKeyAndFourNames(t *testing.T) {
	if _, err := NewJar(JarConfig{Lifetime: time.Hour}); err == nil {
		t.Error("a jar without key")
	}
	for _, name := range []string{"__Host-samlgate-login", "__host-SAMLGATE-state", "__Host-samlgate-IDP"} {
		if _, err := NewJar(JarConfig{Keys: [][]byte{keyA}, Name: name, Secure: true, Lifetime: time.Hour}); err == nil {
			t.Errorf("one name for two cookies: %s", name)
		}
	}
}

func TestKeyRing(t *testing.T) {
	id, err := sessionstore.NewID(identity.Person("ann@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	s := &sessionstore.Session{ID: id, Expires: time.Now().Add(time.Hour)}
	if err := jar(t, "", keyA).SetSession(rec, "wiki", s, time.Now()); err != nil {
		t.Fatal(err)
	}
	opens := func(want bool, keys ...[]byte) {
		t.Helper()
		if got, first, ok := jar(t, "", keys...).Session(back(rec), "wiki"); ok != want || ok && (got != id || !first) {
			t.Errorf("opens: %v, want %v", ok, want)
		}
	}
	opens(true, keyA)
	opens(true, keyB, keyA) // a rotated ring still knows it
	opens(false, keyB)      // a dropped key makes it no session
	c := rec.Result().Cookies()[0]
	if !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode || c.MaxAge <= 0 {
		t.Errorf("%s", c.Raw)
	}
}

// The login cookie has keys of its own: nothing sealed for it is a session.
func TestCookiesDoNotStandInForEachOther(t *testing.T) {
	j := jar(t, "", keyA)
	sealed, err := j.seal(j.loginRing, j.session, "wiki", []byte(".b000.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaA"))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: j.session, Value: sealed})
	if _, _, ok := j.Session(r, "wiki"); ok {
		t.Error("a value under the login keys is a session")
	}
}

func TestPendingLoginsStaySmall(t *testing.T) {
	j, now := jar(t, "", keyA), time.Now()
	var l logins
	for range 2 * maxPending {
		l.add(pending{Request: "_" + nonce(), IDP: "corp", Host: strings.Repeat("h", 60), Route: "wiki", State: nonce(), Began: now.Unix()}, now)
	}
	if len(l.Pending) != maxPending {
		t.Errorf("%d pending logins", len(l.Pending))
	}
	rec := httptest.NewRecorder()
	if err := j.writeLogins(rec, "sso", l); err != nil {
		t.Fatal(err)
	}
	got, ok := j.readLogins(back(rec), "sso")
	if !ok || len(got.Pending) != maxPending {
		t.Errorf("%d of them fit", len(got.Pending))
	}
	if _, ok := j.readLogins(back(rec), "other"); ok {
		t.Error("opens on another host")
	}
	c := rec.Result().Cookies()[0]
	if c.SameSite != http.SameSiteNoneMode || !c.Secure || !c.HttpOnly {
		t.Errorf("%s", c.Raw)
	}
	l.add(pending{Request: "late"}, now.Add(pendingLife+time.Second))
	if len(l.Pending) != 1 {
		t.Errorf("%d pending logins after the time of all", len(l.Pending))
	}
}

func TestJourneysFitACookie(t *testing.T) {
	j, now := jar(t, "", keyA), time.Now()
	r := httptest.NewRequest("GET", "/", nil)
	begin := func(url string) string {
		t.Helper()
		rec := httptest.NewRecorder()
		state, err := j.beginJourney(rec, r, "wiki", url, true, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range rec.Result().Cookies() {
			if len(c.Name)+len(c.Value) > 4096 {
				t.Errorf("%d bytes", len(c.Name)+len(c.Value))
			}
		}
		r = back(rec)
		return state
	}
	leads := func(state, want string) {
		t.Helper()
		if got, _, ok := j.findJourney(r, "wiki", state, now); !ok || got.URL != want {
			t.Errorf("leads to %.40q, want %.40q", got.URL, want)
		}
	}
	first := begin("/first")
	leads(begin("/?"+strings.Repeat("&", 2046)), "/?"+strings.Repeat("&", 2046))
	if _, _, ok := j.findJourney(r, "wiki", first, now); ok {
		t.Error("both fit one cookie, which no browser would keep")
	}
	leads(begin("/"+strings.Repeat("x", 8000)), "/") // too long for any cookie: the front page
	state := begin("/late")
	if _, _, ok := j.findJourney(r, "wiki", state, now.Add(pendingLife+time.Second)); ok {
		t.Error("a journey without end")
	}
	if _, _, ok := j.findJourney(r, "hr", state, now); ok {
		t.Error("a journey on another host")
	}
	for _, bad := range []string{"", "x", state[:42], state + "A", state[:42] + "="} {
		if validState(bad) {
			t.Errorf("%q is no hash", bad)
		}
	}
}

func TestClientIsDescribedInAFewWords(t *testing.T) {
	is := func(ua, want string) {
		t.Helper()
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("User-Agent", ua)
		if got := client(r, &visit.Visit{}); got.Agent != want || got.Addr != "" {
			t.Errorf("%q is %+v, want %q", ua, got, want)
		}
	}
	is("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux")
	is("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1", "Safari on iPhone")
	is("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows")
	is("curl/8.0", "curl")
	is("(Windows)", "Windows")
	is("<script>alert(1)</script>", "")
}

// A forged cookie never opens, whatever it is made of.
func FuzzOpen(f *testing.F) {
	j := jar(f, "", keyA)
	f.Add("MTc1|x|y")
	f.Add("")
	f.Fuzz(func(t *testing.T, value string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Cookie"] = []string{j.session + "=" + value + "; " + j.login + "=" + value + "; " + j.state + "=" + value}
		if _, _, ok := j.Session(r, "wiki"); ok {
			t.Error("a session out of nothing")
		}
		if _, ok := j.readLogins(r, "wiki"); ok {
			t.Error("a login out of nothing")
		}
		if t2 := j.readTravels(r, "wiki"); t2.Open != nil || t2.Arrived != nil {
			t.Error("a journey out of nothing")
		}
	})
}
