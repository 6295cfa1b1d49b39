package testenv

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// sspRoot is where Debian's package puts SimpleSAMLphp.
const sspRoot = "/usr/share/simplesamlphp"

// NameID formats that SimpleSAMLphp is set up for (SAML Core §8.3).
const (
	Persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	Transient  = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
	EmailID    = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
)

// SPInfo is what SimpleSAMLphp's administrator types in about one service
// provider.
type SPInfo struct {
	EntityID     string
	ACS          string            // where responses are posted to
	SLO          string            // redirect binding; empty = no single logout
	Certificate  *x509.Certificate // requests must be signed by it; nil = unsigned requests are fine
	NameIDFormat string            // empty = Persistent
	SignResponse bool              // sign the Response around the signed Assertion as well
	Encrypt      bool              // encrypt the assertion, and the NameID in it: AES-128-CBC, it knows no other
}

// SSP is a running SimpleSAMLphp.
type SSP struct {
	EntityID string
	URL      string // origin, without a final slash: http://idp.localhost:PORT
	Signing  KeyPair

	dir     string
	proc    *process
	remote  object // what it knows of service providers: entity id → settings
	logouts object // entity id → all logout services in its metadata
}

// StartSimpleSAMLphp runs Debian's SimpleSAMLphp as an identity provider that
// knows [People] and the given service providers. It runs as whoever runs the
// test, in PHP's built-in server, with its own configuration, keys, sessions and
// logs in a temporary folder; Debian's own configuration is not read.
func StartSimpleSAMLphp(t testing.TB, sps ...SPInfo) *SSP {
	t.Helper()
	if _, err := os.Stat(filepath.Join(sspRoot, "lib/_autoload.php")); err != nil {
		t.Fatalf("SimpleSAMLphp is not installed (make test installs it): %v", err)
	}
	port := FreePort(t)
	s := &SSP{
		URL:     "http://idp.localhost:" + port,
		Signing: NewKeyPair(t, "SimpleSAMLphp under test"),
		dir:     t.TempDir(),
		remote:  object{},
		logouts: object{},
	}
	s.EntityID = s.URL + "/idp"
	s.configure(t, sps)

	// Deprecations of a newer PHP would otherwise be printed into its pages.
	cmd := exec.Command("php", "-d", "display_errors=0", "-d", "error_reporting=24575",
		"-S", "127.0.0.1:"+port, "-t", filepath.Join(sspRoot, "www"))
	cmd.Dir = s.dir
	cmd.Env = s.environment()
	s.proc = startProcess(t, cmd)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("SimpleSAMLphp's log:\n%s", s.Log())
		}
	})
	if !eventually(t.Context(), s.answers(t)) {
		t.Fatalf("SimpleSAMLphp does not serve its metadata; it printed:\n%s\nand logged:\n%s", s.proc.out.tail(), s.Log())
	}
	return s
}

func (s *SSP) answers(t testing.TB) func() bool {
	c := NewClient(t)
	return func() bool {
		res, err := get(t.Context(), c, s.MetadataURL())
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	}
}

// MetadataURL is where SimpleSAMLphp publishes its SAML metadata.
func (s *SSP) MetadataURL() string { return s.URL + "/saml2/idp/metadata.php" }

// SSOURL is where redirect-binding AuthnRequests go.
func (s *SSP) SSOURL() string { return s.URL + "/saml2/idp/SSOService.php" }

// ForgetURL signs the browser out of SimpleSAMLphp itself and tells nobody, so
// that the next AuthnRequest shows its login page again. It ends on
// SimpleSAMLphp's own "you have been logged out" page.
func (s *SSP) ForgetURL() string {
	q := url.Values{"AuthId": {authSource}, "ReturnTo": {s.URL + "/logout.php"}}
	return s.URL + "/module.php/core/as_logout.php?" + q.Encode()
}

// Metadata fetches SimpleSAMLphp's own metadata, as an operator would.
func (s *SSP) Metadata(t testing.TB) []byte {
	t.Helper()
	res, err := get(t.Context(), NewClient(t), s.MetadataURL())
	if err != nil {
		t.Fatalf("fetching SimpleSAMLphp's metadata: %v", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("fetching SimpleSAMLphp's metadata: status %d, %v", res.StatusCode, err)
	}
	return body
}

// Log returns the last lines that SimpleSAMLphp logged.
func (s *SSP) Log() string {
	data, err := os.ReadFile(filepath.Join(s.dir, "log", "ssp.log"))
	if err != nil {
		return "(no log: " + err.Error() + ")"
	}
	return lastLines(string(data), 40)
}

// get asks for a page as a browser without Sec-Fetch-* headers would.
func get(ctx context.Context, c *http.Client, u string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/html,*/*;q=0.8")
	return c.Do(req)
}
