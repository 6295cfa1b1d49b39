package testenv

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

// Login takes the first steps of a sign-in without a browser: it opens an
// address that leads to an AuthnRequest, by redirect or by a form that sends
// itself, fills in pySAML2's login page and returns the form with SAMLResponse
// and RelayState. A client that is signed in already skips the page.
func (p *PySAML2) Login(t testing.TB, c *http.Client, requestURL string, who PersonInfo) Form {
	t.Helper()
	f, ok := signInAt(t, c, requestURL, who)
	if !ok {
		t.Fatalf("pySAML2 did not accept the login of %s; it printed:\n%s", who.Login, p.Log())
	}
	return f
}

// Origin is [PySAML2.URL].
func (p *PySAML2) Origin() string { return p.URL }

// UnsolicitedURL starts a sign-in at pySAML2 (SAML Profiles §4.1.5): its login
// page, if needed, and then a Response that nobody asked for. An empty relay
// sends no RelayState.
func (p *PySAML2) UnsolicitedURL(entityID, relay string) string {
	return p.URL + "/idp-initiated?" + url.Values{"sp": {entityID}, "relay": {relay}}.Encode()
}

// LogoutBy chooses how pySAML2 sends its LogoutRequests to everybody from now on,
// by redirect at first. The entity id does not matter.
func (p *PySAML2) LogoutBy(_ testing.TB, _, binding string) { p.binding = binding }

// LogoutURL signs the browser out of pySAML2 and, by LogoutRequests, out of every
// service provider that its session was used for. It ends on a page that says
// [PySAML2.SignedOutText]; see [PySAML2.State] for what they answered.
func (p *PySAML2) LogoutURL() string {
	return p.URL + "/logout?binding=" + url.QueryEscape(p.binding)
}

// LogoutAllURL does the same with LogoutRequests that name no session: they mean
// all of that person (SAML Core §3.7.1).
func (p *PySAML2) LogoutAllURL() string { return p.LogoutURL() + "&all=1" }

// SignedOutText is what pySAML2's page says after a logout.
func (p *PySAML2) SignedOutText() string { return PySAML2SignedOut }

// LogoutAnswers tells how service providers answered the LogoutRequests of
// pySAML2, oldest first: "success", or what was wrong. It believes signed answers
// to its own requests only.
func (p *PySAML2) LogoutAnswers(t testing.TB) []string {
	t.Helper()
	var answers []string
	for _, o := range p.State(t).Outcomes {
		soap := o.Binding == bindingURI(BySOAP)
		if o.Error == "" && o.Status == statusSuccess && o.SubStatus == "" && (o.Relay || soap) {
			answers = append(answers, "success")
		} else {
			answers = append(answers, fmt.Sprintf("%+v", o))
		}
	}
	return answers
}

// statusSuccess is SAML Core §3.2.2.2.
const statusSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success"

// Forgot reports that pySAML2's session of a browser has ended: it would ask that
// browser for a password again.
func (p *PySAML2) Forgot(t testing.TB, c *http.Client, entityID string) bool {
	t.Helper()
	return asksForPassword(t, c, p.UnsolicitedURL(entityID, ""))
}

// What pySAML2's pages say.
const (
	PySAML2LoginPage = "pySAML2: who are you?"
	PySAML2SignedOut = "pySAML2: signed out"
	PySAML2Refused   = "pySAML2: refused"
)
