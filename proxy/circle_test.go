package proxy_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/sessionstore"
)

// spoiled is a browser, or something before it, that does harm to cookies or to
// requests. A spoil function says which cookies of an answer it keeps.
type spoiled struct {
	*browser
	keeps func(host string, c *http.Cookie) bool
}

// visit opens an address and goes where it is sent, through the identity
// provider too, as a browser does whose person is signed in there. It returns
// the first page, and how often the identity provider or the login was seen.
func (s *spoiled) visit(address, email string, header ...string) (end *answer, rounds int) {
	s.t.Helper()
	a := s.step(address, ask{header: header})
	for range 200 {
		to, err := a.Location()
		if err != nil {
			return a, rounds
		}
		if raw, _ := url.Parse(a.Header.Get("Location")); raw.Host == "" {
			at, _ := url.Parse(a.at)
			to = at.ResolveReference(raw)
		}
		switch {
		case strings.HasSuffix(to.Host, ".idp.test"):
			rounds++
			idp := strings.TrimSuffix(to.Host, ".idp.test")
			q := to.Query()
			form := url.Values{"SAMLResponse": {saml{Request: q.Get("id"), IDP: idp, Email: email}.encode()}, "RelayState": {q.Get("RelayState")}}
			a = s.step(sso+"/.samlgate/saml/acs", ask{method: "POST", site: "cross-site", body: form.Encode(), header: header})
		default:
			a = s.step(to.String(), ask{site: "same-site", header: header})
		}
	}
	s.t.Fatalf("round and round, now at %s", a.at)
	return nil, 0
}

func (s *spoiled) step(address string, a ask) *answer {
	s.t.Helper()
	end := s.do(address, a)
	for host, cookies := range s.jar {
		for name, c := range cookies {
			if !s.keeps(host, c) {
				delete(cookies, name)
			}
		}
	}
	return end
}

// behindTLS: a proxy in front that is believed.
func behindTLS(s *setup) { s.trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

func keepsAll(string, *http.Cookie) bool { return true }

// Every journey of a broken browser ends at a page that says what is wrong, and
// soon; a sound one gets where it wants to.
func TestCirclesAreBroken(t *testing.T) {
	for name, c := range map[string]struct {
		at     string
		keeps  func(string, *http.Cookie) bool
		header []string
		cause  string // "" = gets through
	}{
		"a sound browser":                 {wiki + "/x", keepsAll, nil, ""},
		"no cookie at all":                {wiki + "/x", func(string, *http.Cookie) bool { return false }, nil, "login_cookie"},
		"no cookie at all, gateway":       {sso + "/desk", func(string, *http.Cookie) bool { return false }, nil, "login_cookie"},
		"no SameSite=None":                {wiki + "/x", func(_ string, c *http.Cookie) bool { return c.SameSite != http.SameSiteNoneMode }, nil, "login_cookie"},
		"no session cookie":               {sso + "/desk", func(_ string, c *http.Cookie) bool { return c.Name != session }, nil, "cookie_missing"},
		"no session cookie on the app":    {wiki + "/x", func(h string, c *http.Cookie) bool { return c.Name != session || h != "wiki.example.com" }, nil, "cookie_missing"},
		"a session cookie that was there": {wiki + "/x", keepsAll, []string{"Cookie: " + session + "=old"}, "cookie_twice"},
		"http for https":                  {sso + "/desk", func(_ string, c *http.Cookie) bool { return c.Name != session }, []string{"X-Forwarded-Proto: http"}, "plain_http"},
		"another port":                    {sso + "/desk", func(_ string, c *http.Cookie) bool { return c.Name != session }, []string{"X-Forwarded-Host: sso.example.com:8443"}, "wrong_host"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, behindTLS)
			s := &spoiled{w.browser(), c.keeps}
			end, rounds := s.visit(c.at, ann, withProto(c.header)...)
			if c.cause == "" {
				end.is(200, ann)
				return
			}
			if rounds > 7 {
				t.Errorf("%d rounds by the identity provider", rounds)
			}
			end.is(403, "What we saw").signsNobodyIn()
			w.server.Close() // waits for the log lines
			if log := w.log.String(); !strings.Contains(log, "login_loop_"+c.cause) || strings.Contains(log, ann) {
				t.Errorf("the log lacks login_loop_%s: %s", c.cause, short(log))
			}
		})
	}
}

func withProto(header []string) []string {
	if slices.ContainsFunc(header, func(s string) bool { return strings.HasPrefix(s, "X-Forwarded-Proto") }) {
		return header
	}
	return append(header, "X-Forwarded-Proto: https")
}

// A session that is over as soon as it began is told from a lost cookie.
func TestCircleOfSessionsThatEndAtOnce(t *testing.T) {
	w := newWorld(t, behindTLS)
	s := &spoiled{w.browser(), keepsAll}
	s.keeps = func(host string, c *http.Cookie) bool {
		if c.Name == session {
			_, err := w.sessions.EndAll(t.Context(), identity.Person(ann), sessionstore.ReasonDeactivated)
			w.must(err)
		}
		return true
	}
	end, rounds := s.visit(sso+"/desk", ann, "X-Forwarded-Proto: https")
	end.is(403, "already over")
	if rounds > 7 {
		t.Errorf("%d rounds", rounds)
	}
	s.do(sso+"/desk", ask{header: []string{"X-Forwarded-Proto: https"}}).is(403) // it stays stopped
	w.later(61 * time.Second)
	s.keeps = keepsAll
	end, _ = s.visit(sso+"/desk", ann)
	end.is(200, ann)
}

// An app that signs people out as soon as they arrive is told from a lost cookie.
func TestCircleOfAnAppThatSignsOut(t *testing.T) {
	w := newWorld(t, behindTLS, func(s *setup) { s.returnTo["wiki"] = wiki + "/x" })
	w.app.does(func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/logout", http.StatusFound) })
	s := &spoiled{w.browser(), keepsAll}
	end, rounds := s.visit(wiki+"/x", ann, "X-Forwarded-Proto: https")
	end.is(403, "signed out as soon as you arrived")
	if rounds > 7 {
		t.Errorf("%d rounds", rounds)
	}
}

// A provider that answers no request, to a browser that keeps no cookie: there
// is nowhere to count.
func TestReinitiateWithoutCookiesEndsAtOnce(t *testing.T) {
	w := newWorld(t, policy(signin.Reinitiate))
	s := &spoiled{w.browser(), func(string, *http.Cookie) bool { return false }}
	first := s.step(sso+"/.samlgate/saml/acs", ask{method: "POST", site: "cross-site", body: url.Values{"SAMLResponse": {saml{IDP: "corp", Email: ann}.encode()}}.Encode()})
	first.leads(sso + "/.samlgate/login/corp?")
	s.step(first.Header.Get("Location"), ask{site: "cross-site"}).is(403, "What we saw").signsNobodyIn()
	w.server.Close() // waits for the log lines
	if log := w.log.String(); !strings.Contains(log, "login_loop_login_cookie") {
		t.Error(log)
	}
}

// The words of the page are all that a foreign RelayState could choose.
func TestTicketsAreOurs(t *testing.T) {
	w := newWorld(t)
	_, request := w.browser().open(wiki + "/").asked()
	at := sso + "/.samlgate/saml/acs"
	for name, relay := range map[string]string{"none": "", "a place": wiki + "/", "forged": strings.Repeat("A", 43), "of another shape": request} {
		form := url.Values{"SAMLResponse": {saml{Request: request, IDP: "corp", Email: ann}.encode()}, "RelayState": {relay}}
		a := w.browser().do(at, ask{method: "POST", site: "cross-site", body: form.Encode()}).is(403).signsNobodyIn()
		if strings.Contains(a.text, "What we saw") {
			t.Errorf("%s: taken for ours", name)
		}
	}
	to, _ := url.Parse(w.browser().open(wiki + "/").Header.Get("Location"))
	form := url.Values{"SAMLResponse": {"x"}, "RelayState": {to.Query().Get("RelayState")}}
	w.browser().do(at, ask{method: "POST", site: "cross-site", body: form.Encode()}).is(403, "What we saw").signsNobodyIn()
	w.later(11 * time.Minute)
	if a := w.browser().do(at, ask{method: "POST", site: "cross-site", body: form.Encode()}).is(403); strings.Contains(a.text, "What we saw") {
		t.Error("an old one counts")
	}
	if n := w.idp.read.Load(); n != 0 {
		t.Errorf("XML of a browser without login cookie was read %d times", n)
	}
}

// Whoever is quick is not broken: six tabs at once of one page, and a person who
// signs out and in.
func TestQuickPeopleGetThrough(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	var asked []*answer
	for range 6 {
		asked = append(asked, b.open(wiki+"/x"))
	}
	for _, a := range asked {
		idp, request := a.asked()
		b.follow(b.reply(saml{Request: request, IDP: idp, Email: ann})).is(200, ann)
	}
	for range 6 { // and again while signed in
		b.open(wiki+"/x").is(200, ann)
		b.open(sso+"/.samlgate/login?return_to="+url.QueryEscape(wiki+"/x")).is(200, ann)
	}
	out := w.browser()
	for range 4 {
		out.signIn(wiki+"/x", ann).is(200, ann)
		out.do(wiki+"/.samlgate/logout", ask{})
	}
}
