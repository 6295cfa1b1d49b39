package gateway_test

import (
	"crypto/tls"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

// signedBy returns metadata signed as a federation does, by another library.
func signedBy(t *testing.T, key idptest.Key, document string) string {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(document); err != nil {
		t.Fatal(err)
	}
	doc.Root().CreateAttr("ID", "_federation")
	ctx := dsig.NewDefaultSigningContext(dsig.TLSCertKeyStore(tls.Certificate{Certificate: [][]byte{key.Certificate.Raw}, PrivateKey: key.Signer}))
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	sig, err := ctx.ConstructSignature(doc.Root(), true)
	if err != nil {
		t.Fatal(err)
	}
	doc.Root().InsertChildAt(0, sig)
	out, err := doc.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Signed metadata is fetched, refused when it is not signed, logged as a diff
// when it changes, and kept for a start without its server.
func TestSignedMetadataLives(t *testing.T) {
	s := prepare(t)
	federation, err := idptest.NewRSAKey(2048, time.Now())
	s.must(err)
	next, err := idptest.NewRSAKey(2048, time.Now())
	s.must(err)
	plain := s.read("corp.xml")
	var document atomic.Pointer[string]
	serve := func(text string) { document.Store(&text) }
	serve(plain)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if *document.Load() == "" {
			http.Error(w, "later", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(*document.Load()))
	}))
	t.Cleanup(server.Close)
	s.write("federation.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: federation.Certificate.Raw})))
	s.change("metadata_file: corp.xml", "metadata_url: "+server.URL+"/metadata\n      metadata_certificates: [federation.crt]").run()
	told := func(what string) {
		t.Helper()
		testenv.Eventually(t, what, func() bool { return strings.Contains(s.log.String(), what) })
	}
	told("not signed as a whole")
	if a := s.get(s.url("wiki", "/")); a.status != 503 {
		t.Errorf("a login with unsigned metadata: %d", a.status)
	}
	serve(signedBy(t, federation, plain))
	s.reloads("configuration reloaded")
	told("metadata loaded")
	s.signIn()
	if a := s.get(s.adminURL("/metrics")); !strings.Contains(a.body, `samlgate_cert_expiry_seconds{kind="metadata",name="corp"}`) ||
		!strings.Contains(a.body, `samlgate_cert_expiry_seconds{kind="idp",name="corp"}`) {
		t.Error("the metrics do not tell when the signer's or the fetched certificate expires")
	}
	serve(strings.Replace(signedBy(t, federation, plain), "/idp/sso", "/idp/evil", 1))
	s.reloads("configuration reloaded")
	told("changed after it was signed")
	s.client = testenv.NewClient(t)
	s.signIn() // with the last good one

	i := strings.Index(plain, "<md:KeyDescriptor")
	if i < 0 {
		t.Fatalf("no key descriptor in %s", plain)
	}
	added := `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>` +
		strings.Join(strings.Split(string(pem.EncodeToMemory(&pem.Block{Type: "X", Bytes: next.Certificate.Raw})), "\n")[1:], "\n") +
		`</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`
	added = strings.Replace(added, "-----END X-----\n", "", 1)
	serve(signedBy(t, federation, plain[:i]+added+plain[i:]))
	s.reloads("configuration reloaded")
	told("certificate added: ")

	serve("")
	s.terminate()
	s.ends()
	s.run() // another process, while the server is away
	told("is used, written on")
	s.client = testenv.NewClient(t)
	s.signIn()
	if left, err := os.ReadDir(s.path("state/metadata-cache")); err != nil || len(left) != 1 || !strings.HasPrefix(left[0].Name(), "corp-") {
		t.Errorf("the copy: %v, %v", left, err)
	}

	// A stricter rule judges what is there, too: in force, on disk, and in a file.
	s.change("metadata_certificates:", "metadata_max_validity: 48h\n      metadata_certificates:")
	s.reloads("configuration reloaded")
	told("it has no validUntil, and must have one at most 48h0m0s ahead")
	s.client = testenv.NewClient(t)
	if a := s.get(s.url("wiki", "/")); a.status != 503 {
		t.Errorf("a login with metadata that never ends: %d", a.status)
	}
	s.change("metadata_url: "+server.URL+"/metadata", "metadata_file: corp.xml")
	s.change("      metadata_certificates: [federation.crt]\n", "")
	s.reloads("metadata_file: the metadata stays valid for too long")
}
