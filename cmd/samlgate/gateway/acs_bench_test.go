package gateway_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// BenchmarkACS is the whole POST of a sign-in: form, login cookie, an assertion
// signed by RSA-2048, replay memory, session and both cookies, with the embedded
// store in memory. It may cost 2 ms of one core.
func BenchmarkACS(b *testing.B) {
	s := prepare(b)
	s.change("session:", "  rate_limits: {login: off, acs: off}\nsession:")
	var door http.Handler
	s.front = func(h http.Handler) http.Handler { door = h; return h }
	s.run()
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		r, w := s.bringing(), httptest.NewRecorder()
		b.StartTimer()
		door.ServeHTTP(w, r)
		if w.Code != http.StatusSeeOther || !strings.Contains(strings.Join(w.Header()["Set-Cookie"], "\n"), "samlgate=") {
			b.Fatalf("%d %v", w.Code, w.Header())
		}
	}
}

// bringing returns the POST with which a browser brings the answer of the
// identity provider, ready to be served.
func (s *site) bringing() *http.Request {
	s.Helper()
	page := s.get(s.url("wiki", "/"))
	if !strings.Contains(page.body, `name="SAMLResponse"`) { // who it is, is asked once
		page = s.post(page, "person", "ana@example.com")
	}
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page.body, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	to := html.UnescapeString(action.FindStringSubmatch(page.body)[1])
	r := httptest.NewRequest(http.MethodPost, to, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/html")
	for _, c := range s.client.Jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	return r
}
