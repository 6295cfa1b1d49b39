package proxy_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/proxy/limit"
)

func codesLimited(n int) func(*setup) {
	return func(s *setup) {
		s.codeRate, _ = limit.New(limit.Config{Events: n, Per: time.Minute, Now: func() time.Time { return time.Unix(1e9, 0) }})
	}
}

// Each code that is not right costs a question to the store, and anybody can
// think of some.
func TestCodesThatAreNotRightAreLimited(t *testing.T) {
	guess := strings.Repeat("A", 43)
	for name, send := range map[string]func(*browser) *answer{
		"at a callback, without its journey": func(b *browser) *answer {
			return b.do(wiki+"/.samlgate/callback?code="+guess+"&state="+guess, ask{})
		},
		"at a callback, with a journey": func(b *browser) *answer {
			mine, _ := url.Parse(b.do(wiki+"/mine", ask{}).Header.Get("Location"))
			return b.do(wiki+"/.samlgate/callback?"+url.Values{"code": {guess}, "state": mine.Query()["state"]}.Encode(), ask{})
		},
		"of a sign-out": func(b *browser) *answer {
			return b.do(sso+"/.samlgate/logout/finish?code="+guess+"&for=&go=1", ask{})
		},
	} {
		w := newWorld(t, codesLimited(3))
		b := w.browser()
		for range 3 {
			if a := send(b); a.StatusCode == 429 {
				t.Fatalf("%s: refused too soon", name)
			}
		}
		for _, other := range []*browser{b, w.browser()} { // it is the address that counts
			send(other).is(429).signsNobodyIn()
		}
	}
}

// A whole office comes from one address in the morning, and goes home in the
// evening; while the store is away nobody is blamed.
func TestCodesThatAreRightAreNotCounted(t *testing.T) {
	w := newWorld(t, codesLimited(1))
	w.offer("corp", "redirect")
	for range 4 {
		b := w.browser()
		b.signIn(wiki+"/", ann).is(200)
		b.open(wiki + "/").is(200)
		w.store.down.Store(true)
		b.do(wiki+"/.samlgate/callback?return_to=%2F", ask{}).is(503)
		w.store.down.Store(false)
		if to := b.do(b.finishing(wiki+"/.samlgate/logout"), ask{site: "same-site"}).Header.Get("Location"); !strings.HasPrefix(to, "https://corp.idp.test/slo?") {
			t.Errorf("signing out leads to %q", to)
		}
	}
}
