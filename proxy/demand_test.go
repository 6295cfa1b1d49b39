package proxy_test

import (
	"testing"
	"time"

	"github.com/samlgate/samlgate/proxy"
	"github.com/samlgate/samlgate/proxy/signin"
)

const (
	vault       = "https://vault.example.com"
	secondStep  = "https://refeds.org/profile/mfa"
	passwordYes = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
)

// demanding adds a route that wants a recent sign-in by a second factor.
func demanding(s *setup) {
	rt := *s.routes[0]
	rt.Name, rt.Audience, rt.Unauthenticated = "vault", "vault", proxy.AutoLogin
	rt.Demand = signin.Demand{MaxAge: 10 * time.Minute, Contexts: []string{secondStep}}
	s.routes = append(s.routes, &rt)
	s.hosts["vault"] = []string{"vault.example.com"}
}

func TestARouteMayWantARecentSignIn(t *testing.T) {
	w := newWorld(t, demanding)
	b := w.browser()
	b.signIn(wiki+"/", ann).is(200, ann) // by password, some time ago
	prove := func(at time.Time, context string) *answer {
		t.Helper()
		idp, request := b.open(vault + "/x").asked()
		return b.follow(b.reply(saml{Request: request, IDP: idp, Email: ann, Instant: at, Context: context}))
	}
	b.do(vault+"/x", ask{kind: "xhr"}).is(401, "login_url")
	prove(w.now(), passwordYes).is(403)
	prove(w.now().Add(-time.Hour), secondStep).is(403)
	if end := prove(w.now(), secondStep).is(200, ann); end.at != vault+"/x" {
		t.Errorf("the journey ends at %s", end.at)
	}
	b.open(vault+"/y").is(200, ann)

	w.later(11 * time.Minute)
	b.open(wiki+"/").is(200, ann) // lives on
	b.do(vault+"/y", ask{kind: "xhr"}).is(401)
	b.open(vault + "/y").asked()
	if n := w.live(ann); n != 1 {
		t.Errorf("%d sessions of one browser", n)
	}
}
