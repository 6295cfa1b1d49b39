package proxy_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// entities is a signin.Federation: urn:corp and so on, and two names of ours.
type entities struct{}

func (entities) Ours(entityID string) bool { return entityID == "urn:gateway" || entityID == "urn:old" }

func (entities) IDPNamed(entityID string) string {
	for _, name := range []string{"corp", "partner", "third"} {
		if entityID == (entities{}).EntityID(name) {
			return name
		}
	}
	return ""
}

func (entities) EntityID(idp string) string { return "https://" + idp + ".idp.test/?a=b&c=d#e" }

const loginPage = sso + "/.samlgate/login"

func entity(idp string) string { return url.QueryEscape(entities{}.EntityID(idp)) }

// A discovery service, or a portal, starts a login where it says
// (Identity Provider Discovery §2.4.3).
func TestALoginThatADiscoveryServiceAnswers(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	page := b.open(both + "/deep")
	back := loginPage + "?" + page.fields().Encode()
	if idp, request := b.do(back+"&entityID="+entity("partner"), ask{site: "cross-site"}).asked(); idp != "partner" {
		t.Errorf("asked %s", idp)
	} else if got := b.follow(b.reply(saml{Request: request, IDP: idp, Email: ann})); got.at != both+"/deep" {
		t.Errorf("it ends at %s", got.at)
	}
	if b.jar["sso.example.com"][kept] != nil {
		t.Error("another site has the choice remembered")
	}
	b = w.browser()
	page = b.open(both + "/")
	back = loginPage + "?" + page.fields().Encode()
	for what, query := range map[string]string{
		"an unknown one": "&entityID=urn:nobody", "none": "&entityID=", "two": "&entityID=" + entity("corp") + "&entityID=" + entity("corp"),
		"one not for this route": "&entityID=" + entity("third"), "a header": "&entityID=urn:x%0d%0aSet-Cookie:%20a=b", "markup": "&entityID=%3Cscript%3E",
		"a configured name": "&entityID=corp", "a prefix": "&entityID=https://corp.idp.test/",
	} {
		a := b.do(back+query, ask{site: "cross-site"})
		if a.is(404); len(a.Cookies()) > 0 || a.Header.Get("Location") != "" || strings.Contains(a.text, "<script>") || strings.Contains(a.text, "urn:") {
			t.Errorf("%s: %v %s", what, a.Header, short(a.text))
		}
	}
	b.do(sso+"/.samlgate/login/corp?entityID="+entity("partner"), ask{}).is(404)
	if idp, _ := b.do(sso+"/.samlgate/login/corp?entityID="+entity("corp"), ask{}).asked(); idp != "corp" {
		t.Errorf("asked %s", idp)
	}
	b.do(loginPage+"?entityID="+entity("corp"), ask{kind: "iframe", site: "cross-site"}).is(401)
}

// Where the return address is not ours, nobody is sent anywhere: a discovery
// service that does not check is an open redirect.
func TestDiscoveryRequestsThatAreRefused(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	b.post(b.open(discovery), "idp", "corp", "remember", "yes") // so that an answer would come at once
	deny := func(what string, q url.Values) {
		t.Helper()
		if !q.Has("entityID") {
			q.Set("entityID", "urn:gateway")
		}
		for _, passive := range []string{"", "&isPassive=true"} {
			a := b.do(discovery+"?"+q.Encode()+passive, ask{site: "cross-site"})
			if a.StatusCode != 400 || a.Header.Get("Location") != "" || strings.Contains(a.text, "evil") {
				t.Errorf("%s: %d to %q", what, a.StatusCode, a.Header.Get("Location"))
			}
		}
		q.Set("idp", "corp")
		if a := b.do(discovery, ask{method: "POST", site: "same-origin", body: q.Encode()}); a.StatusCode != 400 || strings.Contains(a.text, "evil") {
			t.Errorf("%s, posted: %d", what, a.StatusCode)
		}
	}
	for _, back := range []string{
		"https://evil.example/", "https://evil.example/.samlgate/login", "//evil.example", "/.samlgate/login", "javascript:alert(1)",
		loginPage + ".evil.example", loginPage + "@evil.example", loginPage + "/corp", loginPage + "/", loginPage + "/../logout", loginPage + "%2f",
		"https://sso.example.com.evil.example/.samlgate/login", "https://evil@sso.example.com/.samlgate/login", "https://sso.example.com:444/.samlgate/login",
		"http://sso.example.com/.samlgate/login", "HTTPS://sso.example.com/.samlgate/login", `https://sso.example.com\@evil.example/.samlgate/login`,
		" " + loginPage, loginPage + " ", loginPage + "#evil", loginPage + "?a=b#evil", loginPage + "?a=b\r\nSet-Cookie: evil=1", loginPage + "?a=\\evil",
		loginPage + "?a=%zzevil", loginPage + "?a=b;c=evil", loginPage + "?a=\u00e9vil", wiki + "/", sso + "/.samlgate/logout", loginPage + "?" + strings.Repeat("a", 5000),
	} {
		deny("return="+short(back), url.Values{"return": {back}})
	}
	deny("the answer's parameter is there (§2.4.1)", url.Values{"return": {loginPage + "?entityID=urn:evil"}})
	deny("the answer's parameter is there, quoted", url.Values{"return": {loginPage + "?entity%49D=urn:evil"}})
	deny("the answer's own parameter is there", url.Values{"return": {loginPage + "?x=1"}, "returnIDParam": {"x"}})
	deny("two addresses", url.Values{"return": {loginPage, "https://evil.example/"}})
	deny("two service providers", url.Values{"entityID": {"urn:gateway", "urn:evil"}})
	deny("a service provider of somebody else", url.Values{"entityID": {"urn:evil"}, "return": {loginPage}})
	deny("no service provider", url.Values{"entityID": {""}, "return": {loginPage}})
	deny("an identity provider", url.Values{"entityID": {entities{}.EntityID("corp")}, "return": {loginPage}})
	deny("an unknown policy", url.Values{"policy": {"urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol:evil"}})
	deny("a parameter that needs quoting", url.Values{"returnIDParam": {"a\r\nevil"}})
	deny("a parameter without end", url.Values{"returnIDParam": {strings.Repeat("a", 65)}})
	if w.observer.refused == 0 {
		t.Error("nobody counted the return addresses")
	}
	for _, passive := range []string{"1", "TRUE", "yes", "true&isPassive=true"} { // §2.4.1: true or false
		b.do(discovery+"?entityID=urn:gateway&isPassive="+passive, ask{}).is(400)
	}
}

// TestTheDiscoveryService goes through the protocol, rule by rule.
func TestTheDiscoveryService(t *testing.T) {
	w := newWorld(t, severalIDPs)
	answered := func(b *browser, query, want string) {
		t.Helper()
		a := b.do(discovery+"?"+query, ask{site: "cross-site"}).is(303)
		if got := a.Header.Get("Location"); got != want {
			t.Errorf("%s\n leads to %s\n want     %s", query, got, want)
		}
	}
	at := url.QueryEscape(loginPage)
	single := url.QueryEscape("urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol:single")
	nobody := w.browser()
	// §2.4.1: passive and nobody known: back at once, without the parameter.
	answered(nobody, "entityID=urn:gateway&isPassive=true&return="+at, loginPage)
	answered(nobody, "entityID=urn:gateway&isPassive=true", loginPage) // §2.5: no return is the published one
	answered(nobody, "entityID=urn:gateway&isPassive=true&return="+url.QueryEscape(loginPage+"?return_to=%2Fdesk"), loginPage+"?return_to=%2Fdesk")
	answered(nobody, "entityID=urn:old&isPassive=true&policy="+single, loginPage) // every identity of ours
	// One that is the only one for the route in the return address is no question.
	forWiki := url.QueryEscape(loginPage + "?route=wiki")
	answered(nobody, "entityID=urn:gateway&isPassive=true&return="+forWiki, loginPage+"?route=wiki&entityID="+entity("corp"))
	// Not passive: the chooser, whose links and forms carry the answer.
	page := nobody.do(discovery+"?entityID=urn:gateway&isPassive=false&returnIDParam=who&return="+url.QueryEscape(loginPage+"?route=both"), ask{}).
		is(200, "Example Corp", "Partner Ltd", "route=both&amp;who=https%3A%2F%2Fcorp.idp.test")
	if strings.Contains(page.text, "Third Inc") {
		t.Error("it offers what the route does not admit")
	}
	nobody.post(page, "idp", "third").is(404)
	nobody.post(page, "email", "ann@partner.test").is(200, "who=https%3A%2F%2Fpartner.idp.test")
	nobody.post(page, "idp", "partner").is(200, "who=https%3A%2F%2Fpartner.idp.test")
	nobody.do(discovery+"?entityID=urn:gateway", ask{kind: "iframe", site: "cross-site"}).is(401)
	// What this browser remembers is told at once, passive or not, quoted.
	b := w.browser()
	b.post(b.open(discovery), "idp", "corp", "remember", "yes")
	for _, passive := range []string{"true", "false"} {
		answered(b, "entityID=urn:gateway&isPassive="+passive, loginPage+"?entityID="+entity("corp"))
		answered(b, "entityID=urn:gateway&returnIDParam=who&isPassive="+passive+"&return="+url.QueryEscape(loginPage+"?a=b"), loginPage+"?a=b&who="+entity("corp"))
	}
	answered(b, "entityID=urn:gateway&isPassive=true&return="+url.QueryEscape(loginPage+"?route=partners"), loginPage+"?route=partners&entityID="+entity("partner"))
	b.do(discovery+"?entityID=urn:gateway&choose=1", ask{}).is(200, "Third Inc")
	answered(b, "entityID=urn:gateway&isPassive=true", loginPage) // it was forgotten
}

// The whole round: a login whose chooser is our own discovery service.
func TestRoundThroughOurOwnDiscoveryService(t *testing.T) {
	w := newWorld(t, severalIDPs)
	b := w.browser()
	back := loginPage + "?" + b.open(both+"/deep").fields().Encode()
	page := b.do(discovery+"?entityID=urn:gateway&return="+url.QueryEscape(back), ask{}).is(200)
	a := b.through(b.post(page, "idp", "partner").is(200), onwardAbroad)
	idp, request := a.asked()
	if got := b.follow(b.reply(saml{Request: request, IDP: idp, Email: ann})); got.at != both+"/deep" || idp != "partner" {
		t.Errorf("%s, ends at %s", idp, got.at)
	}
}

// onwardAbroad is onward, where the address is whole.
var onwardAbroad = regexp.MustCompile(`http-equiv="refresh" content="0; url=https://sso\.example\.com([^"]*)"`)
