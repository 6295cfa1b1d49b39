package proxy_test

import (
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/proxy/upstream"
)

// Over HTTP/1.1 and HTTP/2, on public paths and others, with a session and
// without, as a WebSocket: the request arrives, and nothing of the lies.
func TestForgedHeadersOnEveryWay(t *testing.T) {
	w, j := newForge(t)
	f := newForger(w)
	trailer := []byte("X-Auth-Email: boss@example.com\r\nX_Auth_Roles: admin")
	for way := range journeys {
		for protocol, send := range map[string]func(){
			"HTTP/1.1":                   func() { f.http1(way, []byte(strings.Join(lies, "\r\n")), nil) },
			"HTTP/1.1 chunked":           func() { f.http1(way, []byte(strings.Join(lies, "\r\n")), trailer) },
			"HTTP/2, which has no lists": func() { f.http2(way, []byte(strings.Join(lies[:len(lies)-1], "\n")), nil) },
			"HTTP/2 with a trailer":      func() { f.http2(way, []byte("x_auth_email: boss"), trailer) },
		} {
			if journeys[way].socket && strings.HasPrefix(protocol, "HTTP/1.1 ") {
				continue // a WebSocket has no body
			}
			before, stripped := j.sentence(t), w.observer.stripped.Managed
			send()
			if got := j.sentence(t); got != before+1 {
				t.Errorf("%s over %s: %d requests arrived", journeys[way].at, protocol, got-before)
			}
			if w.observer.stripped.Managed == stripped {
				t.Errorf("%s over %s: nothing was counted", journeys[way].at, protocol)
			}
		}
	}
}

// An attempt is on record with the person whose session it came with, and no
// client can fill the record with it.
func TestForgedHeadersAreOnRecord(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	records := func() int { return strings.Count(w.audit.String(), `"header_forged"`) }
	b.do(wiki+"/", ask{header: []string{"X-Forwarded-For: 192.0.2.7", "X-Real-Ip: 192.0.2.7"}}).is(200)
	if records() != 0 || w.observer.stripped.Other != 1 { // X-Forwarded-For is gone before
		t.Errorf("a proxy's headers: %d records, %+v", records(), w.observer.stripped)
	}
	for range 20 {
		b.do(wiki+"/", ask{header: []string{"X_Auth_Email: boss@example.com"}}).is(200)
	}
	if records() != 1 || w.observer.stripped.Managed != 20 {
		t.Errorf("20 attempts: %d records, %+v", records(), w.observer.stripped)
	}
	for _, want := range []string{`"person":"` + ann + `"`, `"route":"wiki"`, `"addr":"127.0.0.1"`, `"request_id":"`} {
		if !contains(w.audit.String(), want) {
			t.Errorf("no %s on record", want)
		}
	}
	if contains(w.audit.String(), "boss") || contains(w.log.String(), "boss") {
		t.Error("the forged value is on record")
	}
	w.browser().do("https://news.example.com/", ask{header: []string{"Remote-User: boss"}}).is(200)
	if records() != 2 {
		t.Errorf("on another route: %d records", records())
	}
	w.later(time.Minute)
	w.browser().do("https://news.example.com/", ask{header: []string{"Remote-User: boss"}}).is(200)
	if records() != 3 {
		t.Errorf("a minute later: %d records", records())
	}
}

// A value that no header can hold is absent, counted, and on record once.
func TestDroppedValuesAreOnRecord(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann, "staff", "a,admin", "b\nX-Auth-Email: boss")
	for range 5 {
		b.do(wiki+"/", ask{}).is(200)
	}
	if got := w.app.last(t).Header["X-Auth-Roles"]; len(got) != 1 || got[0] != "staff" {
		t.Errorf("roles: %q", got)
	}
	if n := strings.Count(w.audit.String(), `"value_dropped"`); n != 1 || w.observer.dropped != 2*w.app.count() {
		t.Errorf("%d records, %d counted over %d requests", n, w.observer.dropped, w.app.count())
	}
}

func TestTooLargeAValueIsRefusedAndOnRecord(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann, strings.Repeat("r", headers.MaxValue), strings.Repeat("s", headers.MaxValue)).is(403, "wiki")
	if w.app.count() != 0 || !contains(w.audit.String(), `"access_denied"`) || !contains(w.audit.String(), `"value_too_large"`) || contains(w.audit.String(), "rrr") {
		t.Errorf("%d requests reached the app; audit: %s", w.app.count(), short(w.audit.String()))
	}
}

// A real CGI program sees our variables and none of the client's.
func TestForgedHeadersInACGIProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "env.cgi")
	script := "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nenv\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(&cgi.Handler{Path: program})
	t.Cleanup(server.Close)
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(s *setup) {
		s.route("api").Public = patterns("/open/")
		s.route("api").Upstream, err = upstream.New(upstream.Config{URL: target})
	})
	w.must(err)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	b.follow(b.do(sso+"/.samlgate/login?return_to=https://api.example.com/", ask{}))
	env := func(at string, want string) {
		t.Helper()
		text := b.do("https://api.example.com"+at, ask{method: http.MethodPost, site: "same-origin", kind: "xhr", header: lies}).is(200).text
		var emails []string
		for line := range strings.Lines(text) {
			if strings.Contains(strings.ToUpper(line), "EMAIL") {
				emails = append(emails, strings.TrimSpace(line))
			}
			if contains(line, "boss") || contains(line, "admin") || contains(line, "evil") {
				t.Errorf("%s: %s", at, line)
			}
		}
		if got := strings.Join(emails, " "); got != want {
			t.Errorf("%s: %q, want %q", at, got, want)
		}
	}
	env("/", "HTTP_X_AUTH_EMAIL="+ann)
	env("/open/", "")
}
