package proxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/access"
	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// syncing takes roles over as how says.
func syncing(how access.Sync) func(*setup) {
	return func(s *setup) { s.idps[0].Sync, s.idps[0].Roles.Default = how, []string{"staff"} }
}

// rolesOf returns the roles of the one session that ann has.
func (w *world) rolesOf(t *testing.T, email string) string {
	t.Helper()
	all, err := w.sessions.List(t.Context(), identity.Person(email))
	if err != nil || len(all) != 1 {
		t.Fatalf("%d sessions, %v", len(all), err)
	}
	return strings.Join(all[0].Identity.Roles, " ")
}

// A role that the identity provider took away ends what still carries it.
func TestLostRoleEndsOlderSessions(t *testing.T) {
	w := newWorld(t, syncing(access.EveryLogin))
	desk, phone, partner := w.browser(), w.browser(), w.browser()
	desk.signIn(hr+"/", ann, "hr", "boss").is(200)
	phone.signIn(hr+"/", ann, "hr").is(200) // boss is gone
	desk.do(hr+"/", ask{kind: "xhr"}).is(401)
	if w.live(ann) != 1 {
		t.Errorf("%d sessions are left", w.live(ann))
	}
	desk.signIn(hr+"/", ann, "hr", "boss", "lead").is(200) // an added role ends nothing
	phone.open(hr + "/").is(200)

	// What another identity provider says of the same person is its own affair.
	request := partner.open(w.external.String() + "/.samlgate/login/partner")
	_, id := request.asked()
	partner.follow(partner.reply(saml{Request: id, IDP: "partner", Email: ann, Roles: []string{"guest"}}))
	if w.live(ann) != 3 {
		t.Errorf("%d sessions are left, want 3", w.live(ann))
	}
}

// Somebody keeps an answer of the identity provider until the role is gone.
func TestAnswerKeptBack(t *testing.T) {
	w := newWorld(t, syncing(access.EveryLogin))
	at := time.Now()
	desk, phone := w.browser(), w.browser()
	idp, request := desk.open(hr + "/").asked()
	kept := saml{Request: request, IDP: idp, Email: ann, Roles: []string{"hr", "boss"}, Issued: at}
	idp, request = phone.open(hr + "/").asked()
	phone.follow(phone.reply(saml{Request: request, IDP: idp, Email: ann, Roles: []string{"hr"}, Issued: at.Add(time.Second)})).is(200)
	desk.reply(kept).is(403, "took too long").signsNobodyIn()
	phone.open(hr + "/").is(200)
	if got := w.rolesOf(t, ann); got != "hr" {
		t.Errorf("roles %q", got)
	}
}

// With first_login the roles of the first sign-in stay, whatever comes later;
// a role that shuts the door is looked for in what is said now all the same.
func TestRolesOfTheFirstLogin(t *testing.T) {
	w := newWorld(t, syncing(access.FirstLogin))
	b := w.browser()
	b.signIn(hr+"/", ann, "hr").is(200)
	for range 2 {
		other := w.browser()
		other.signIn(hr+"/", ann, "boss").is(200)
	}
	if n := w.live(ann); n != 3 {
		t.Errorf("%d sessions, want 3: nothing was lost", n)
	}
	all, err := w.sessions.List(t.Context(), identity.Person(ann))
	if err != nil || strings.Join(all[2].Identity.Roles, " ") != "hr" {
		t.Errorf("roles %v, %v", all[2].Identity.Roles, err)
	}
	w.browser().signIn(hr+"/", ann, "hr", "Restricted").is(403).signsNobodyIn()
	if n := w.live(ann); n != 0 {
		t.Errorf("a role that shuts the door left %d sessions", n)
	}
	// The map and the list of today hold for what is remembered.
	w.rebuild(syncing(access.FirstLogin), func(s *setup) { s.idps[0].Roles.Map = map[string]string{"hr": "boss"} })
	w.browser().signIn(wiki+"/", ann, "x")
	if got := w.rolesOf(t, ann); got != "boss" {
		t.Errorf("roles %q", got)
	}
	w.rebuild(syncing(access.FirstLogin), func(s *setup) { s.idps[0].Roles.Deny = []string{"hr"} })
	w.browser().signIn(wiki+"/", ann, "x").is(403).signsNobodyIn()
	if n := w.live(ann); n != 0 {
		t.Errorf("a role that shuts the door left %d sessions", n)
	}
	// Who cannot be looked up does not come in.
	w.rebuild(syncing(access.FirstLogin), func(s *setup) { s.storeKey = []byte("another key of thirty-two bytes!!") })
	w.browser().signIn(wiki+"/", ann, "hr").is(503).signsNobodyIn()
}

// With never the identity provider's roles count for nothing, but for shutting
// the door.
func TestRolesNeverTakenOver(t *testing.T) {
	w := newWorld(t, syncing(access.EveryLogin))
	before := w.browser()
	before.signIn(hr+"/", ann, "hr").is(200)
	w.rebuild(syncing(access.NeverSync))          // by which ann loses hr
	w.browser().signIn(hr+"/", ann, "hr").is(403) // signed in, but with the default alone
	if got := w.rolesOf(t, ann); got != "staff" {
		t.Errorf("roles %q", got)
	}
	w.browser().signIn(hr+"/", ann, "Restricted").is(403).signsNobodyIn()
	if n := w.live(ann); n != 0 {
		t.Errorf("a role that shuts the door left %d sessions", n)
	}
}

// Somebody new may be given the address of somebody who has left. Where the
// identity provider tells the two apart, the one does not inherit from the other.
func TestFirstRolesOfSomebodyElse(t *testing.T) {
	w := newWorld(t, syncing(access.FirstLogin))
	enter := func(nameID string, roles ...string) string {
		t.Helper()
		_, err := w.sessions.EndAll(t.Context(), identity.Person(ann), sessionstore.ReasonOperator)
		w.must(err)
		b := w.browser()
		idp, request := b.open(wiki + "/").asked()
		b.follow(b.reply(saml{Request: request, IDP: idp, Email: ann, Roles: roles, Persistent: nameID})).is(200)
		return w.rolesOf(t, ann)
	}
	for _, c := range []struct{ nameID, told, want string }{
		{"8f14e45f", "boss", "boss"}, {"8f14e45f", "hr", "boss"}, {"c9f0f895", "hr", "hr"}, {"c9f0f895", "boss", "hr"}, {"8f14e45f", "hr", "boss"},
	} {
		if got := enter(c.nameID, c.told); got != c.want {
			t.Errorf("%s, told %s: %q, want %q", c.nameID, c.told, got, c.want)
		}
	}
}
