package proxy_test

import (
	"testing"

	"github.com/samlgate/samlgate/proxy/signin"
)

// Whoever signed in at an identity provider that is no longer configured is
// signed out at once, or lives on where the operator says so.
func TestSessionsOfARemovedIdentityProvider(t *testing.T) {
	for _, keep := range []bool{false, true} {
		w := newWorld(t)
		b := w.browser()
		b.signIn(wiki+"/", ann).is(200)
		w.rebuild(func(s *setup) {
			s.idps, s.keepRemoved = []signin.IDP{{Name: "new", DisplayName: "New"}}, keep
		})
		want := map[bool]int{false: 303, true: 200}[keep]
		b.do(wiki+"/", ask{}).is(want)
		if lives := w.live(ann) == 1; lives != keep {
			t.Errorf("keep %t: lives %t", keep, lives)
		}
	}
}
