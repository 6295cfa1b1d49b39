package proxy_test

import (
	"strings"
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

// Neither a public path that names people, nor an upgrade, nor another door on
// the same host takes a sign-in that the route does not want.
func TestAnOldSignInOpensNoOtherDoor(t *testing.T) {
	w := newWorld(t, demanding, func(s *setup) {
		rt := s.routes[len(s.routes)-1]
		rt.IdentityOnPublic, rt.Public = true, patterns("/open/")
		lobby := *rt
		lobby.Name, lobby.Audience, lobby.Demand = "lobby", "lobby", signin.Demand{}
		s.routes = append(s.routes, &lobby)
		s.hosts["lobby"], s.paths["lobby"] = []string{"vault.example.com"}, "/lobby"
	})
	b := w.browser()
	b.signIn(vault+"/lobby", ann).is(200, ann)
	b.open(vault + "/open/x").is(200)
	if email := w.app.last(t).Header.Get("X-Auth-Email"); email != "" {
		t.Errorf("a public path says %s", email)
	}
	before := w.app.count()
	upgrade := []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Origin: " + vault}
	b.do(vault+"/socket", ask{kind: "websocket", site: "same-origin", header: upgrade}).is(401)
	b.do(vault+"/x", ask{method: "POST", kind: "xhr", site: "same-origin"}).is(401)
	b.do(vault+"/x", ask{method: "HEAD", kind: "xhr", site: "same-origin"}).is(401)
	b.do(vault+"/lobby/../x", ask{kind: "xhr"}).is(400)

	// A login that names the easier route leads to the same host, and no further.
	to := b.do(vault+"/x", ask{}).Header.Get("Location")
	swapped := strings.Replace(to, "route=vault", "route=lobby", 1)
	b.follow(b.do(swapped, ask{site: "same-site"})).asked() // the vault asks again
	if n := w.app.count() - before; n != 0 {
		t.Errorf("%d requests passed", n)
	}
}
