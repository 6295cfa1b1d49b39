package proxy_test

import (
	"testing"
	"time"

	"github.com/samlgate/samlgate/proxy"
	"github.com/samlgate/samlgate/sessionstore"
)

// atMost allows n sessions at once.
func atMost(n int, on sessionstore.OnLimit) func(*setup) {
	return func(s *setup) { s.limits.MaxConcurrent, s.limits.OnLimit = n, on }
}

// A route of its own mind: five minutes unused, an hour at most.
func impatient(s *setup) {
	rt := *s.routes[0]
	rt.Name, rt.Audience, rt.Unauthenticated = "vault", "vault", proxy.AutoLogin
	rt.Demand.Idle, rt.Demand.Lifetime = 5*time.Minute, time.Hour
	s.routes = append(s.routes, &rt)
	s.hosts["vault"] = []string{"vault.example.com"}
}

func TestARouteMayWantAFreshSession(t *testing.T) {
	w := newWorld(t, impatient)
	b := w.browser()
	b.signIn(wiki+"/", ann).is(200)
	b.open(vault+"/x").is(200, ann)
	for range 3 { // used elsewhere
		w.later(4 * time.Minute)
		b.open(wiki + "/").is(200)
	}
	b.open(vault+"/x").is(200, ann)
	w.later(6 * time.Minute)
	b.do(vault+"/x", ask{kind: "xhr"}).is(401) // and its polling is no use
	b.do(vault+"/x", ask{kind: "xhr"}).is(401)
	idp, request := b.open(vault + "/x").asked()
	if !w.idp.anew.Load() {
		t.Error("the identity provider need not ask again")
	}
	b.open(wiki+"/").is(200, ann) // the session lives on
	if end := b.follow(b.reply(saml{Request: request, IDP: idp, Email: ann})).is(200, ann); end.at != vault+"/x" {
		t.Errorf("the journey ends at %s", end.at)
	}
	if n := w.live(ann); n != 1 {
		t.Errorf("%d sessions of one browser", n)
	}
	for range 16 {
		w.later(4 * time.Minute)
		b.open(wiki + "/").is(200)
	}
	b.open(vault + "/x").asked()
	b.open(wiki+"/").is(200, ann)
}

// A role brings another limit as long as it is there: the roles of each sign-in
// are those that count.
func TestLimitsByRole(t *testing.T) {
	one, deny := 1, sessionstore.Deny
	w := newWorld(t, atMost(2, sessionstore.EvictOldest), func(s *setup) {
		s.overrides = []sessionstore.Override{{Roles: []string{"contractor"}, MaxConcurrent: &one, OnLimit: &deny}}
	})
	desk, phone, tablet := w.browser(), w.browser(), w.browser()
	desk.signIn(wiki+"/", ann, "contractor").is(200)
	phone.signIn(wiki+"/", ann, "contractor").is(403).signsNobodyIn()
	desk.open(wiki + "/").is(200)
	phone.signIn(wiki+"/", ann, "staff").is(200) // no contractor any more, so neither is the other session
	desk.do(wiki+"/", ask{kind: "xhr"}).is(401)
	tablet.signIn(wiki+"/", ann, "staff").is(200)
	phone.open(wiki + "/").is(200)
	desk.signIn(wiki+"/", ann, "staff").is(200)
	phone.do(wiki+"/", ask{kind: "xhr"}).is(401)
}

func TestALowerLimitAfterAReload(t *testing.T) {
	w := newWorld(t, atMost(3, sessionstore.EvictOldest))
	desk, phone, tablet := w.browser(), w.browser(), w.browser()
	for _, b := range []*browser{desk, phone, tablet} {
		b.signIn(wiki+"/", ann).is(200)
	}
	w.rebuild(atMost(2, sessionstore.EvictOldest))
	desk.do(wiki+"/", ask{kind: "xhr"}).is(401)
	phone.open(wiki + "/").is(200)
	w.rebuild(func(s *setup) { s.limits.Idle = time.Minute })
	w.later(2 * time.Minute)
	phone.do(wiki+"/", ask{kind: "xhr"}).is(401)
	w.rebuild(func(s *setup) { s.limits.Lifetime, s.limits.Idle = time.Minute, time.Minute })
	tablet.do(wiki+"/", ask{kind: "xhr"}).is(401)
	if n := w.live(ann); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}
