package testenv

import (
	"embed"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

//go:embed pysaml2/*.py
var pySAML2Program embed.FS

// debianPython is the interpreter that Debian's python3-pysaml2 belongs to;
// another one may come first in PATH.
const debianPython = "/usr/bin/python3"

// PySAML2 is a running identity provider on Debian's pysaml2, a SAML library
// that shares nothing with SimpleSAMLphp and signs with xmlsec1. It calls some
// attributes by their OIDs: mail, givenName and sn (X.520).
type PySAML2 struct {
	EntityID string
	URL      string // origin, without a final slash: http://pysaml2.localhost:PORT
	Signing  KeyPair

	binding string // of its LogoutRequests
	direct  string // the same origin by address, for programs that resolve no .localhost
	dir     string
	proc    *process
}

// StartPySAML2 runs the identity provider with [People] and the given service
// providers; [PySAML2.Trust] adds more. Everything it keeps is in its memory and
// in a temporary folder.
func StartPySAML2(t testing.TB, sps ...SPInfo) *PySAML2 {
	t.Helper()
	port := FreePort(t)
	p := &PySAML2{
		URL:     "http://pysaml2.localhost:" + port,
		Signing: NewKeyPair(t, "pySAML2 under test"),
		direct:  "http://127.0.0.1:" + port,
		dir:     t.TempDir(),
		binding: ByRedirect,
	}
	p.EntityID = p.URL + "/metadata"
	p.configure(t, port, sps)

	// Neither PYTHON* variables nor a home directory change what it imports.
	cmd := exec.Command(debianPython, "-E", "-s", filepath.Join(p.dir, "serve.py"), filepath.Join(p.dir, "settings.json"))
	cmd.Dir = p.dir
	p.proc = startProcess(t, cmd)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("pySAML2 printed:\n%s", p.Log())
		}
	})
	c := NewClient(t)
	ready := func() bool { return !p.proc.running() || answers(t, c, p.MetadataURL()) }
	if !eventually(t.Context(), ready) || !p.proc.running() {
		t.Fatalf("pySAML2 does not serve its metadata (make test installs it); it printed:\n%s", p.Log())
	}
	return p
}

// configure unpacks the program and writes its settings beside it.
func (p *PySAML2) configure(t testing.TB, port string, sps []SPInfo) {
	t.Helper()
	files, err := fs.Glob(pySAML2Program, "pysaml2/*.py")
	if err != nil {
		t.Fatalf("unpacking pySAML2: %v", err)
	}
	for _, file := range files {
		data, err := pySAML2Program.ReadFile(file)
		if err != nil {
			t.Fatalf("unpacking pySAML2: %v", err)
		}
		writeFile(t, filepath.Join(p.dir, filepath.Base(file)), data)
	}
	key, cert := filepath.Join(p.dir, "idp.key"), filepath.Join(p.dir, "idp.crt")
	p.Signing.write(t, cert, key)
	listen, err := strconv.Atoi(port)
	if err != nil {
		t.Fatalf("configuring pySAML2: %v", err)
	}
	settings, err := json.Marshal(object{
		"port": listen, "url": p.URL, "direct_url": p.direct, "entity_id": p.EntityID,
		"key_file": key, "cert_file": cert,
		"people": pySAML2People(), "trust": spMetadata(t, sps), "options": AnswerOptions{SignAssertion: true}.settings(),
	})
	if err != nil {
		t.Fatalf("configuring pySAML2: %v", err)
	}
	writeFile(t, filepath.Join(p.dir, "settings.json"), settings)
}

func pySAML2People() []object {
	var people []object
	for _, p := range People() {
		people = append(people, object{
			"login": p.Login, "password": p.Password, "email": p.Email, "first": p.First, "last": p.Last,
			"roles": p.Roles, "employee_id": p.EmployeeID,
		})
	}
	return people
}

// MetadataURL is where pySAML2 publishes its SAML metadata. Programs that know
// nothing of .localhost can fetch it too.
func (p *PySAML2) MetadataURL() string { return p.direct + "/metadata" }

// SSOURL is where redirect-binding AuthnRequests go.
func (p *PySAML2) SSOURL() string { return p.URL + "/sso/redirect" }

// ForgetURL signs the browser out of pySAML2 itself and tells nobody, so that
// the next AuthnRequest shows its login page again.
func (p *PySAML2) ForgetURL() string { return p.URL + "/forget" }

// Metadata fetches pySAML2's own metadata, as an operator would.
func (p *PySAML2) Metadata(t testing.TB) []byte {
	t.Helper()
	return fetch(t, p.MetadataURL())
}

// Log returns the last lines that pySAML2 printed, its refusals among them.
func (p *PySAML2) Log() string { return p.proc.out.tail() }

// fetch returns a document that must be there.
func fetch(t testing.TB, u string) []byte {
	t.Helper()
	res, err := get(t.Context(), NewClient(t), u)
	if err != nil {
		t.Fatalf("fetching %s: %v", u, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("fetching %s: status %d, %v", u, res.StatusCode, err)
	}
	return body
}
