package e2e

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// TestEncryptedByPySAML2 signs people in with assertions that xmlsec1 encrypts
// for the key in the gateway's own metadata.
func TestEncryptedByPySAML2(t *testing.T) {
	idp := testenv.StartPySAML2(t)
	o := openOffice(t, idp, "redirect")
	for _, options := range []testenv.PySAML2Options{
		{SignAssertion: true, Encrypt: testenv.AES128GCM}, {SignAssertion: true, Encrypt: testenv.AES256GCM},
		{SignResponse: true, Encrypt: testenv.AES256GCM}, {SignResponse: true, Encrypt: testenv.AES256CBC},
		{SignAssertion: true, SignResponse: true, Encrypt: testenv.AES128CBC},
	} {
		idp.Answer(t, options)
		o.expectWelcome(t, testenv.Ana)
	}
	for _, options := range []testenv.PySAML2Options{
		{SignAssertion: true, Encrypt: testenv.AES128CBC}, {SignAssertion: true, SignResponse: true, Encrypt: testenv.TripleDES},
		{Encrypt: testenv.AES128GCM},
	} {
		idp.Answer(t, options)
		o.expectKeptOut(t, testenv.Ana, "could not be accepted")
	}
}

// TestEncryptedBySimpleSAMLphp does the same with xmlseclibs, which writes
// AES-CBC: read inside a signed response, and refused outside.
func TestEncryptedBySimpleSAMLphp(t *testing.T) {
	for _, signed := range []bool{true, false} {
		site := testenv.NewSite(t)
		site.Keygen(t)
		idp := testenv.StartSimpleSAMLphp(t, testenv.SPInfo{
			EntityID: site.Origin() + "/.samlgate/saml/metadata", ACS: site.Origin() + "/.samlgate/saml/acs",
			Certificate: testenv.ReadCertificate(t, site.Path("sp.crt")), SignResponse: signed, Encrypt: true,
		})
		var config strings.Builder
		err := officeConfig.Execute(&config, map[string]any{
			"Site": site, "Binding": "redirect", "Wiki": testenv.LegacyApp(t, "wiki"), "AppCookie": testenv.AppCookie,
		})
		if err != nil {
			t.Fatal(err)
		}
		testenv.StartGateway(t, site, config.String(), map[string][]byte{"idp.xml": idp.Metadata(t)})

		client := testenv.NewClient(t)
		form := idp.Login(t, client, site.App("wiki")+"/echo", testenv.Ana)
		raw, err := base64.StdEncoding.DecodeString(form.Values.Get("SAMLResponse"))
		if err != nil || !strings.Contains(string(raw), "EncryptedAssertion") {
			t.Fatalf("the answer is not encrypted: %v", err)
		}
		submit(t, client, form)
		var e testenv.Echo
		status, _, body := ask(t, client, site.App("wiki")+"/echo", nil)
		switch {
		case !signed && status != http.StatusUnauthorized:
			t.Errorf("AES-CBC without a signature around it is answered with %d", status)
		case signed && (json.Unmarshal(body, &e) != nil || e.Header.Get("X-Auth-Email") != testenv.Ana.Email):
			t.Errorf("status %d: %s", status, body)
		}
	}
}
