package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"text/template"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// TestLogoutIsNotForEverybody tries to end other people's sessions, to keep one
// that should have ended, and to be led away by a logout.
func TestLogoutIsNotForEverybody(t *testing.T) {
	idp := testenv.StartPySAML2(t)
	h := house{idp, testenv.StartRedis(t)}
	o := h.open(t, "redirect")
	t.Run("another identity provider's people stay", func(t *testing.T) { h.namesStrangers(t, testenv.StartSimpleSAMLphp(t)) })
	t.Run("a request is good once", o.replaysRequest)
	t.Run("a planted sign-out", o.plantsDeparture)
	t.Run("where a sign-out leads", o.leadsAway)
	t.Run("the store is away", func(t *testing.T) { o.endsLater(t, h.redis) })
}

// twoConfig is a gateway at which two identity providers may speak for the same
// people, so that only who asked tells their sessions apart.
var twoConfig = template.Must(template.New("config").Parse(`
server:
  listen: 127.0.0.1:{{.Site.Port}}
  external_url: {{.Site.Origin}}
  admin_listen: {{.Site.Admin}}
  drain: {delay: 0s, timeout: 1s}
store: {{.Store}}
session: {cookie_keys: ["${file:cookie.key}"]}
saml:
  insecure_shared_domains: both sign the same people in
  keys: [{cert_file: sp.crt, key_file: sp.key}]
  idps:
    - {name: one, email_domains: [example.com], metadata_file: one.xml}
    - {name: two, email_domains: [example.com], metadata_file: two.xml}
headers: {signing: {keys: [{id: k1, file: signing.key}]}}
routes: [{name: wiki, host: wiki.{{.Site.Domain}}, upstream: {{.Wiki.URL}}}]
`))

// namesStrangers has one identity provider ask for the end of everything under a
// NameID that the other one uses, too.
func (h house) namesStrangers(t *testing.T, other peer) {
	o := office{site: testenv.NewSite(t), idp: h.idp}
	o.site.Keygen(t)
	var config strings.Builder
	err := twoConfig.Execute(&config, map[string]any{"Site": o.site, "Store": h.store(t), "Wiki": testenv.LegacyApp(t, "wiki")})
	if err != nil {
		t.Fatal(err)
	}
	testenv.StartGateway(t, o.site, config.String(), map[string][]byte{"one.xml": h.idp.Metadata(t), "two.xml": other.Metadata(t)})
	clients := map[string]*http.Client{}
	knows := func(name string, want bool) {
		t.Helper()
		if status, _, _ := ask(t, clients[name], o.site.App("wiki")+"/echo", nil); (status == http.StatusOK) != want {
			t.Errorf("the wiki answers who signed in at %s with %d", name, status)
		}
	}
	for name, idp := range map[string]peer{"one": h.idp, "two": other} {
		idp.TrustURL(t, o.entityID())
		idp.Answer(t, testenv.AnswerOptions{SignAssertion: true, NameIDFormat: testenv.EmailID})
		clients[name] = testenv.NewClient(t)
		submit(t, clients[name], idp.Login(t, clients[name], o.site.Origin()+"/.samlgate/login/"+name, testenv.Ana))
		open(t, clients[name], o.site.App("wiki")+"/echo")
		knows(name, true)
	}
	o.endAt(t, clients["one"], h.idp.(*testenv.PySAML2).LogoutAllURL())
	knows("one", false)
	knows("two", true)
}

// replaysRequest keeps a LogoutRequest that meant everything, and brings it
// again when the person has come back.
func (o office) replaysRequest(t *testing.T) {
	c := testenv.NewClient(t)
	o.arrive(t, c, testenv.Ana)
	request := testenv.Navigate(t, stopAt(c, o.site.Origin()), o.idp.(*testenv.PySAML2).LogoutAllURL()).Header.Get("Location")
	if !strings.Contains(request, "SAMLRequest=") {
		t.Fatalf("the identity provider asks for nothing: %s", request)
	}
	testenv.Navigate(t, c, request).Body.Close()
	o.expectSignedOut(t, c)

	back := testenv.NewClient(t)
	testenv.Eventually(t, "Ana signs in again, a second later", func() bool {
		return o.visit(t, back, testenv.Ana).StatusCode == http.StatusOK
	})
	expectPage(t, testenv.Navigate(t, testenv.NewClient(t), request), "")
	o.expectSignedIn(t, back, testenv.Ana)
}

// plantsDeparture signs out in one browser and lets another one carry that to
// the identity provider: who sits there stays signed in, here and there.
func (o office) plantsDeparture(t *testing.T) {
	attacker, victim := testenv.NewClient(t), testenv.NewClient(t)
	o.arrive(t, attacker, testenv.Bob)
	o.arrive(t, victim, testenv.Ana)
	finish := testenv.Navigate(t, stopAt(attacker, o.site.App("wiki")+"/.samlgate/logout/"), o.site.App("wiki")+"/.samlgate/logout")
	planted, err := finish.Location()
	if err != nil {
		t.Fatalf("the sign-out does not go on: status %d, %v", finish.StatusCode, err)
	}
	testenv.Follow(t, victim, testenv.Navigate(t, victim, planted.String())).Body.Close()
	o.expectSignedIn(t, victim, testenv.Ana)
	if o.idp.Forgot(t, victim, o.entityID()) {
		t.Error("the identity provider has signed the victim out")
	}
}

// leadsAway asks to go somewhere after the whole way of a logout.
func (o office) leadsAway(t *testing.T) {
	wiki := o.site.App("wiki")
	for asked, want := range map[string]string{
		wiki + "/echo?signed=out":         wiki + "/echo?signed=out",
		"/echo?signed=out":                wiki + "/echo?signed=out",
		"https://evil.example/":           o.site.Origin() + "/.samlgate/saml/slo",
		"//evil.example/":                 o.site.Origin() + "/.samlgate/saml/slo",
		wiki + "@evil.example/":           o.site.Origin() + "/.samlgate/saml/slo",
		wiki + "/.samlgate/logout?again=": o.site.Origin() + "/.samlgate/saml/slo",
	} {
		c := testenv.NewClient(t)
		o.arrive(t, c, testenv.Bob)
		var trail []string
		watched := *c
		watched.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			trail = append(trail, r.URL.String())
			if r.URL.Host == "evil.example" || strings.HasPrefix(r.URL.String(), wiki+"/echo") {
				return http.ErrUseLastResponse
			}
			return nil
		}
		res := testenv.Follow(t, &watched, testenv.Navigate(t, &watched, wiki+"/.samlgate/logout?return_to="+strings.ReplaceAll(asked, "&", "%26")))
		if last := trail[len(trail)-1]; !strings.HasPrefix(last, want) {
			page, _ := io.ReadAll(res.Body)
			t.Errorf("return_to=%s leads to %s: %s", asked, last, page)
		}
		o.expectSignedOut(t, c)
	}
}

// endsLater asks for a logout while nobody can tell who is signed in: it must not
// be told that it is done.
func (o office) endsLater(t *testing.T, redis *testenv.Redis) {
	o.idp.LogoutBy(t, o.entityID(), testenv.BySOAP)
	one, two := testenv.NewClient(t), testenv.NewClient(t)
	o.arrive(t, one, testenv.Ana)
	o.arrive(t, two, testenv.Ana)
	redis.Kill()
	before := o.idp.LogoutAnswers(t)
	testenv.Navigate(t, one, o.idp.LogoutURL()).Body.Close()
	if answers := o.idp.LogoutAnswers(t)[len(before):]; len(answers) != 1 || answers[0] == "success" {
		t.Errorf("without a store the identity provider hears %q", answers)
	}
	o.idp.LogoutBy(t, o.entityID(), testenv.ByRedirect)
	res := testenv.Follow(t, two, testenv.Navigate(t, two, o.idp.LogoutURL()))
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("without a store a browser hears %d at %s", res.StatusCode, res.Request.URL)
	}
	redis.Start(t)
	testenv.Eventually(t, "the sessions are there again, for nobody said that they ended", func() bool {
		status, _, _ := ask(t, two, o.site.App("wiki")+"/echo", nil)
		return status == http.StatusOK
	})
	expectPage(t, testenv.Follow(t, two, testenv.Navigate(t, two, res.Request.URL.String())), testenv.PySAML2SignedOut)
	o.expectSignedOut(t, two)
}
