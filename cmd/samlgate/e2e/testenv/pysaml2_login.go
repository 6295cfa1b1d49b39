package testenv

import (
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

// LogoutURL signs the browser out of pySAML2 and, by LogoutRequests over the
// given binding, out of every service provider that the session was used for.
// It ends on a page that says [PySAML2SignedOut]; see [PySAML2.State] for what
// they answered.
func (p *PySAML2) LogoutURL(binding string) string {
	return p.URL + "/logout?binding=" + url.QueryEscape(binding)
}

// What pySAML2's pages say.
const (
	PySAML2LoginPage = "pySAML2: who are you?"
	PySAML2SignedOut = "pySAML2: signed out"
	PySAML2Refused   = "pySAML2: refused"
)
