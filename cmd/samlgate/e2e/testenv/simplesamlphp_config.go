package testenv

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// authSource is the name of SimpleSAMLphp's own user list.
const authSource = "example-userpass"

// object is a PHP array with string keys, written as JSON.
type object map[string]any

// configure writes everything that SimpleSAMLphp reads. Its PHP files only load
// a JSON file beside them, so that no value needs quoting for PHP.
func (s *SSP) configure(t testing.TB, sps []SPInfo) {
	t.Helper()
	for _, d := range []string{"config/metadata", "cert", "log", "data", "tmp", "sessions"} {
		if err := os.MkdirAll(filepath.Join(s.dir, d), 0o700); err != nil {
			t.Fatalf("making SimpleSAMLphp's folders: %v", err)
		}
	}
	s.Signing.write(t, s.path("cert", "idp.crt"), s.path("cert", "idp.key"))
	s.php(t, "config/config", "config", s.general())
	s.php(t, "config/authsources", "config", object{authSource: userPass()})
	s.php(t, "config/metadata/saml20-idp-hosted", "metadata", object{s.EntityID: s.hosted()})
	for _, sp := range sps {
		s.remote[sp.EntityID] = sp.remote()
	}
	s.php(t, "config/metadata/saml20-sp-remote", "metadata", s.remote)
	s.cipher(t)
}

// cipher hooks the choice of a cipher into config.php, which every request reads.
func (s *SSP) cipher(t testing.TB) {
	t.Helper()
	for _, name := range []string{"cipher.php", "trust.php"} {
		data, err := sspProgram.ReadFile("simplesamlphp/" + name)
		if err != nil {
			t.Fatalf("unpacking %s: %v", name, err)
		}
		writeFile(t, s.path("config", name), data)
	}
	writeFile(t, s.path("config", "cipher"), nil)
	f := s.path("config", "config.php")
	data, err := os.ReadFile(f)
	if err != nil {
		t.Fatalf("configuring SimpleSAMLphp: %v", err)
	}
	writeFile(t, f, append(data, "require_once __DIR__ . '/cipher.php';\n"...))
}

func (s *SSP) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

// php writes name.php, which sets the PHP variable to the value in name.json.
func (s *SSP) php(t testing.TB, name, variable string, value object) {
	t.Helper()
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatalf("encoding %s: %v", name, err)
	}
	writeFile(t, s.path(name+".json"), data)
	writeFile(t, s.path(name+".php"),
		[]byte("<?php\n$"+variable+" = json_decode(file_get_contents(substr(__FILE__, 0, -4) . '.json'), true);\n"))
}

// general is config.php. Cookies are not Secure, because the origin is plain
// http on loopback, and None would need that. Where nothing is said of SameSite,
// Chromium still lets a young cookie go with a POST from another site, as a
// LogoutResponse is one.
func (s *SSP) general() object {
	return object{
		"baseurlpath":                   s.URL + "/",
		"certdir":                       s.path("cert") + "/",
		"loggingdir":                    s.path("log") + "/",
		"datadir":                       s.path("data") + "/",
		"tempdir":                       s.path("tmp"),
		"metadatadir":                   s.path("config", "metadata") + "/",
		"attributenamemapdir":           filepath.Join(sspRoot, "config/attributemap") + "/",
		"timezone":                      "UTC",
		"secretsalt":                    "only-for-tests-4f1c0a9be27d",
		"auth.adminpassword":            "only-for-tests-93b1",
		"admin.checkforupdates":         false,
		"showerrors":                    true,
		"logging.handler":               "file",
		"logging.level":                 6, // LOG_INFO
		"logging.logfile":               "ssp.log",
		"enable.saml20-idp":             true,
		"module.enable":                 object{"core": true, "saml": true, "exampleauth": true},
		"store.type":                    "phpsession",
		"session.phpsession.savepath":   s.path("sessions"),
		"session.phpsession.cookiename": "SimpleSAML",
		"session.cookie.secure":         false,
		"session.cookie.samesite":       nil,
		"language.available":            []string{"en"},
		"language.default":              "en",
		"language.cookie.secure":        false,
		"language.cookie.samesite":      "Lax",
		"metadata.sources":              []object{{"type": "flatfile"}},
	}
}

// userPass is the list of people. Attribute names are those of the gateway's
// default mapping, as an administrator who follows its manual would set them.
func userPass() object {
	source := object{"0": "exampleauth:UserPass"}
	for _, p := range People() {
		source[p.Login+":"+p.Password] = object{
			"uid":        []string{p.Login},
			"Email":      []string{p.Email},
			"FirstName":  []string{p.First},
			"LastName":   []string{p.Last},
			"Role":       p.Roles,
			"EmployeeId": []string{p.EmployeeID},
		}
	}
	return source
}

// hosted is the identity provider itself.
func (s *SSP) hosted() object {
	return object{
		"host":                       "__DEFAULT__",
		"privatekey":                 "idp.key",
		"certificate":                "idp.crt",
		"auth":                       authSource,
		"signature.algorithm":        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
		"userid.attribute":           "uid",
		"sign.logout":                true,
		"validate.logout":            true,
		"SingleSignOnServiceBinding": []string{bindingURI(ByRedirect), bindingURI(ByPost)},
		"SingleLogoutServiceBinding": []string{bindingURI(ByRedirect), bindingURI(ByPost)},
		"authproc": object{
			"1": object{"class": "saml:PersistentNameID", "attribute": "uid"},
			"2": object{"class": "saml:AttributeNameID", "attribute": "Email", "Format": EmailID},
			"3": object{"class": "saml:TransientNameID"},
		},
	}
}

// remote is one service provider, as its administrator typed it in.
func (sp SPInfo) remote() object {
	format := sp.NameIDFormat
	if format == "" {
		format = Persistent
	}
	o := object{
		"AssertionConsumerService": sp.ACS,
		"NameIDFormat":             format,
		"saml20.sign.assertion":    true,
		"saml20.sign.response":     sp.SignResponse,
	}
	if sp.Certificate != nil {
		o["certData"] = base64.StdEncoding.EncodeToString(sp.Certificate.Raw)
		o["validate.authnrequest"] = true
	}
	if sp.Encrypt {
		o["assertion.encryption"], o["nameid.encryption"] = true, true
	}
	if sp.SLO != "" {
		o["SingleLogoutService"] = sp.SLO
	}
	return o
}
