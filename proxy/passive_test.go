package proxy_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// polls are requests that must keep no session alive.
var polls = map[string]struct {
	path string
	ask  ask
}{
	"an ignored path":        {"/poll", ask{kind: "xhr"}},
	"below an ignored one":   {"/feeds/a/b", ask{kind: "xhr"}},
	"by an ignored method":   {"/status", ask{kind: "xhr"}},
	"a header":               {"/x", ask{kind: "xhr", header: []string{"X-Samlgate-Passive: 1"}}},
	"any word of it":         {"/x", ask{kind: "xhr", header: []string{"X-Samlgate-Passive: no"}}},
	"a header said twice":    {"/x", ask{kind: "xhr", header: []string{"X-Samlgate-Passive: ", "X-Samlgate-Passive: true"}}},
	"a page that is ignored": {"/poll", ask{}},
	"our own page":           {"", ask{header: []string{"X-Samlgate-Passive: 1"}}},
}

func ignores(s *setup) {
	s.limits.Idle = 10 * time.Minute
	s.ignored = []string{"/poll", "/feeds/", "GET /status"}
}

// However often a page polls, its session ends when nobody uses it: from memory
// and without.
func TestPollingKeepsNoSessionAlive(t *testing.T) {
	for name, poll := range polls {
		for memory, also := range map[string]func(*setup){"": func(*setup) {}, " from memory": remembers} {
			t.Run(name+memory, func(t *testing.T) {
				w := newWorld(t, ignores, also)
				b := w.browser()
				b.signIn(wiki+"/", ann).is(200)
				address := wiki + poll.path
				if poll.path == "" {
					b.open(sso + "/.samlgate/account")
					address = sso + "/.samlgate/account"
				}
				ended := false
				for range 12 {
					w.later(time.Minute)
					ended = b.do(address, poll.ask).StatusCode != 200
				}
				if !ended {
					t.Error("polling keeps the session alive")
				}
				b.do(wiki+"/x", ask{kind: "xhr", header: poll.ask.header}).is(401, `"not_signed_in"`, "login_url")
			})
		}
	}
}

// What only looks like polling is use.
func TestUseIsUse(t *testing.T) {
	for name, use := range map[string]struct {
		path string
		ask  ask
	}{
		"a page":          {"/x", ask{}},
		"another case":    {"/Poll", ask{kind: "xhr"}},
		"below a path":    {"/poll/x", ask{kind: "xhr"}},
		"another method":  {"/status", ask{kind: "xhr", method: "POST", site: "same-origin"}},
		"an empty header": {"/x", ask{kind: "xhr", header: []string{"X-Samlgate-Passive: "}}},
		"an alias":        {"/x", ask{kind: "xhr", header: []string{"X_Samlgate_Passive: 1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, ignores, remembers)
			b := w.browser()
			b.signIn(wiki+"/", ann).is(200)
			for range 12 {
				w.later(time.Minute)
				b.do(wiki+use.path, use.ask).is(200)
			}
		})
	}
}

// The app hears nothing of the header, under no alias, and a client cannot have
// the next hop delete anything by it.
func TestTheAppSeesNoPassiveHeader(t *testing.T) {
	w := newWorld(t, ignores)
	b := w.browser()
	b.signIn(wiki+"/", ann).is(200)
	for _, path := range []string{"/x", "/open/x"} {
		b.do(wiki+path, ask{kind: "xhr", header: []string{"X-Samlgate-Passive: 1", "x_samlgate_passive: 1", "X.Samlgate.Passive: 1", "Connection: X-Samlgate-Passive"}}).is(200)
		for name := range w.app.last(t).Header {
			if len(name) > 9 && (name[2:10] == "Samlgate" || name[2:10] == "samlgate") {
				t.Errorf("the app got %s", name)
			}
		}
	}
}

// An open connection to an ignored path is no use either, whatever passes.
func TestIgnoredConnectionKeepsNoSessionAlive(t *testing.T) {
	const bob = "bob@example.com"
	w := newWorld(t, ignores)
	open := func(email, path string) net.Conn {
		b := w.browser()
		w.app.does(nil)
		b.signIn(wiki+"/", email)
		w.app.does(talks([]byte{0x81, 0}, nil))
		c, _ := dialSocket(t, b, wiki+path)
		return c
	}
	polls, works := open(ann, "/feeds/ws"), open(bob, "/ws")
	w.later(9 * time.Minute)
	for _, c := range []net.Conn{polls, works} {
		if _, err := c.Write([]byte{0x82, 0x81, 0, 0, 0, 0, 'x'}); err != nil {
			t.Fatal(err)
		}
	}
	used := func() bool {
		all, err := w.sessions.List(context.Background(), identity.Person(bob))
		w.must(err)
		return len(all) == 1 && w.now().Sub(all[0].LastSeen) < time.Minute
	}
	storetest.Eventually(t, 2*soon, "it is used", used) // and so would the other be
	w.later(3 * time.Minute)
	if w.live(ann) != 0 || w.live(bob) != 1 {
		t.Errorf("%d sessions poll on, %d work", w.live(ann), w.live(bob))
	}
}

// A session that only polls is the least lately used one: the header makes no
// session outlive one that a person works in.
func TestPollingDoesNotDecideWhoGoes(t *testing.T) {
	w := newWorld(t, ignores, atMost(2, sessionstore.EvictIdle))
	desk, phone, tablet := w.browser(), w.browser(), w.browser()
	desk.signIn(wiki+"/", ann).is(200)
	w.later(time.Minute)
	phone.signIn(wiki+"/", ann).is(200)
	w.later(time.Minute)
	desk.do(wiki+"/x", ask{}).is(200) // works
	w.later(time.Minute)
	phone.do(wiki+"/poll", ask{kind: "xhr"}).is(200) // polls
	tablet.signIn(wiki+"/", ann).is(200)
	desk.do(wiki+"/x", ask{kind: "xhr"}).is(200)
	phone.do(wiki+"/x", ask{kind: "xhr"}).is(401, `"reason":"evicted"`)
}

// A body that goes up to an ignored path is no use.
func TestIgnoredUploadKeepsNoSessionAlive(t *testing.T) {
	w := newWorld(t, ignores)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	w.app.does(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	w.later(9 * time.Minute)
	b.do(wiki+"/poll", ask{kind: "xhr", method: "POST", site: "same-origin", body: "a=b"}).is(200)
	w.later(3 * time.Minute)
	if w.live(ann) != 0 {
		t.Error("an upload to an ignored path is use")
	}
}
