package proxy_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

func remembers(s *setup) { s.memory = 1 << 20 }

// A session in use is answered from memory, and nobody else's cookie, no other
// host's, and none beside another is.
func TestSessionFromMemory(t *testing.T) {
	w := newWorld(t, remembers)
	b, c := w.browser(), w.browser()
	b.signIn(wiki+"/", ann)
	for range 3 {
		b.do(wiki+"/page", ask{}).is(200)
		truthful(t, w.app.last(t), ann)
	}
	w.store.down.Store(true) // what is in memory asks nobody
	b.do(wiki+"/page", ask{}).is(200)
	c.do(wiki+"/page", ask{site: "same-origin", kind: "xhr"}).is(401)
	w.store.down.Store(false)

	cookie := b.jar["wiki.example.com"]["__Host-samlgate"]
	steal := func(host, line string, want int) {
		t.Helper()
		r := w.browser().request(host+"/page", ask{site: "same-origin", kind: "xhr"})
		r.Header.Set("Cookie", line)
		res, err := client.Do(r)
		w.must(err)
		defer res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", host, res.StatusCode, want)
		}
	}
	mine := cookie.Name + "=" + cookie.Value
	steal(wiki, mine, http.StatusOK)
	steal("https://hr.example.com", mine, http.StatusUnauthorized)
	steal(wiki, mine+"; "+mine, http.StatusUnauthorized)
	steal(wiki, cookie.Name+"=x; "+mine, http.StatusUnauthorized)
	steal(wiki, cookie.Name+"="+cookie.Value[1:], http.StatusUnauthorized)
}

// What ends is gone from memory: by whoever ended it, here or elsewhere; and a
// person who signs in again is not who they were.
func TestEndReachesMemory(t *testing.T) {
	w := newWorld(t, remembers)
	b := w.browser()
	for _, end := range []func() error{
		func() error {
			_, err := w.sessions.EndAll(context.Background(), identity.Person(ann), sessionstore.ReasonOperator)
			return err
		},
		func() error { return w.sessions.EndEverything(context.Background(), sessionstore.ReasonOperator) },
		func() error { b.do(sso+"/.samlgate/logout", ask{}); return nil },
	} {
		b.signIn(wiki+"/", ann)
		b.do(wiki+"/page", ask{}).is(200)
		w.must(end())
		b.do(wiki+"/page", ask{site: "same-origin", kind: "xhr"}).is(401)
	}
	b.signIn(wiki+"/", "bob@example.com")
	b.do(wiki+"/page", ask{}).is(200)
	truthful(t, w.app.last(t), "bob@example.com")
}

// Keys that a reload dropped open nothing, in memory or not.
func TestReloadForgetsKeys(t *testing.T) {
	w := newWorld(t, remembers)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	b.do(wiki+"/page", ask{}).is(200)
	w.jarKey = []byte("another-key-another-key-another-")
	w.rebuild(remembers)
	b.do(wiki+"/page", ask{site: "same-origin", kind: "xhr"}).is(401)
}
