package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// judges find fault with whatever says so, and take a document for its own
// entity ID.
func judges(asked *[]string) Hooks {
	bad := func(data []byte) error {
		if bytes.Contains(data, []byte("bad")) {
			return errors.New("is bad")
		}
		return nil
	}
	return Hooks{
		Metadata: func(document []byte, entityID string, signers [][]byte) (string, error) {
			*asked = append(*asked, fmt.Sprintf("%.9s %s %d", document, entityID, len(signers)))
			return string(document), bad(document)
		},
		Certificates: func(data []byte) error {
			if block := []byte("AAAAbadA"); bytes.Contains(data, block) {
				return errors.New("is weak")
			}
			return nil
		},
		Entity: func(id string) error {
			if strings.Contains(id, "demo") {
				return errors.New("is the demo's")
			}
			return nil
		},
	}
}

// judgedFile loads the minimal file with other lines for its provider.
func judgedFile(t *testing.T, noFiles bool, typo bool, idps string) (says string, asked []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/good/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := strings.Replace(string(text), "    - name: corp\n      metadata_file: corp.xml\n", idps, 1)
	if typo {
		file = strings.Replace(file, "cookie_keys:", "idle_timeot: 5m\n  cookie_keys:", 1)
	}
	const weak = "-----BEGIN CERTIFICATE-----\nAAAAbadA\n-----END CERTIFICATE-----\n"
	dir := withKeys(t, "config.yaml", file, "bad.xml", "bad hush", "demo.xml", "demo hush", "weak.crt", weak, "one.xml", "one", "two.xml", "one")
	_, err = Load(filepath.Join(dir, "config.yaml"), Options{LookupEnv: env, NoFiles: noFiles, Hooks: judges(&asked)})
	if err != nil {
		says = strings.ReplaceAll(err.Error(), dir+"/", "")
	}
	return says, asked
}

func TestHooks(t *testing.T) {
	const shared = "    - {name: z, email_domains: [z.example.com], metadata_file: one.xml}\n"
	for _, c := range []struct{ name, idps, want string }{
		{"good", "    - {name: a, metadata_file: one.xml}\n", ""},
		{"bad", "    - {name: a, metadata_file: bad.xml}\n", `9: saml.idps[0].metadata_file: "bad.xml": is bad`},
		{"demo", "    - name: a\n      metadata_file: demo.xml\n", "10: saml.idps[0].metadata_file: is the demo's"},
		{"demo by hand", "    - name: a\n      sso_url: https://idp.example.com/\n      entity_id: urn:demo\n      certificates: [idp.crt]\n", "11: saml.idps[0].entity_id: is the demo's"},
		{"weak", "    - name: a\n      sso_url: https://idp.example.com/\n      entity_id: urn:a\n      certificates:\n        - idp.crt\n        - weak.crt\n", "14: saml.idps[0].certificates[1]: is weak"},
		{"weak signer", "    - name: a\n      metadata_file: one.xml\n      metadata_certificates: [weak.crt]\n", "11: saml.idps[0].metadata_certificates[0]: is weak"},
		{"twins", shared + "    - name: a\n      email_domains: [a.example.com]\n      metadata_file: two.xml\n",
			"12: saml.idps[1].metadata_file: two identity providers may not share one entity ID, and config.yaml:9: saml.idps[0].metadata_file has it"},
		{"twin by hand", shared + "    - name: a\n      email_domains: [a.example.com]\n      entity_id: one\n      sso_url: https://idp.example.com/\n      certificates: [idp.crt]\n",
			"12: saml.idps[1].entity_id: two identity providers may not share one entity ID, and config.yaml:9: saml.idps[0].metadata_file has it"},
		{"twins as written", "    - {name: z, email_domains: [z.example.com], metadata_file: one.xml, entity_id: one}\n" +
			"    - {name: a, email_domains: [a.example.com], metadata_file: two.xml, entity_id: one}\n",
			"10: saml.idps[1].entity_id: two identity providers may not share one entity ID"},
		{"unknown entity", "    - {name: a, metadata_file: bad.xml, entity_id: [x]}\n", "9: saml.idps[0].entity_id: must be one value, not a map or a list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := c.want
			if want != "" {
				want = "config.yaml:" + want
			}
			got, _ := judgedFile(t, false, false, c.idps)
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// A key nobody knows, metadata that is none and a weak certificate are told
// at once, each at its line; contents are not looked at where none are wanted.
func TestHooksTellAllAtOnce(t *testing.T) {
	const idps = `    - name: a
      email_domains: [a.example.com]
      metadata_file: bad.xml
      metadata_certificates: [idp.crt, idp.der]
    - name: b
      email_domains: [b.example.com]
      entity_id: urn:b
      sso_url: https://idp.example.com/
      certificates: [weak.crt]
`
	says, asked := judgedFile(t, false, true, idps)
	want := `config.yaml:5: session.idle_timeot: unknown key; did you mean "idle_timeout"?
config.yaml:12: saml.idps[0].metadata_file: "bad.xml": is bad
config.yaml:18: saml.idps[1].certificates[0]: is weak`
	if says != want {
		t.Errorf("got\n%s\nwant\n%s", says, want)
	}
	same(t, "asked", asked, []string{"bad hush  2"})
	says, asked = judgedFile(t, true, true, idps)
	if asked != nil || strings.Count(says, "\n") != 0 {
		t.Errorf("without files %q was asked:\n%s", asked, says)
	}
}
