package main

import (
	"encoding/json"
	"encoding/xml"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/samlsp/idptest"
)

// onePerLine checks that every line but the count begins with the file's name.
func (s *said) onePerLine(file string, mistakes int) *said {
	s.Helper()
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(s.err), "\n"), func(l string) bool { return strings.HasPrefix(l, "warning: ") })
	for _, line := range lines[:len(lines)-1] {
		if !strings.HasPrefix(line, file+":") {
			s.Errorf("%s: %q does not name the file", s.line, line)
		}
	}
	if len(lines) != mistakes+1 {
		s.Errorf("%s: %d lines, want %d mistakes and their count:\n%s", s.line, len(lines), mistakes, s.err)
	}
	return s
}

func TestCheckMistakes(t *testing.T) {
	dir := folder(t)
	file := initIn(t, dir)
	change(t, file, "idle_timeout:", "idle_timeot:")
	change(t, file, "http://127.0.0.1:8081", "127.0.0.1:8081")
	change(t, file, "file: signing.key", "file: nowhere.key")
	s := samlgate(t, "check", "--config", file).exits(exitConfig).onePerLine(file, 3)
	s.complains(":7: session.idle_timeot:", "did you mean", "upstream", "nowhere.key", "samlgate: 3 mistakes")
	serve := samlgate(t, "serve", "--config", file).exits(exitConfig)
	if serve.err != s.err {
		t.Errorf("serve says\n%s\ncheck says\n%s", serve.err, s.err)
	}
	samlgate(t, "check", "--no-files", "--config", file).exits(exitConfig).onePerLine(file, 2)
}

// lineOf is the number of the first line that holds text.
func lineOf(t *testing.T, file, text string) string {
	t.Helper()
	before, _, found := strings.Cut(read(t, file), text)
	if !found {
		t.Fatalf("%s lacks %q", file, text)
	}
	return file + ":" + strconv.Itoa(strings.Count(before, "\n")+1) + ": "
}

// What only the files of identity providers show is told at once with the
// rest, at its line, and nothing of what they hold is repeated.
func TestCheckJudgesIdentityProviders(t *testing.T) {
	dir := folder(t)
	file := initIn(t, dir)
	change(t, file, "idle_timeout:", "idle_timeot:")
	change(t, file, "    - name: corp\n", `    - name: garbage
      email_domains: [b.example.com]
      metadata_file: garbage.xml
    - name: secret
      email_domains: [c.example.com]
      metadata_file: secret.xml
    - name: demo
      email_domains: [d.example.com]
      metadata_file: demo.xml
    - name: hand
      email_domains: [e.example.com]
      entity_id: http://localhost:8080/.demo-idp/by-hand
      sso_url: https://idp.example.com/sso
      certificates: [good.crt, weak.crt, cut.crt]
    - name: twin
      email_domains: [f.example.com]
      metadata_file: twin.xml
    - name: unsigned
      email_domains: [g.example.com]
      metadata_file: unsigned.xml
      metadata_certificates: [good.crt]
    - name: corp
      email_domains: [a.example.com]
`)
	write(t, filepath.Join(dir, "garbage.xml"), "<EntityDescriptor hush")
	write(t, filepath.Join(dir, "secret.xml"), "<hush><password>hush</password></hush>")
	write(t, filepath.Join(dir, "demo.xml"), idpMetadata(t, "http://localhost:8080/.demo-idp/metadata"))
	write(t, filepath.Join(dir, "twin.xml"), read(t, filepath.Join(dir, "corp.xml")))
	write(t, filepath.Join(dir, "unsigned.xml"), idpMetadata(t, "https://unsigned.example.com/"))
	write(t, filepath.Join(dir, "good.crt"), read(t, filepath.Join(dir, "sp.crt")))
	write(t, filepath.Join(dir, "weak.crt"), certificate(t, 1024))
	write(t, filepath.Join(dir, "cut.crt"), "-----BEGIN CERTIFICATE-----\naHVzaA==\n-----END CERTIFICATE-----\n")
	hand := strings.TrimSuffix(lineOf(t, file, "certificates: [good.crt, weak"), " ")
	var first string
	for _, command := range []string{"check", "serve"} {
		s := samlgate(t, command, "--config", file).exits(exitConfig).complains(
			lineOf(t, file, "idle_timeot")+"session.idle_timeot: ",
			lineOf(t, file, "metadata_file: garbage")+`saml.idps[0].metadata_file: "garbage.xml": the XML is damaged near line 1`,
			lineOf(t, file, "metadata_file: secret")+`saml.idps[1].metadata_file: "secret.xml": this is no SAML metadata`,
			lineOf(t, file, "metadata_file: demo")+"saml.idps[2].metadata_file: this is the demo's identity provider",
			lineOf(t, file, "entity_id: http://localhost")+"saml.idps[3].entity_id: this is the demo's identity provider",
			hand+" saml.idps[3].certificates[1]: no usable signing certificate",
			hand+" saml.idps[3].certificates[2]: the certificate is damaged",
			lineOf(t, file, "metadata_file: unsigned")+`saml.idps[5].metadata_file: "unsigned.xml": the metadata is not signed`,
			lineOf(t, file, "corp.xml")+"saml.idps[6].metadata_file: two identity providers may not share one entity ID, and "+lineOf(t, file, "metadata_file: twin")+"saml.idps[4].metadata_file has it",
			"9 mistakes").onePerLine(file, 9)
		if strings.Contains(s.err, "hush") || strings.Contains(s.err, "aHVzaA") {
			t.Errorf("%s repeats what a file holds:\n%s", command, s.err)
		}
		if first == "" {
			first = s.err
		} else if s.err != first {
			t.Errorf("serve says\n%s\ncheck says\n%s", s.err, first)
		}
	}
	samlgate(t, "check", "--no-files", "--config", file).exits(exitConfig).onePerLine(file, 1)
}

// Our own metadata can be had before theirs is any good.
func TestMetadataBeforeTheirs(t *testing.T) {
	dir := folder(t)
	file := initIn(t, dir)
	write(t, filepath.Join(dir, "corp.xml"), "<later/>")
	samlgate(t, "check", "--config", file).exits(exitConfig).complains("corp.xml")
	samlgate(t, "metadata", "--config", file).exits(exitOK)
}

// What reads well and cannot work is a mistake of the file as well.
func TestCheckUnfit(t *testing.T) {
	dir := folder(t)
	file := initIn(t, dir)
	change(t, file, "    - name: corp\n", "    - name: corp\n      request_binding: post\n")
	theirs := filepath.Join(dir, "corp.xml")
	write(t, theirs, strings.ReplaceAll(read(t, theirs), "bindings:HTTP-POST", "bindings:SOAP"))
	for _, command := range []string{"check", "serve"} {
		samlgate(t, command, "--config", file).exits(exitConfig).complains(file+": ", "no single sign-on address for binding", "1 mistake")
	}
	samlgate(t, "check", "--config", file).onePerLine(file, 1)
	samlgate(t, "check", "--no-files", "--config", file).exits(exitOK)
}

func TestExpiredMetadata(t *testing.T) {
	dir := folder(t)
	file := initIn(t, dir)
	change(t, filepath.Join(dir, "corp.xml"), "entityID=", `validUntil="2020-01-02T03:04:05Z" entityID=`)
	for _, command := range []string{"check", "serve"} {
		samlgate(t, command, "--config", file).exits(exitConfig).complains("metadata_file: \"corp.xml\": the metadata has expired", "1 mistake")
	}
}

func TestCheckWarns(t *testing.T) {
	dir := folder(t)
	file := initIn(t, dir)
	change(t, file, "  signing:\n    keys: [{id: k1, file: signing.key}]\n", "  insecure_skip_signing: the app cannot verify\n")
	samlgate(t, "check", "--config", file).exits(exitOK).complains("warning: " + file + ":").prints("ok, 1 route")

	key, err := idptest.NewRSAKey(2048, time.Now().Add(-72*time.Hour)) // its certificate has expired
	if err != nil {
		t.Fatal(err)
	}
	idp, err := idptest.New(idptest.Config{EntityID: "https://idp.example.com/metadata", BaseURL: "https://idp.example.com/idp", Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := idp.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "corp.xml"), string(doc))
	s := samlgate(t, "check", "--config", file).exits(exitOK).complains("warning: ", "corp")
	if strings.Contains(s.err, "level=") {
		t.Errorf("a warning reads like a log: %s", s.err)
	}
}

// Without --config the file is looked for in three places.
func TestWhichFile(t *testing.T) {
	dir := folder(t)
	initIn(t, dir)
	t.Chdir(t.TempDir())
	t.Setenv("SAMLGATE_CONFIG", "")
	samlgate(t, "check").exits(exitFailed).complains("$SAMLGATE_CONFIG", "samlgate init")
	samlgate(t, "check", "--config", "nowhere.yaml").complains("nowhere.yaml", "no such file")
	t.Setenv("SAMLGATE_CONFIG", filepath.Join(dir, "config.yaml"))
	samlgate(t, "check").exits(exitOK).prints(dir)
	write(t, "other.yaml", "nonsense: true")
	samlgate(t, "check", "--config", "other.yaml").exits(exitConfig).complains("other.yaml:1: nonsense")
	t.Chdir(dir)
	t.Setenv("SAMLGATE_CONFIG", "")
	samlgate(t, "check").exits(exitOK).prints("config.yaml: ok")
	samlgateReading(t, read(t, "config.yaml"), "check", "--config", "-").exits(exitOK).prints("standard input: ok")
	samlgateReading(t, "x: [", "check", "--config", "-").exits(exitConfig)
}

func TestMetadata(t *testing.T) {
	file := initIn(t, folder(t))
	s := samlgate(t, "metadata", "--config", file).exits(exitOK)
	var doc struct {
		XMLName  xml.Name `xml:"urn:oasis:names:tc:SAML:2.0:metadata EntityDescriptor"`
		EntityID string   `xml:"entityID,attr"`
		SP       struct {
			ACS struct {
				Location string `xml:",attr"`
			} `xml:"AssertionConsumerService"`
		} `xml:"SPSSODescriptor"`
	}
	if err := xml.Unmarshal([]byte(s.out), &doc); err != nil || doc.SP.ACS.Location != "https://sso.example.com/.samlgate/saml/acs" ||
		doc.EntityID != "https://sso.example.com/.samlgate/saml/metadata" {
		t.Errorf("%v in %+v\n%s", err, doc, s.out)
	}
	samlgate(t, "metadata", "--config", file, "--setup", "corp").exits(exitOK).prints("https://sso.example.com/.samlgate/saml/acs", "Entity ID")
	samlgate(t, "metadata", "--config", file, "--setup", "crop").exits(exitFailed).complains(`no identity provider is called "crop"`, "corp")
}

// With a preset the values come in that product's words, for people and for
// programs alike.
func TestSetupSpeaksTheProductsWords(t *testing.T) {
	file := initIn(t, folder(t))
	change(t, file, "- name: corp\n", "- name: corp\n      preset: entra\n      attributes: {dept: [Department]}\n")
	s := samlgate(t, "metadata", "--config", file, "--setup", "corp").exits(exitOK).prints(
		"Microsoft Entra ID: what to enter for corp\n", "  Reply URL (Assertion Consumer Service URL)\n      https://sso.example.com/.samlgate/saml/acs\n",
		"Sign SAML response and assertion", "E-mail address (required)\n      http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress\n",
		"  dept\n      Department\n", "BEGIN CERTIFICATE", "docs/idp/entra.md", "App Federation Metadata Url")
	if strings.Contains(s.out, "PRIVATE") {
		t.Error("a key is printed")
	}
	var guide struct {
		Product string
		Parts   []struct {
			Fields []struct{ Label, Value string }
		}
	}
	j := samlgate(t, "metadata", "--config", file, "--setup", "corp", "--output", "json").exits(exitOK)
	if err := json.Unmarshal([]byte(j.out), &guide); err != nil || guide.Product != "Microsoft Entra ID" ||
		guide.Parts[0].Fields[1].Value != "https://sso.example.com/.samlgate/saml/acs" {
		t.Errorf("%v in\n%s", err, j.out)
	}
	samlgate(t, "metadata", "--config", file, "--output", "json").exits(exitFailed).complains("--setup")
}

// A port that is taken is no mistake of the file, but the key helps to find it.
func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, key := range []string{"listen", "admin_listen"} {
		file := initIn(t, folder(t))
		listen := "server:\n  listen: 127.0.0.1:0\n  admin_listen: 127.0.0.1:0\n"
		listen = strings.Replace(listen, "  "+key+": 127.0.0.1:0", "  "+key+": "+l.Addr().String(), 1)
		change(t, file, "server:\n", listen)
		s := samlgate(t, "serve", "--config", file).exits(exitFailed).complains("samlgate: server."+key+": ", "in use")
		t.Log(s.err)
	}
}
