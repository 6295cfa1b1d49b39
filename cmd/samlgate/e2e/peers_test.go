package e2e

import (
	"fmt"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// house is one identity provider and what its gateways share.
type house struct {
	idp   peer
	redis *testenv.Redis
}

// TestPeers is the matrix of identity providers and flows: each cell is a
// subtest. The gateways are processes with their sessions in one Redis; what
// differs between two gateways is the settings that the subtest is about.
func TestPeers(t *testing.T) {
	redis := testenv.StartRedis(t)
	for name, start := range map[string]func(*testing.T) peer{
		"simplesamlphp": func(t *testing.T) peer { return testenv.StartSimpleSAMLphp(t) },
		"pysaml2":       func(t *testing.T) peer { return testenv.StartPySAML2(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := house{start(t), redis}
			t.Run("sp_initiated", h.spInitiated)
			t.Run("idp_initiated", h.idpInitiated)
			t.Run("encrypted", h.encrypted)
			t.Run("require_signed", h.requireSigned)
			t.Run("single_logout", h.singleLogout)
		})
	}
}

// open starts a gateway with the given settings of the identity provider, the
// request binding first, and sessions of its own in the Redis of the house.
func (h house) open(t *testing.T, settings string) office {
	t.Helper()
	return openOfficeOn(t, h.store(t), h.idp, settings)
}

// openAt does the same below another domain than localhost: cookies know no
// ports, so two gateways that one browser visits must not share their hosts.
func (h house) openAt(t *testing.T, domain, settings string) office {
	t.Helper()
	site := testenv.NewSite(t)
	site.Domain = domain
	return openOfficeAt(t, site, h.store(t), h.idp, settings)
}

func (h house) openTLS(t *testing.T, settings string) office {
	t.Helper()
	site := testenv.NewSite(t)
	site.TLS = true
	return openOfficeAt(t, site, h.store(t), h.idp, settings)
}

func (h house) store(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("{driver: redis, redis: {addresses: [%q], key_prefix: %q}}", h.redis.Addr, "p"+testenv.FreePort(t))
}

func (h house) spInitiated(t *testing.T) {
	for _, binding := range []string{"redirect", "post"} {
		t.Run(binding, func(t *testing.T) {
			o := h.open(t, binding)
			for what, options := range map[string]testenv.AnswerOptions{
				"persistent": {SignAssertion: true, NameIDFormat: testenv.Persistent},
				"transient":  {SignAssertion: true, NameIDFormat: testenv.Transient},
				"e-mail":     {SignAssertion: true, NameIDFormat: testenv.EmailID},
			} {
				t.Run(what, func(t *testing.T) {
					h.idp.Answer(t, options)
					o.expectWelcome(t, testenv.Ana)
				})
			}
			t.Run("restricted role", func(t *testing.T) { o.expectKeptOut(t, testenv.Carla, "has a role that may not sign in") })
			t.Run("deep links", o.deepLinks)
			t.Run("several tabs", o.severalTabs)
		})
	}
}

// links are what must survive a login to the byte.
var links = []string{
	"/echo?q=1&name=caf%C3%A9", "/echo?path=a%2Fb+c&empty=&q=1&q=2", "/echo?%73=%7E;x=1", "/echo?return_to=https://evil.example/",
	"/echo?next=%0d%0aSet-Cookie:x", "/echo?", "/echo?a=b?c=d&e='\"",
}

func (o office) deepLinks(t *testing.T) {
	for _, link := range links {
		c := testenv.NewClient(t)
		if got := echoed(t, submit(t, c, o.idp.Login(t, c, o.site.App("wiki")+link, testenv.Ana))).URL; got != link {
			t.Errorf("%s became %s", link, got)
		}
	}
}

// severalTabs begins eight logins in one browser and ends them out of order:
// each tab arrives where it was going, and none asks for the password again.
func (o office) severalTabs(t *testing.T) {
	const tabs = 8
	c := testenv.NewClient(t)
	forms := make([]testenv.Form, tabs)
	for i := range forms {
		forms[i] = o.idp.Login(t, c, fmt.Sprintf("%s/echo?tab=%d", o.site.App("wiki"), i), testenv.Ana)
	}
	for k := range tabs {
		i := (k*3 + 5) % tabs
		e := echoed(t, submit(t, c, forms[i]))
		if want := fmt.Sprintf("/echo?tab=%d", i); e.URL != want {
			t.Errorf("the tab of %s arrives at %s", want, e.URL)
		}
		expectHeaders(t, e, testenv.Ana)
	}
}

// requireSigned lets the identity provider sign in all its ways at a gateway
// that wants one of them.
func (h house) requireSigned(t *testing.T) {
	answers := map[string]testenv.AnswerOptions{
		"nothing":   {},
		"assertion": {SignAssertion: true},
		"response":  {SignResponse: true},
		"both":      {SignAssertion: true, SignResponse: true},
	}
	for require, enough := range map[string]map[string]bool{
		"either":    {"assertion": true, "response": true, "both": true},
		"assertion": {"assertion": true, "both": true},
		"response":  {"response": true, "both": true},
		"both":      {"both": true},
	} {
		t.Run(require, func(t *testing.T) {
			o := h.open(t, "redirect, require_signed: "+require)
			for signed, options := range answers {
				h.idp.Answer(t, options)
				if enough[signed] {
					o.expectWelcome(t, testenv.Bob)
				} else {
					o.expectKeptOut(t, testenv.Bob, notAccepted)
				}
			}
		})
	}
}
