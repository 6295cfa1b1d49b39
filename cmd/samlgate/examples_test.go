package main

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/config"
)

// example loads one of the configurations that we ship, beside files as its
// operator has them, after "check" found nothing wrong with it.
func example(t *testing.T, name string) (cfg *config.Config, file string) {
	t.Helper()
	dir := folder(t)
	for from, to := range map[string]string{"sp.crt": "tls.crt", "sp.key": "tls.key"} {
		write(t, filepath.Join(dir, to), read(t, filepath.Join(dir, from)))
	}
	key, err := idpKey()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "idp.crt"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: key.Certificate.Raw})))
	write(t, filepath.Join(dir, "partner.xml"), idpMetadata(t, "https://idp.example.net/metadata"))
	file = filepath.Join(dir, "config.yaml")
	write(t, file, read(t, "../../deploy/examples/"+name))
	s := samlgate(t, "check", "--config", file).exits(exitOK)
	for line := range strings.Lines(s.err) {
		if !strings.Contains(line, "expires within 30 days") { // the certificates of this test do
			t.Errorf("%s: %s", name, line)
		}
	}
	if cfg, err = config.Load(file, config.Options{}); err != nil {
		t.Fatal(err)
	}
	return cfg, file
}

// Each example does what its first lines promise.
func TestExamplesKeepTheirWord(t *testing.T) {
	is := func(got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	cfg, file := example(t, "storage-console.yaml")
	is(cfg.SAML.IDPs[0].RequireSigned, "response")
	is(cfg.SAML.IDPs[0].IDPInitiated, "reinitiate")
	samlgate(t, "metadata", "--config", file, "--service-provider", "console").exits(exitOK).prints(`entityID="https://console.example.com/api/sso/metadata.xml"`, `Location="https://console.example.com/api/sso/samlassert"`)

	cfg, _ = example(t, "mailing.yaml")
	is(strings.Join(cfg.SAML.IDPs[0].Attributes["email"], " "), "NameID")
	is(len(cfg.SAML.IDPs[0].Attributes["first_name"]), 0)
	is(cfg.SAML.IDPs[0].MetadataFile, config.Path(""))
	is(cfg.Session.OnIdle, "slo_url")

	cfg, file = example(t, "research-panel.yaml")
	is(strings.Join(cfg.SAML.IDPs[0].Attributes["first_name"], " "), "FirstName")
	is(len(cfg.SAML.IDPs), 2)
	samlgate(t, "metadata", "--config", file, "--service-provider", "panel").exits(exitOK).prints(`entityID="https://panel.example.com/sp"`, `Location="https://panel.example.com/app2/sso/assert_identity/"`)

	cfg, _ = example(t, "requirements.yaml")
	is(cfg.Headers.Email, "X-Remote-Email")
	is(cfg.Headers.Roles, "")

	cfg, _ = example(t, "archive.yaml")
	is(strings.Join(cfg.SAML.IDPs[0].Required, " "), "email first_name last_name roles employee_id")
	is(strings.Join(cfg.SAML.IDPs[0].Attributes["email"], " "), "OfficeEMail")
	is(strings.Join(cfg.SAML.IDPs[0].Roles.Deny, " "), "Restricted")
}

var leftOut = regexp.MustCompile(`(?m)^# Left out: (\S+)$`)

// What an example leaves out is not supported yet: once it is, the example
// has to say it. Each is told of in the README.
func TestExamplesLeaveOutWhatIsMissing(t *testing.T) {
	files, err := filepath.Glob("../../deploy/examples/*.yaml")
	if err != nil || len(files) != 5 {
		t.Fatalf("%d examples: %v", len(files), err)
	}
	readme, all := read(t, "../../deploy/README.md"), strings.Split(read(t, "../../config.example.yaml"), "\n")
	for _, file := range files {
		if !strings.Contains(readme, "examples/"+filepath.Base(file)) {
			t.Errorf("deploy/README.md does not know %s", file)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range leftOut.FindAllStringSubmatch(string(text), -1) {
			keys := strings.Split(m[1], ".")
			if !slices.ContainsFunc(all, func(line string) bool { return unsupported(line, keys) }) {
				t.Errorf("%s leaves out %s, which is supported", file, m[1])
			}
		}
	}
}

// unsupported reports whether a line of config.example.yaml says so of a key.
func unsupported(line string, keys []string) bool {
	if !strings.Contains(line, "not supported yet") {
		return false
	}
	last := keys[len(keys)-1]
	return strings.Contains(line, "# "+last+":") || len(keys) > 1 && strings.Contains(line, "# "+keys[len(keys)-2]+": {"+last+":")
}
