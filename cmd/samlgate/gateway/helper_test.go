package gateway_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/cmd/samlgate/gateway"
	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

// site is a gateway that runs in this process, with an identity provider that
// signs in Ana, and one app.
type site struct {
	testing.TB
	dir, port, admin string
	idp              *httptest.Server
	issuer           *idptest.IDP     // behind idp
	app              http.HandlerFunc // what the app does; it says hello when nil
	front            func(http.Handler) http.Handler
	drain            chan os.Signal
	reload           chan func() (*config.Config, error)
	interrupt        context.CancelFunc
	ended            chan error
	log, audit       *journal
	client           *http.Client
	ahead            *atomic.Int64 // how far the gateway's clock is ahead of ours, a time.Duration
}

func (s *site) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

// journal is what was logged so far.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (j *journal) Write(p []byte) (int, error) { j.mu.Lock(); defer j.mu.Unlock(); return j.b.Write(p) }
func (j *journal) String() string              { j.mu.Lock(); defer j.mu.Unlock(); return j.b.String() }

const (
	adminToken = "0123456789abcdef0123456789abcdef"
	cookieKey  = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
)

const ordinary = `server:
  listen: 127.0.0.1:PORT
  external_url: http://sso.localhost:PORT
  admin_listen: 127.0.0.1:ADMIN
  admin_tokens: [{token: ` + adminToken + `}]
  drain: {delay: 50ms, timeout: 5s}
session: {cookie_keys: [` + cookieKey + `]}
saml:
  keys: [{cert_file: sp.crt, key_file: sp.key}]
  idps:
    - name: corp
      metadata_file: corp.xml
headers: {signing: {keys: [{id: k1, file: signing.key}]}}
audit: {stdout: true}
routes:
  - {name: wiki, host: wiki.localhost, upstream: APP, public: [/about]}
`

var once = sync.OnceValues(func() (*struct{ idp, sp idptest.Key }, error) {
	idp, err := idptest.NewRSAKey(2048, time.Now())
	sp, err2 := idptest.NewRSAKey(2048, time.Now())
	return &struct{ idp, sp idptest.Key }{idp, sp}, errors.Join(err, err2)
})

// prepare writes the files of a site and runs nothing yet.
func prepare(t testing.TB) *site {
	t.Helper()
	s := &site{TB: t, dir: t.TempDir(), port: testenv.FreePort(t), admin: testenv.FreePort(t), client: testenv.NewClient(t), ahead: new(atomic.Int64)}
	keys, err := once()
	s.must(err)
	s.serveIDP(keys.idp, keys.sp.Certificate)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.app != nil {
			s.app(w, r)
			return
		}
		_, _ = io.WriteString(w, "hello "+r.Header.Get("X-Auth-Email"))
	}))
	t.Cleanup(app.Close)
	private, err := x509.MarshalPKCS8PrivateKey(keys.sp.Signer)
	s.must(err)
	s.write("sp.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: keys.sp.Certificate.Raw})))
	s.write("sp.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	signing, err := headers.GenerateSigningKey()
	s.must(err)
	file, err := headers.MarshalSigningKey(signing)
	s.must(err)
	s.write("signing.key", string(file))
	s.write("corp.xml", s.get(s.idp.URL+"/idp/metadata").body)
	s.write("config.yaml", strings.NewReplacer("PORT", s.port, "ADMIN", s.admin, "APP", app.URL).Replace(ordinary))
	return s
}

func (s *site) serveIDP(key idptest.Key, sp *x509.Certificate) {
	s.Helper()
	mux := http.NewServeMux()
	s.idp = httptest.NewServer(mux)
	s.Cleanup(s.idp.Close)
	origin := "http://sso.localhost:" + s.port + "/.samlgate/saml/"
	idp, err := idptest.New(idptest.Config{
		EntityID: "https://idp.example.com/metadata", BaseURL: s.idp.URL + "/idp", Key: &key, Also: []idptest.Key{},
		People: []idptest.Person{{Email: "ana@example.com", First: "Ana", Last: "Souza", Roles: []string{"staff"}}, {Email: "jos\u00e9@example.com", First: "José"}},
		SPs:    []idptest.SP{{EntityID: origin + "metadata", ACSURL: origin + "acs", Certificates: []*x509.Certificate{sp}}},
	})
	s.must(err)
	s.issuer = idp
	mux.Handle("/idp/", idp)
}

// run starts the gateway and waits until it serves.
func (s *site) run() *site {
	s.Helper()
	cfg, err := s.load()
	s.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	started := make(chan struct{})
	s.drain, s.reload, s.ended = make(chan os.Signal, 2), make(chan func() (*config.Config, error)), make(chan error, 1)
	s.log, s.audit, s.interrupt = &journal{}, &journal{}, cancel
	opts := gateway.Options{
		Version: "test", Audit: s.audit, Log: slog.New(slog.NewTextHandler(s.log, nil)), Now: s.now, State: s.path("state"), Drain: s.drain, Reload: s.reload, Front: s.front,
		Started: func(_, _ net.Addr) { close(started) },
	}
	done := make(chan struct{})
	go func() { defer close(done); s.ended <- gateway.Run(ctx, cfg, opts) }() // ends with ctx
	s.Cleanup(func() { cancel(); <-done })
	select {
	case <-started:
	case err := <-s.ended:
		s.Fatalf("the gateway ended: %v\n%s", err, s.log)
	case <-time.After(20 * time.Second):
		s.Fatalf("the gateway does not start\n%s", s.log)
	}
	return s
}

func start(t testing.TB) *site { t.Helper(); return prepare(t).run() }

func (s *site) load() (*config.Config, error) {
	return config.Load(s.path("config.yaml"), config.Options{})
}

// reloads asks for the file to be read again and waits until log says so.
func (s *site) reloads(says string) {
	s.Helper()
	s.reload <- s.load
	s.reload <- func() (*config.Config, error) { return nil, errors.New("the end of the reload") } // taken once the first is done
	if !strings.Contains(s.log.String(), says) {
		s.Fatalf("the log lacks %q:\n%s", says, s.log)
	}
}

// ends waits for the end of the run.
func (s *site) ends() {
	s.Helper()
	select {
	case err := <-s.ended:
		if err != nil {
			s.Errorf("the gateway ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		s.Fatalf("the gateway goes on\n%s", s.log)
	}
}

func (s *site) terminate() { s.drain <- syscall.SIGTERM }

func (s *site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) write(name, text string) {
	s.Helper()
	s.must(os.WriteFile(s.path(name), []byte(text), 0o600))
}

func (s *site) read(name string) string {
	s.Helper()
	b, err := os.ReadFile(s.path(name))
	s.must(err)
	return string(b)
}

// change replaces a text of the configuration.
func (s *site) change(old, replacement string) *site {
	s.Helper()
	text := s.read("config.yaml")
	if !strings.Contains(text, old) {
		s.Fatalf("the configuration lacks %q", old)
	}
	s.write("config.yaml", strings.Replace(text, old, replacement, 1))
	return s
}

func (s *site) url(host, path string) string { return "http://" + host + ".localhost:" + s.port + path }
func (s *site) adminURL(path string) string  { return "http://127.0.0.1:" + s.admin + path }

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	url    string
}

func (s *site) do(c *http.Client, r *http.Request) answer {
	s.Helper()
	res, err := c.Do(r)
	s.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	s.must(err)
	return answer{res.StatusCode, res.Header, string(b), res.Request.URL.String()}
}

func (s *site) get(url string, header ...string) answer {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, url, nil)
	s.must(err)
	r.Header.Set("Accept", "text/html")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	return s.do(s.client, r)
}

var (
	action = regexp.MustCompile(`action="([^"]*)"`)
	hidden = regexp.MustCompile(`name="(SAMLRequest|SAMLResponse|RelayState|SigAlg|Signature)" value="([^"]*)"`)
)

// post fills in the form of a page and sends it.
func (s *site) post(page answer, more ...string) answer {
	s.Helper()
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page.body, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	m := action.FindStringSubmatch(page.body)
	if m == nil {
		s.Fatalf("%s holds no form (status %d):\n%s", page.url, page.status, page.body)
	}
	base, err := url.Parse(page.url)
	s.must(err)
	to, err := base.Parse(html.UnescapeString(m[1]))
	s.must(err)
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, to.String(), strings.NewReader(form.Encode()))
	s.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/html")
	return s.do(s.client, r)
}

// signIn signs Ana in at the wiki.
func (s *site) signIn() {
	s.Helper()
	chooser := s.get(s.url("wiki", "/"))
	back := s.post(s.post(chooser, "person", "ana@example.com"))
	if back.body != "hello ana@example.com" {
		s.Fatalf("after the sign-in %s answers %d:\n%s\n%s", back.url, back.status, back.body, s.log)
	}
}

// in reports whether the browser is signed in.
func (s *site) in() bool {
	s.Helper()
	return s.get(s.url("wiki", "/")).body == "hello ana@example.com"
}
