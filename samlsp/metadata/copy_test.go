package metadata

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// restart is a source of the same URL in another process.
type restart struct {
	*Source
	server  *idpServer
	changes []*Descriptor
	told    []string
}

func newRestart(t *testing.T, server *idpServer, cfg SourceConfig) *restart {
	t.Helper()
	r := &restart{server: server}
	cfg.Client = &http.Client{Transport: server}
	cfg.OnChange = func(d, _ *Descriptor) error { r.changes = append(r.changes, d); return nil }
	cfg.OnError = func(err error) { r.told = append(r.told, err.Error()) }
	if cfg.URL == "" {
		cfg.URL = "https://idp.example.net/metadata"
	}
	if cfg.Now == nil {
		cfg.Now = testNow
	}
	var err error
	if r.Source, err = NewSource(cfg); err != nil {
		t.Fatal(err)
	}
	return r
}

// The copy on disk is used when the URL does not answer, by the same rules.
func TestCopyOnDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "metadata-cache", CopyName("corp", "https://idp.example.net/metadata"))
	d := withID()
	d.attrs += ` validUntil="2026-03-06T00:00:00Z"`
	signed := signing{key: signers().federation.key}.sign(t, d.bytes())
	up, down := &idpServer{status: 200, body: signed}, &idpServer{}
	if err := newRestart(t, up, SourceConfig{Copy: file, Signers: pinned()}).Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Fatalf("the copy: %v, %v", info, err)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("beside the copy lie %v, %v", left, err)
	}
	expect := func(what string, cfg SourceConfig, used bool, told string) {
		t.Helper()
		cfg.Copy = file
		r := newRestart(t, down, cfg)
		if err := r.Refresh(t.Context()); err == nil {
			t.Errorf("%s: no error tells that the URL does not answer", what)
		}
		if _, ok := r.Current(); ok != used || (len(r.changes) == 1) != used || !strings.Contains(strings.Join(r.told, "\n"), told) {
			t.Errorf("%s: used %t, wanted %t; %q, wanted %q", what, ok, used, r.told, told)
		}
	}
	expect("as it was", SourceConfig{Signers: pinned()}, true, "is used, written on")
	expect("without a pinned signer", SourceConfig{}, true, "is used")
	expect("with another signer", SourceConfig{Signers: []*x509.Certificate{signers().stranger.cert}}, false, "none of the pinned")
	expect("for another entity", SourceConfig{EntityID: "https://other.example.net"}, false, "expected entity ID")
	expect("after validUntil", SourceConfig{Now: func() time.Time { return testNow().Add(48 * time.Hour) }}, false, "expired")
	write := func(content []byte, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.Remove(file), os.WriteFile(file, content, mode), os.Chmod(file, mode)); err != nil {
			t.Fatal(err)
		}
	}
	write(bytes.Replace(signed, []byte("idp.example.net/sso"), []byte("evil.example.net/sso"), 1), 0o600)
	expect("edited", SourceConfig{Signers: pinned()}, false, "changed after")
	write(signed[:len(signed)/2], 0o600)
	expect("half", SourceConfig{}, false, "damaged")
	write(nil, 0o600)
	expect("empty", SourceConfig{}, false, "empty")
	write(signed, 0o666)
	expect("writable by others", SourceConfig{}, false, "others may have written it")
	write(append(signed, bytes.Repeat([]byte(" "), maxFetch)...), 0o600)
	expect("endless", SourceConfig{}, false, "exceeds")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	expect("none", SourceConfig{}, false, "")
	if CopyName("corp", "https://a.example/") == CopyName("corp", "https://b.example/") {
		t.Error("the copy of one URL is that of another")
	}
}

// A bad document never replaces the copy, and the copy never a newer document.
func TestCopyIsTheLastGoodOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "copy.xml")
	server := &idpServer{status: 200, body: good().bytes()}
	r := newRestart(t, server, SourceConfig{Copy: file})
	if err := r.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.body = []byte("<html>")
	if err := r.Refresh(t.Context()); err == nil {
		t.Fatal("a web page is metadata")
	}
	if kept, err := os.ReadFile(file); err != nil || !bytes.Equal(kept, good().bytes()) {
		t.Errorf("the copy was replaced: %v", err)
	}
	newer := &Descriptor{EntityID: testID}
	again := newRestart(t, &idpServer{}, SourceConfig{Copy: file, Known: newer})
	if err := again.Refresh(t.Context()); err == nil {
		t.Error("no error")
	}
	if d, ok := again.Current(); !ok || d != newer || len(again.changes) != 0 {
		t.Error("the copy replaced what was known")
	}
	again.server.status, again.server.body = 200, []byte(strings.Replace(string(good().bytes()), testID, "https://evil.example", 1))
	if err := again.Refresh(t.Context()); err == nil {
		t.Error("the entity ID changed at a reload")
	}
}

// Where nothing can be written there is a warning, and no more.
func TestCopyCannotBeWritten(t *testing.T) {
	inTheWay := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRestart(t, &idpServer{status: 200, body: good().bytes()}, SourceConfig{Copy: filepath.Join(inTheWay, "copy.xml")})
	if err := r.Refresh(t.Context()); err != nil || len(r.changes) != 1 || len(r.told) != 1 || !strings.Contains(r.told[0], "not kept on disk") {
		t.Errorf("%v, %q", err, r.told)
	}
}

// With a pinned signer the document may come over http, and only a document
// that is signed ever replaces the last good one.
func TestSourceWithSigners(t *testing.T) {
	d := withID()
	server := &idpServer{status: 200, body: signing{key: signers().federation.key}.sign(t, d.bytes())}
	r := newRestart(t, server, SourceConfig{URL: "http://idp.example.net/metadata", Signers: pinned()})
	if err := r.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w := strings.Join(r.changes[0].Warnings, "\n"); !strings.Contains(w, "no validUntil") {
		t.Errorf("warnings: %q", w)
	}
	d.keys = keyDescriptor("signing", signers().stranger.cert)
	for what, body := range map[string][]byte{
		"unsigned": d.bytes(), "by a stranger": signing{key: signers().stranger.key}.sign(t, d.bytes()), "empty": nil,
	} {
		server.body = body
		if err := r.Refresh(t.Context()); err == nil || len(r.changes) != 1 {
			t.Errorf("%s: %v", what, err)
		}
	}
	server.body = signing{key: signers().federation.key}.sign(t, d.bytes())
	if err := r.Refresh(t.Context()); err != nil || len(r.changes) != 2 {
		t.Errorf("a new key, signed: %v", err)
	}
	for _, url := range []string{"http://u:p@idp.example.net/", "ftp://idp.example.net/", "http://", "file:///etc/passwd"} {
		if _, err := NewSource(SourceConfig{URL: url, Signers: pinned()}); err == nil {
			t.Errorf("%s was accepted", url)
		}
	}
}

// What the gateway refuses is not the last good document either, and is looked
// at again the next time.
func TestRefusedByTheCaller(t *testing.T) {
	server := &idpServer{status: 200, body: good().bytes(), etag: `"1"`}
	willing := false
	s, err := NewSource(SourceConfig{
		URL: "https://idp.example.net/", Client: &http.Client{Transport: server}, Now: testNow, Copy: filepath.Join(t.TempDir(), "c.xml"),
		OnChange: func(_, _ *Descriptor) error {
			if willing {
				return nil
			}
			return errors.New("not this one")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "not this one") {
		t.Errorf("got %v", err)
	}
	if _, ok := s.Current(); ok {
		t.Error("it is current")
	}
	if _, err := os.Stat(s.cfg.Copy); err == nil {
		t.Error("it was kept on disk")
	}
	willing = true
	if err := s.Refresh(t.Context()); err != nil {
		t.Errorf("later: %v", err)
	}
}

func TestInterval(t *testing.T) {
	for _, c := range []struct {
		attrs string
		want  time.Duration
	}{
		{"", 6 * time.Hour}, {`cacheDuration="PT1H"`, time.Hour}, {`cacheDuration="P7D"`, 6 * time.Hour}, {`cacheDuration="PT1S"`, time.Minute},
		{`validUntil="2026-03-04T07:06:07Z"`, time.Hour}, {`validUntil="2026-03-04T05:06:09Z"`, time.Minute},
	} {
		for what, body := range map[string][]byte{
			"of the entity":    func() []byte { d := good(); d.attrs = " " + c.attrs; return d.bytes() }(),
			"of the aggregate": group(" "+c.attrs, string(group("", good().entity()))),
		} {
			r := newRestart(t, &idpServer{status: 200, body: body}, SourceConfig{})
			if err := r.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := r.interval(); got != c.want {
				t.Errorf("%s %s: %v, wanted %v", c.attrs, what, got, c.want)
			}
		}
	}
}

func TestChanges(t *testing.T) {
	d := good()
	d.slo = `<md:SingleLogoutService Binding="` + redirect + `" Location="https://idp.example.net/slo"/>`
	before, err := Parse(d.bytes(), testNow())
	if err != nil {
		t.Fatal(err)
	}
	if c := before.Changes(before); len(c) != 0 {
		t.Errorf("nothing changed: %q", c)
	}
	next := issue(t, 240, newKey(t, elliptic.P256()), nil, nil)
	d.keys, d.slo, d.attrs = keyDescriptor("signing", next), "", ` validUntil="2026-04-01T00:00:00Z"`
	d.sso = strings.Replace(d.sso, "/sso", "/"+strings.Repeat("x", 5000), 1)
	d.roleAttrs += ` WantAuthnRequestsSigned="true"`
	now, err := Parse(d.bytes(), testNow())
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(now.Changes(before), "\n")
	for _, want := range []string{
		"certificate added: " + Fingerprint(next), "certificate removed: " + Fingerprint(shared()), "(expires 2026-03-14)",
		"sign-on (HTTP-Redirect): https://idp.example.net/sso → https://idp.example.net/xxx", "logout (HTTP-Redirect): https://idp.example.net/slo → none",
		"wants signed requests: true", "valid until: always → 2026-04-01T00:00:00Z",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	if len(all) > 1500 {
		t.Errorf("%d bytes for the log", len(all))
	}
}

func TestExpiring(t *testing.T) {
	certs := []*x509.Certificate{shared(), issue(t, 31*24, newKey(t, elliptic.P256()), nil, nil), issue(t, 29*24, newKey(t, elliptic.P256()), nil, nil)}
	w := Expiring(certs, testNow())
	if len(w) != 2 || !strings.Contains(w[0], Fingerprint(certs[0])) || !strings.Contains(w[1], Fingerprint(certs[2])+" expires within 30 days") {
		t.Errorf("%q", w)
	}
	if w := Expiring(certs[:1], testNow().Add(101*time.Hour)); len(w) != 0 {
		t.Errorf("one that has expired: %q", w)
	}
}
