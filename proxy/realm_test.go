package proxy_test

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestHomeRealm(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	for address, want := range map[string]string{
		"ann@corp.test": "corp", "ann@PARTNER.test": "partner", " ann@corp.test ": "corp", "ann@bücher.test": "corp",
		"ann@xn--bcher-kva.test": "corp", `"a b"@corp.test`: "corp", "a@partner.test@corp.test": "corp", "ö\x01<script>@partner.test": "partner",
	} {
		a := b.post(b.open(both+"/"), "email", address).is(200)
		if idp, _ := b.through(a, button).asked(); idp != want {
			t.Errorf("%s is asked of %s, want %s", address, idp, want)
		}
	}
	b.post(b.open(sso+"/.samlgate/login"), "email", "bob@third.test").is(200, "Third Inc")
}

var ownID = regexp.MustCompile(`<code>[a-z2-7]{16}</code>`)

// The answer to an unknown domain is, but for the request's own id, that to a
// known one: byte for byte, and header for header.
func TestUnknownDomainsGetTheSameAnswerAsKnownOnes(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	page := b.open(both + "/")
	for _, remember := range []string{"no", "yes"} {
		answers := func(domain string) string {
			t.Helper()
			a := b.post(page, "email", "somebody@"+domain, "remember", remember)
			a.Header.Del("Date")
			a.Header.Del("X-Request-Id")
			return fmt.Sprint(a.StatusCode, a.Header, ownID.ReplaceAllString(a.text, ""))
		}
		known := map[string]string{answers("corp.test"): "corp", answers("partner.test"): "partner"}
		drawn := map[string]int{}
		for i := range 200 {
			domain := fmt.Sprintf("company-%d.test", i)
			got := answers(domain)
			if known[got] == "" {
				t.Fatalf("%s gets an answer of its own: %s", domain, got)
			}
			if got != answers(domain) {
				t.Fatalf("%s gets another answer the second time", domain)
			}
			drawn[known[got]]++
		}
		if drawn["corp"] < 60 || drawn["partner"] < 60 {
			t.Errorf("drawn %v", drawn)
		}
		// Nor does a relative of a known domain, or a domain of a provider that
		// the route does not admit, tell itself apart.
		for _, domain := range []string{"sub.corp.test", "notcorp.test", "test", "corp.test.evil.test", "third.test"} {
			if known[answers(domain)] == "" {
				t.Errorf("%s gets an answer of its own", domain)
			}
		}
		if len(b.jar["sso.example.com"][kept].String()) > 0 {
			t.Error("what nobody confirmed is remembered")
		}
	}
}

// Where other providers are offered, the draw moves only if it has to: two
// routes together show no more than one.
func TestTheDrawIsTheSameOnEveryRoute(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	some, all := b.open(both+"/"), b.open(sso+"/.samlgate/login")
	for i := range 60 {
		address := fmt.Sprintf("x@company-%d.test", i)
		name := func(page *answer) string {
			return regexp.MustCompile(`login/(corp|partner|third)\?`).FindStringSubmatch(b.post(page, "email", address).text)[1]
		}
		if wide := name(all); wide != "third" && name(some) != wide {
			t.Errorf("%s: %s and %s", address, wide, name(some))
		}
	}
}

func TestThePersonIsNeverLookedAt(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	b.signIn(wiki+"/", "known@corp.test")
	page := b.open(both + "/")
	if page.StatusCode == 200 && !strings.Contains(page.text, `type="email"`) {
		page = b.open(sso + "/.samlgate/login?choose=1")
	}
	known := ownID.ReplaceAllString(b.post(page, "email", "known@corp.test").text, "")
	if got := ownID.ReplaceAllString(b.post(page, "email", "nobody@corp.test").text, ""); got != known {
		t.Error("a person who exists gets another answer")
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	page := b.open(both + "/")
	for _, address := range []string{"", "hush", "@corp.test", "hush@", "hush@-corp.test", "hush@corp..test", "hush@a b.test",
		"hush@corp.test\r\nSet-Cookie: a=b", "hush@" + strings.Repeat("a.", 126) + "test", strings.Repeat("h", 250) + "@corp.test"} {
		a := b.post(page, "email", address).is(400, "That is not an e-mail address", "Example Corp", "Partner Ltd")
		if strings.Contains(a.text, "hush") || len(a.Cookies()) > 0 {
			t.Errorf("%q comes back", address)
		}
		if a.fields().Get("state") != page.fields().Get("state") {
			t.Error("the journey is lost")
		}
	}
}

// An address is for the gateway's eyes, once.
func TestAddressesLeaveNoTrace(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	page := b.open(both + "/")
	for _, address := range []string{"marianne@corp.test", "marianne@elsewhere.test", "marianne"} {
		a := b.post(page, "email", address)
		for name, values := range a.Header {
			if strings.Contains(strings.Join(values, " "), "marianne") {
				t.Errorf("%s says it", name)
			}
		}
		if strings.Contains(a.text, "marianne") || a.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Error("the page says it, or lets others know")
		}
		if a.StatusCode == 200 {
			if to := b.through(a, button).Header.Get("Location"); strings.Contains(to, "marianne") || strings.Contains(to, "elsewhere") {
				t.Errorf("the identity provider hears it: %s", to)
			}
		}
	}
	b.do(discovery+"?email=marianne@corp.test", ask{}).is(200, "Third Inc") // an address in the query is nothing to us
	w.server.Close()                                                        // the log line comes after the answer
	for _, record := range []string{w.log.String(), w.audit.String()} {
		if strings.Contains(record, "marianne") || strings.Contains(record, "elsewhere.test") {
			t.Errorf("it is written down: %s", record)
		}
	}
}

func TestRememberingWhatAnAddressFound(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	a := b.post(b.open(both+"/"), "email", "ann@partner.test", "remember", "yes").is(200, `<form method="post"`, "Partner Ltd")
	if len(a.Cookies()) > 0 {
		t.Error("it is remembered before the person says yes")
	}
	b.through(b.do(discovery, ask{method: "POST", site: "same-origin", body: a.fields().Encode()}).is(200), onward).asked()
	if idp, _ := b.open(both + "/").asked(); idp != "partner" {
		t.Errorf("%s is asked", idp)
	}
}

// usedUp is a rate that is used up.
type usedUp struct{}

func (usedUp) Allow(netip.Addr) (bool, time.Duration) { return false, time.Second }

func TestAskingIsRateLimited(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	page := b.open(both + "/")
	w.rebuild(severalIDPs, func(s *setup) { s.loginRate = usedUp{} })
	b.post(page, "email", "ann@corp.test").is(429)
	b.do(discovery, ask{}).is(429)
}

// A provider for any domain is never the answer to a known one: to be sent there
// would tell that a domain is unknown.
func TestAProviderForAnyDomainIsNoAnswer(t *testing.T) {
	w := newWorld(t, severalIDPs, func(s *setup) { s.idps[2].EmailDomains = nil })
	b := w.browser()
	page := b.open(sso+"/.samlgate/login").is(200, "Third Inc")
	if strings.Contains(page.text, `type="email"`) {
		t.Error("it asks for an address")
	}
	for i := range 20 {
		a := b.post(page, "email", fmt.Sprintf("x@company-%d.test", i)).is(200, "Example Corp", "Partner Ltd")
		if button.MatchString(a.text) {
			t.Fatal("it answers an address all the same")
		}
	}
	b.post(b.open(both+"/"), "email", "x@company.test").is(200, "If your address can sign in here") // a route without that one
}
