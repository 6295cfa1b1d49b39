package testenv

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
)

//go:embed simplesamlphp/*.php
var sspProgram embed.FS

// SSPSignedOut is what SimpleSAMLphp's page says after a logout.
const SSPSignedOut = "You have been logged out"

// Trust hands a service provider's metadata to SimpleSAMLphp, whose own parser
// reads it. Requests of that service provider must be signed from now on.
func (s *SSP) Trust(t testing.TB, metadata []byte) {
	t.Helper()
	cmd := exec.Command("php", "-d", "display_errors=0", s.path("config", "trust.php"))
	cmd.Env = s.environment()
	cmd.Stdin = bytes.NewReader(metadata)
	out, err := cmd.Output()
	found := map[string]object{}
	if err != nil || json.Unmarshal(out, &found) != nil || len(found) == 0 {
		t.Fatalf("SimpleSAMLphp does not understand the metadata: %v\n%s", err, out)
	}
	for id, sp := range found {
		sp["validate.authnrequest"] = true
		s.remote[id], s.logouts[id] = sp, sp["SingleLogoutService"]
	}
	s.Answer(t, AnswerOptions{SignAssertion: true})
}

// TrustURL fetches a service provider's metadata and hands it to SimpleSAMLphp.
func (s *SSP) TrustURL(t testing.TB, url string) {
	t.Helper()
	s.Trust(t, fetch(t, url))
}

// Answer changes how Responses to all service providers are made from now on.
// Where the assertion is encrypted, the NameID in it is encrypted too, and the
// NameID of LogoutRequests.
func (s *SSP) Answer(t testing.TB, o AnswerOptions) {
	t.Helper()
	for _, sp := range s.remote {
		sp := sp.(object)
		sp["saml20.sign.assertion"], sp["saml20.sign.response"] = o.SignAssertion, o.SignResponse
		sp["assertion.encryption"], sp["nameid.encryption"] = o.Encrypt != "", o.Encrypt != ""
		sp["NameIDFormat"] = o.nameIDFormat()
	}
	writeFile(t, s.path("config", "cipher"), []byte(o.Encrypt))
	s.php(t, "config/metadata/saml20-sp-remote", "metadata", s.remote)
}

// LogoutBy makes SimpleSAMLphp know a service provider's logout service by one
// binding only. Where it knows several, it takes the redirect.
func (s *SSP) LogoutBy(t testing.TB, entityID, binding string) {
	t.Helper()
	var kept []any
	all, _ := s.logouts[entityID].([]any)
	for _, service := range all {
		if service.(map[string]any)["Binding"] == bindingURI(binding) {
			kept = append(kept, service)
		}
	}
	if len(kept) == 0 {
		t.Fatalf("the metadata of %s offers no logout by %s: %v", entityID, binding, all)
	}
	s.remote[entityID].(object)["SingleLogoutService"] = kept
	s.php(t, "config/metadata/saml20-sp-remote", "metadata", s.remote)
}

// UnsolicitedURL starts a sign-in at SimpleSAMLphp (SAML Profiles §4.1.5): its
// login page, if needed, and then a Response that nobody asked for. An empty
// relay sends no RelayState.
func (s *SSP) UnsolicitedURL(entityID, relay string) string {
	q := url.Values{"spentityid": {entityID}}
	if relay != "" {
		q.Set("RelayState", relay)
	}
	return s.SSOURL() + "?" + q.Encode()
}

// LogoutURL signs the browser out of SimpleSAMLphp and, by LogoutRequests, out of
// every service provider that its session was used for. It ends on a page that
// says [SSPSignedOut]; see [SSP.Log] for what they answered.
func (s *SSP) LogoutURL() string {
	return s.URL + "/saml2/idp/initSLO.php?" + url.Values{"RelayState": {s.URL + "/logout.php"}}.Encode()
}

// LogoutAnswers tells how service providers answered the LogoutRequests of
// SimpleSAMLphp, oldest first: "success", or what was wrong. It believes signed
// answers only.
func (s *SSP) LogoutAnswers(t testing.TB) []string {
	t.Helper()
	log, err := os.ReadFile(s.path("log", "ssp.log"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // it has logged nothing yet
		t.Fatalf("reading SimpleSAMLphp's log: %v", err)
	}
	var answers []string
	for line := range strings.Lines(string(log)) {
		switch {
		case strings.Contains(line, "Logged out of"):
			answers = append(answers, "success")
		case strings.Contains(line, "Unsuccessful logout"), strings.Contains(line, "Unable to initialize logout"):
			answers = append(answers, strings.TrimSpace(line))
		}
	}
	return answers
}

// Forgot reports that SimpleSAMLphp's session of a browser has ended: it would
// ask that browser for a password again.
func (s *SSP) Forgot(t testing.TB, c *http.Client, entityID string) bool {
	t.Helper()
	return asksForPassword(t, c, s.UnsolicitedURL(entityID, ""))
}

// SignedOutText is what SimpleSAMLphp's page says after a logout.
func (s *SSP) SignedOutText() string { return SSPSignedOut }

// environment is that of every program of SimpleSAMLphp.
func (s *SSP) environment() []string {
	return append(os.Environ(), "SIMPLESAMLPHP_CONFIG_DIR="+s.path("config"), "PHP_CLI_SERVER_WORKERS=4")
}

// bindingURI is how SAML calls a binding (SAML Bindings §3.4.1, §3.5.1, §3.2.1).
func bindingURI(binding string) string {
	return "urn:oasis:names:tc:SAML:2.0:bindings:" + map[string]string{
		ByRedirect: "HTTP-Redirect", ByPost: "HTTP-POST", BySOAP: "SOAP",
	}[binding]
}
