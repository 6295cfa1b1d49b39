package verify

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/headers/httpsig"
)

// attack is a request that an app must refuse. It is made from a genuine one
// that the app has not seen, so that nothing but the change is wrong with it.
type attack struct {
	name string // the case and, after a colon, its variant
	make func(t testing.TB, w *world) message
}

// hello is what the app says to Ana when n bytes arrived.
func hello(n int) string {
	ana := testenv.Ana
	return fmt.Sprintf("Hello %s %s <%s>: %s (%d bytes)", ana.First, ana.Last, ana.Email, strings.Join(ana.Roles, ", "), n)
}

// examine tries all cases on the app at addr, and returns what went wrong: case
// → what happened.
func (w *world) examine(t *testing.T, v verifier, addr string) map[string]string {
	t.Helper()
	wrong := map[string]string{}
	w.passes(t, addr, v.targets, wrong)
	w.replay(t, v, addr, wrong)
	w.attack(t, addr, slices.Concat(w.attacks(), v.attacks), wrong)
	return wrong
}

// attack sends what must be refused, and makes sure each time that the same
// would pass if it had not been changed.
func (w *world) attack(t *testing.T, addr string, attacks []attack, wrong map[string]string) {
	t.Helper()
	for _, a := range attacks {
		if status, body, err := w.send(addr, w.genuine(t, "/")); err != nil || status != http.StatusOK {
			wrong["genuine"] = fmt.Sprintf("before %s: %d %s %v", a.name, status, body, err)
		}
		status, body, err := w.send(addr, a.make(t, w))
		hungUp := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) // a server's way to say 400
		if err != nil && !hungUp || err == nil && (status < 400 || status > 499) || strings.Contains(body, "Hello") {
			wrong[a.name] = fmt.Sprintf("%d %s %v", status, body, err)
		}
	}
}

// replay sends one request twice: a verifier refuses that where it remembers
// nonces, and only there.
func (w *world) replay(t *testing.T, v verifier, addr string, wrong map[string]string) {
	t.Helper()
	m := w.genuine(t, "/")
	first, _, err := w.send(addr, m)
	second, _, err2 := w.send(addr, m)
	if err != nil || err2 != nil || first != http.StatusOK || (second != http.StatusOK) != v.nonces {
		wrong["replay"] = fmt.Sprintf("first %d %v, then %d %v", first, err, second, err2)
	}
}

// passes sends live requests through the gateway.
func (w *world) passes(t *testing.T, addr string, targets []string, wrong map[string]string) {
	t.Helper()
	w.rec.to(addr)
	for _, target := range targets {
		if status, body := w.do(t, http.MethodGet, target, ""); status != http.StatusOK || strings.TrimSpace(body) != hello(0) {
			wrong["genuine: GET "+target] = fmt.Sprintf("%d %s", status, body)
		}
	}
	if status, body := w.do(t, http.MethodGet, "/", "", `Signature-Input: app=("@path");keyid="a"`, "Signature: app=:AAAA:"); status != http.StatusOK {
		wrong["genuine: beside a signature of the client's own"] = fmt.Sprintf("%d %s", status, body)
	}
	if status, body := w.do(t, http.MethodGet, "/public/admin", "", "SCRIPT_NAME: /public", "X_Auth_Email: boss@example.com"); status != http.StatusOK {
		wrong["genuine: without what the client claims"] = fmt.Sprintf("%d %s", status, body)
	}
	text := strings.Repeat("name=Núñez&", 1000)
	if status, body := w.do(t, http.MethodPost, "/notes?a=b", text); status != http.StatusOK || strings.TrimSpace(body) != hello(len(text)) {
		wrong["genuine: POST"] = fmt.Sprintf("%d %s", status, body)
	}
	if w.algorithm == httpsig.Ed25519 { // what formAttacks are told from
		if status, body, err := w.send(addr, w.formed(t, replaced("", ""))); status != http.StatusOK {
			wrong["genuine: signed by hand"] = fmt.Sprintf("%d %s %v", status, body, err)
		}
	}
	upper := w.genuine(t, "/")
	upper = upper.without("Host").before("Host: " + strings.ToUpper(upper.get("Host")))
	if status, body, err := w.send(addr, upper); status != http.StatusOK {
		wrong["genuine: host in capitals"] = fmt.Sprintf("%d %s %v", status, body, err)
	}
}

func (w *world) send(addr string, m message) (status int, body string, err error) {
	res, err := exchange(addr, m.bytes())
	if err != nil {
		return 0, "", err
	}
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

// targets are paths and queries that frameworks like to change.
var targets = []string{
	"/", "/?", "/search?q=a+b%20c&x=%2F%c3%a9&y=[1]&&empty=&z", "/?a?b=c/d", "/a%20b/caf%C3%A9+x/~ana/(1)'*!",
}

// rawTargets has bytes in it that browsers escape and not every server takes.
var rawTargets = append([]string{"/search?q=é"}, targets...)

func altered(f func(t testing.TB, m message) message) func(testing.TB, *world) message {
	return func(t testing.TB, w *world) message { t.Helper(); return f(t, w.genuine(t, "/")) }
}

func added(fields ...string) func(testing.TB, *world) message {
	return altered(func(_ testing.TB, m message) message { return m.with(fields...) })
}

// resigned has the gateway's own key sign again, with other parameters.
func resigned(change func(*httpsig.Params)) func(testing.TB, *world) message {
	return func(t testing.TB, w *world) message {
		t.Helper()
		p := params()
		change(&p)
		return w.genuine(t, "/").signed(t, w.key, p)
	}
}

// uncovered has it leave a component out.
func uncovered(name string) func(testing.TB, *world) message {
	return func(t testing.TB, w *world) message {
		t.Helper()
		m := w.genuine(t, "/")
		components := slices.DeleteFunc(m.components(), func(c string) bool { return c == name })
		return m.covering(t, w.key, params(), components)
	}
}

func flipSignature(t testing.TB, m message) message {
	value := m.get("Signature")
	place := len("samlgate=:") + 20
	flipped := byte('A')
	if value[place] == 'A' {
		flipped = 'B'
	}
	return m.without("Signature").with("Signature: " + value[:place] + string(flipped) + value[place+1:])
}

func shift(d time.Duration) func(*httpsig.Params) {
	return func(p *httpsig.Params) { p.Created, p.Expires = p.Created.Add(d), p.Expires.Add(d) }
}

var attacks = []attack{
	{"forged: one byte of the signature", altered(flipSignature)},
	{"forged: the e-mail address", altered(func(t testing.TB, m message) message { return m.change(t, "X-Auth-Email", "ana@", "bob@") })},
	{"forged: the last name", altered(func(t testing.TB, m message) message { return m.change(t, "X-Auth-Last-Name", "ü", "u") })},
	{"forged: a role more", altered(func(t testing.TB, m message) message {
		return m.change(t, "X-Auth-Roles", "Employee", "Employee,admin")
	})},
	{"forged: a role less", altered(func(_ testing.TB, m message) message { return m.without("X-Auth-Roles") })},
	{"forged: the life", altered(func(t testing.TB, m message) message {
		return m.change(t, "Signature-Input", ";expires=", ";expires=1")
	})},
	{"stale", resigned(shift(-2 * time.Minute))},
	{"stale: not yet", resigned(shift(2 * time.Minute))},
	{"stale: a life of an hour", resigned(func(p *httpsig.Params) { p.Expires = p.Expires.Add(time.Hour) })},
	{"stale: no end", resigned(func(p *httpsig.Params) { p.Expires = time.Time{} })},
	{"stale: no beginning", resigned(func(p *httpsig.Params) { p.Created = time.Time{} })},
	{"moved", altered(func(_ testing.TB, m message) message { return m.to("GET /", "GET /admin") })},
	{"moved: another query", altered(func(_ testing.TB, m message) message { return m.to("GET /", "GET /?admin=1") })},
	{"moved: another method", altered(func(_ testing.TB, m message) message { return m.to("GET /", "DELETE /") })},
	{"moved: another host", altered(func(_ testing.TB, m message) message { return m.without("Host").before("Host: hr.localhost") })},
	{"moved: a foreign host, by our own key", func(t testing.TB, w *world) message {
		return w.genuine(t, "/").without("Host").before("Host: hr.localhost").signed(t, w.key, params())
	}},
	{"moved: no host", altered(func(_ testing.TB, m message) message { return m.to("HTTP/1.1", "HTTP/1.0").without("Host") })},
	{"moved: two hosts", altered(func(_ testing.TB, m message) message { return m.with("Host: hr.localhost") })},
	{"moved: an absolute target", altered(func(_ testing.TB, m message) message { return m.to("GET /", "GET http://hr.localhost/") })},
	{"audience", otherAudience},
	{"audience: changed on the way", func(t testing.TB, w *world) message {
		return otherAudience(t, w).without("X-Auth-Audience").with("X-Auth-Audience: wiki")
	}},
	{"audience: none", func(t testing.TB, w *world) message {
		m := w.genuine(t, "/").without("X-Auth-Audience")
		components := slices.DeleteFunc(m.components(), func(c string) bool { return c == "x-auth-audience" })
		return m.covering(t, w.key, params(), components)
	}},
	{"uncovered", added("Remote-User: boss@example.com")},
	{"uncovered: alias", added("X_Remote_User: boss@example.com")},
	{"uncovered: alias with a dot", added("x-forwarded.USER: boss@example.com")},
	{"uncovered: empty", added("X-Forwarded-Groups: ")},
	{"uncovered: the token", uncovered("x-auth-assertion")},
	{"uncovered: the address", uncovered("x-auth-email")},
	{"uncovered: the audience", uncovered("x-auth-audience")},
	{"uncovered: the path", uncovered("@path")},
	{"uncovered: the query", uncovered("@query")},
	{"uncovered: the method", uncovered("@method")},
	{"uncovered: the host", uncovered("@authority")},
	{"twice: an identity header", added("X-Auth-Email: boss@example.com")},
	{"twice: an identity header, in front", altered(func(_ testing.TB, m message) message { return m.before("X-Auth-Email: boss@example.com") })},
	{"twice: the signature", altered(func(_ testing.TB, m message) message {
		return m.with("Signature-Input: "+m.get("Signature-Input"), "Signature: "+m.get("Signature"))
	})},
	{"twice: the signature in one line", altered(func(t testing.TB, m message) message {
		return m.change(t, "Signature-Input", `tag="samlgate-identity"`, `tag="samlgate-identity", samlgate=("@path");keyid="x"`)
	})},
	{"folded", altered(func(_ testing.TB, m message) message {
		return m.without("X-Auth-Email").with("X-Auth-Email: ana@example.com\r\n ,boss@example.com")
	})},
	{"unsigned", altered(func(_ testing.TB, m message) message { return m.without("Signature").without("Signature-Input") })},
	{"unsigned: one half", altered(func(_ testing.TB, m message) message { return m.without("Signature") })},
	{"unsigned: the other half", altered(func(_ testing.TB, m message) message { return m.without("Signature-Input") })},
	{"unsigned: nothing at all", altered(func(_ testing.TB, m message) message { return message{m.line, []string{"Host: " + m.get("Host")}, ""} })},
	{"purpose", resigned(func(p *httpsig.Params) { p.Tag = "other" })},
	{"purpose: no tag", resigned(func(p *httpsig.Params) { p.Tag = "" })},
	{"purpose: no nonce", resigned(func(p *httpsig.Params) { p.Nonce = "" })},
	{"label", altered(func(t testing.TB, m message) message {
		return m.change(t, "Signature-Input", "samlgate=", "Samlgate=").change(t, "Signature", "samlgate=", "Samlgate=")
	})},
}

// otherAudience is a live request to another app, in all else fit for this one.
// A gateway that shares a secret has one app only.
func otherAudience(t testing.TB, w *world) message {
	t.Helper()
	if w.algorithm != httpsig.HMACSHA256 {
		return w.genuine(t, "/other")
	}
	return w.genuine(t, "/").without("X-Auth-Audience").with("X-Auth-Audience: other").signed(t, w.key, params())
}

// attacks returns all that are possible in this world.
func (w *world) attacks() []attack { return slices.Concat(attacks, keyAttacks(w), formAttacks(w)) }

// keyAttacks are signatures of somebody else.
func keyAttacks(w *world) []attack {
	by := func(name string, key func(testing.TB) (*httpsig.Key, error)) attack {
		return attack{name, func(t testing.TB, w *world) message {
			t.Helper()
			k, err := key(t)
			if err != nil {
				t.Fatal(err)
			}
			return w.genuine(t, "/").signed(t, k, params())
		}}
	}
	own := func(id string) func(testing.TB) (*httpsig.Key, error) {
		return func(t testing.TB) (*httpsig.Key, error) {
			return httpsig.NewPrivateKey(id, newPrivate(t, httpsig.Ed25519))
		}
	}
	all := []attack{
		by("key: unknown", own("x1")), by("key: somebody's own under a known id", own("m1")),
		by("key: of an object", own("constructor")), by("key: of another object", own("__proto__")),
		by("key: the one for tokens", own("k1")),
	}
	if w.public != nil { // RFC 9421 §7.3.6: a public key is no secret
		all = append(all, by("key: a MAC by the public key", func(testing.TB) (*httpsig.Key, error) {
			return httpsig.NewSecretKey("m1", w.public)
		}))
	}
	return all
}
