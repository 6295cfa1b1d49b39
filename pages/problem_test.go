package pages

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func script(method string) *http.Request {
	r := httptest.NewRequest(method, "/api", nil)
	r.Header.Set("Sec-Fetch-Mode", "cors")
	r.Header.Set("Sec-Fetch-Dest", "empty")
	r.Header.Set("Accept", "text/html")
	return r
}

func TestTwin(t *testing.T) {
	p := newPages(t)
	args := map[string]string{"email": "ana@example.com", "route": "Wiki"}
	for _, code := range []Code{NotSignedIn, Forbidden} {
		rec := httptest.NewRecorder()
		p.Error(rec, script("POST"), Problem{Code: code, RequestID: "req-1", Args: args, LoginURL: "https://sso.example.com/login"})
		if got := rec.Header().Get("Content-Type"); got != "application/json; charset=utf-8" {
			t.Errorf("%s: Content-Type = %q", code, got)
		}
		if strings.Contains(rec.Body.String(), "ana@") {
			t.Errorf("%s: the twin names a person: %s", code, rec.Body)
		}
		var got map[string]string
		if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got["error"] != string(code) || got["request_id"] != "req-1" || got["message"] == "" {
			t.Errorf("%s: %v", code, got)
		}
		if _, ok := got["login_url"]; ok != (code == NotSignedIn) {
			t.Errorf("%s: login_url is there: %v", code, ok)
		}
	}
}

func TestHeadersOfAStatus(t *testing.T) {
	p := newPages(t)
	ask := func(e Problem) http.Header {
		return show(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Etag", `"x"`)
			p.Error(w, r, e)
		}, browser("GET", "/", "en")).Header
	}
	want := func(h http.Header, name, value string) {
		t.Helper()
		if got := h.Get(name); got != value {
			t.Errorf("%s = %q, want %q", name, got, value)
		}
	}
	want(ask(Problem{Code: StoreDown, RetryAfter: 1500 * time.Millisecond}), "Retry-After", "2")
	want(ask(Problem{Code: StoreDown}), "Retry-After", "")
	want(ask(Problem{Code: Method, Allow: []string{"GET", "HEAD"}}), "Allow", "GET, HEAD")
	want(ask(Problem{Code: NotSignedIn}), "WWW-Authenticate", "Samlgate")
	want(ask(Problem{Code: Internal}), "Content-Encoding", "")
	want(ask(Problem{Code: Internal}), "Etag", "")
}

func TestHeadHasNoBody(t *testing.T) {
	p := newPages(t)
	for name, r := range map[string]*http.Request{"page": browser("HEAD", "/", "en"), "twin": script("HEAD")} {
		res := show(func(w http.ResponseWriter, r *http.Request) { p.Error(w, r, Problem{Code: NotFound}) }, r)
		if body, _ := io.ReadAll(res.Body); len(body) != 0 || res.Header.Get("Content-Length") == "0" {
			t.Errorf("%s: body of %d bytes, Content-Length %s", name, len(body), res.Header.Get("Content-Length"))
		}
	}
}

func TestUnknownCodesAndStatuses(t *testing.T) {
	for _, c := range []struct {
		code   Code
		status int
		want   Code
		sent   int
	}{
		{"method", 405, Method, 405}, {"surprise", 403, Forbidden, 403}, {"surprise", 418, Internal, 418},
		{"surprise", 0, Internal, 500}, {"", 200, Internal, 500}, {NotFound, 200, NotFound, 404}, {Blocked, 404, Blocked, 404},
	} {
		if code, _, status := settle(c.code, c.status); code != c.want || status != c.sent {
			t.Errorf("settle(%q, %d) = %q, %d; want %q, %d", c.code, c.status, code, status, c.want, c.sent)
		}
	}
}

func TestNearMissIsShownWhenKnown(t *testing.T) {
	p := newPages(t)
	body := func(args map[string]string) string {
		rec := httptest.NewRecorder()
		p.Error(rec, browser("GET", "/", "en"), Problem{Code: MissingAttr, Args: args})
		return rec.Body.String()
	}
	near := "Received <bdi>officeemail</bdi>, needed <bdi>OfficeEMail</bdi>. Names are case-sensitive."
	if got := body(map[string]string{"field": "email", "got": "officeemail", "wanted": "OfficeEMail"}); !strings.Contains(got, near) {
		t.Errorf("the near miss is not shown: %s", got)
	}
	if got := body(map[string]string{"field": "email"}); strings.Contains(got, "Received") {
		t.Error("a near miss is shown where there is none")
	}
}

func TestUsualActions(t *testing.T) {
	p := newPages(t)
	links := func(r *http.Request, e Problem) (list []string) {
		for _, a := range find(parse(t, show(func(w http.ResponseWriter, r *http.Request) { p.Error(w, r, e) }, r)), "a") {
			list = append(list, attr(a, "href"))
		}
		return list
	}
	one := func(got []string, want string) {
		t.Helper()
		if strings.Join(got, " ") != want {
			t.Errorf("links are %v, want %q", got, want)
		}
	}
	one(links(browser("GET", "/a?b=c", "en"), Problem{Code: UpstreamDown}), "/a?b=c")
	one(links(browser("POST", "/a?b=c", "en"), Problem{Code: UpstreamDown}), "")
	one(links(browser("GET", "//evil.example", "en"), Problem{Code: UpstreamDown}), "")
	one(links(browser("POST", "/", "en"), Problem{Code: Unsolicited}), "/.samlgate/login")
	one(links(browser("GET", "/", "en"), Problem{Code: NotSignedIn, LoginURL: "https://sso.example.com/login"}), "https://sso.example.com/login")
	one(links(browser("GET", "/", "en"), Problem{Code: Unsolicited, Actions: []Action{}}), "")
}
