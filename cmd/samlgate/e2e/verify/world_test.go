package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"text/template"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/headers/httpsig"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }

// world is a gateway that signs requests with one algorithm, with Ana signed in,
// and a recorder where its apps should be.
type world struct {
	site      *testenv.Site
	client    *http.Client
	rec       *recorder
	algorithm string
	key       *httpsig.Key  // the gateway's own
	private   crypto.Signer // of the same
	secret    string        // text of its file, for hmac-sha256
	public    []byte        // what an attacker could take for a secret

	jwks    string       // where apps find the public keys
	keys    atomic.Value // of []byte: what they find there
	fetches atomic.Int32 // how often they looked
}

// The two routes have one host and differ in their audience.
var config = template.Must(template.New("config").Parse(`
server:
  listen: 127.0.0.1:{{.Site.Port}}
  external_url: {{.Site.Origin}}
  admin_listen: {{.Site.Admin}}
  drain: {delay: 0s, timeout: 1s}
store: {driver: embedded}
session: {cookie_keys: ["${file:cookie.key}"]}
saml:
  entity_id: {{.Site.Origin}}/.samlgate/saml/metadata
  keys: [{cert_file: sp.crt, key_file: sp.key}]
  idps: [{name: corp, display_name: Example Corp, metadata_file: idp.xml}]
headers:
{{.Extra.Names}}  signing:
    keys: [{id: m1, file: message.key}, {id: k1, file: signing.key}]
    http_signature: {enabled: true, algorithm: {{.Algorithm}}{{.Extra.Signature}}}
routes:
  - {name: wiki, host: wiki.localhost, upstream: "http://{{.Upstream}}"}
{{if .Two}}  - {name: other, host: wiki.localhost, path: /other, upstream: "http://{{.Upstream}}"}
{{end}}`))

// startWorlds starts one gateway for each algorithm, all at one identity provider.
func startWorlds(t *testing.T, algorithms ...string) []*world {
	t.Helper()
	return startWorldsWith(t, extra{}, algorithms...)
}

// extra is what a configuration has more.
type extra struct {
	Names     string // lines below headers
	Signature string // in headers.signing.http_signature, after a comma
}

func startWorldsWith(t *testing.T, more extra, algorithms ...string) []*world {
	t.Helper()
	var worlds []*world
	var sps []testenv.SPInfo
	for _, algorithm := range algorithms {
		w := &world{site: testenv.NewSite(t), algorithm: algorithm, client: testenv.NewClient(t)}
		w.site.Keygen(t)
		sps = append(sps, testenv.SPInfo{
			EntityID: w.site.Origin() + "/.samlgate/saml/metadata", ACS: w.site.Origin() + "/.samlgate/saml/acs",
			Certificate: testenv.ReadCertificate(t, w.site.Path("sp.crt")),
		})
		worlds = append(worlds, w)
	}
	idp := testenv.StartSimpleSAMLphp(t, sps...)
	for _, w := range worlds {
		w.start(t, idp, more)
	}
	return worlds
}

func (w *world) start(t *testing.T, idp *testenv.SSP, more extra) {
	t.Helper()
	w.rec = startRecorder(t)
	var text strings.Builder
	err := config.Execute(&text, map[string]any{
		"Site": w.site, "Extra": more, "Algorithm": w.algorithm, "Upstream": w.rec.addr, "Two": w.algorithm != httpsig.HMACSHA256,
	})
	if err != nil {
		t.Fatal(err)
	}
	testenv.StartGateway(t, w.site, text.String(), map[string][]byte{"idp.xml": idp.Metadata(t), "message.key": w.makeKey(t)})
	form := idp.Login(t, w.client, w.site.App("wiki")+"/", testenv.Ana)
	res := testenv.Follow(t, w.client, w.post(t, form.Action.String(), form.Values))
	if res.StatusCode != http.StatusNoContent {
		t.Fatalf("Ana's sign-in ends with %d", res.StatusCode)
	}
	w.publish(t)
}

func (w *world) post(t *testing.T, address string, form url.Values) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "text/html")
	res, err := w.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// makeKey makes the key that signs requests, and returns its file.
func (w *world) makeKey(t *testing.T) []byte {
	t.Helper()
	if w.algorithm == httpsig.HMACSHA256 {
		secret := make([]byte, 32)
		_, _ = rand.Read(secret) // crypto/rand never fails
		w.secret = hex.EncodeToString(secret)
		w.setKey(httpsig.NewSecretKey("m1", secret))(t)
		return []byte(w.secret + "\n")
	}
	private := newPrivate(t, w.algorithm)
	w.private = private
	w.setKey(httpsig.NewPrivateKey("m1", private))(t)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	w.public = spki[len(spki)-32:]
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func newPrivate(t testing.TB, algorithm string) crypto.Signer {
	t.Helper()
	if algorithm == httpsig.ECDSAP256SHA256 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	key, err := headers.GenerateSigningKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (w *world) setKey(key *httpsig.Key, err error) func(testing.TB) {
	w.key = key
	return func(t testing.TB) {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// publish serves the gateway's keys at a loopback address, since not every
// language knows that names below localhost are this machine.
func (w *world) publish(t *testing.T) {
	t.Helper()
	res, err := w.client.Get(w.site.App("wiki") + "/.samlgate/jwks.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	keys, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the gateway's keys: %d, %v", res.StatusCode, err)
	}
	w.keys.Store(keys)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		w.fetches.Add(1)
		_, _ = rw.Write(w.keys.Load().([]byte)) // a client that left needs no answer
	}))
	t.Cleanup(srv.Close)
	w.jwks = srv.URL + "/jwks.json"
}

// authority is the host of the app.
func (w *world) authority() string { return "wiki.localhost:" + w.site.Port }

// do sends a request of Ana's browser through the gateway.
func (w *world) do(t testing.TB, method, target, body string, fields ...string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.site.App("wiki")+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.URL.Opaque = "//" + req.URL.Host + target // as spelled
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		req.Header[name] = []string{value} // as spelled
	}
	res, err := testenv.NoRedirects(w.client).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// genuine returns a request of Ana as the gateway sends it to an app, which has
// not received it yet.
func (w *world) genuine(t testing.TB, target string) message {
	t.Helper()
	w.rec.to("")
	if status, _ := w.do(t, http.MethodGet, target, ""); status != http.StatusNoContent {
		t.Fatalf("GET %s: the gateway answers %d", target, status)
	}
	return parse(t, w.rec.last())
}
