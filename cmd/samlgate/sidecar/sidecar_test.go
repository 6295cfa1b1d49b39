package sidecar

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/headers"
)

// world is a sidecar in front of an app that shows what it received.
type world struct {
	t       *testing.T
	server  *httptest.Server
	signer  *headers.MessageSigner
	managed *headers.Managed
	keys    *headers.KeySet
}

func newWorld(t *testing.T) *world {
	t.Helper()
	key := headers.Key{ID: "k1", Private: ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", ed25519.SeedSize)))}
	keys, err := (*headers.KeySet)(nil).With(key)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := headers.NewMessageSigner(headers.MessageSignerConfig{Keys: []headers.Key{key}, DigestBytes: 64})
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, signer: signer, managed: headers.NewManaged(), keys: keys}
}

// start starts a sidecar with an app, or one that gives verdicts alone.
func (w *world) start(app http.HandlerFunc, anonymous bool) {
	w.t.Helper()
	c := Config{Managed: w.managed, Anonymous: anonymous, Log: slog.New(slog.DiscardHandler)}
	if app != nil {
		backend := httptest.NewServer(app)
		w.t.Cleanup(backend.Close)
		c.Upstream, _ = url.Parse(backend.URL)
	}
	w.server = httptest.NewUnstartedServer(nil)
	var err error
	c.Verifier, err = headers.NewVerifier(headers.VerifierConfig{
		Issuer: "https://sso.example.com", Audience: "wiki", Keys: w.keys, Proof: headers.BySignature, Authorities: []string{"wiki.example.com"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if w.server.Config.Handler, err = New(c); err != nil {
		w.t.Fatal(err)
	}
	w.server.Start()
	w.t.Cleanup(w.server.Close)
}

// request is one as the gateway sends it, signed or not.
func (w *world) request(target string, signed bool) *http.Request {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, w.server.URL+target, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Host = "wiki.example.com"
	r.Header.Set("X-Forwarded-For", "192.0.2.7")
	r.Header.Set("X-Forwarded-Proto", "https")
	if signed {
		r.Header.Set("X-Auth-Email", "ana@example.com")
		if err := w.signer.Sign(r, w.managed, "wiki"); err != nil {
			w.t.Fatal(err)
		}
	}
	return r
}

func (w *world) do(r *http.Request) (status int, body string, h http.Header) {
	w.t.Helper()
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, string(text), res.Header
}

func show(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s|%s|%s|%s", r.Method, r.RequestURI, r.Host, r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Forwarded-Proto"))
	for name, values := range r.Header {
		if headers.NewManaged().Has(name) {
			fmt.Fprintf(w, "|%s=%s", name, strings.Join(values, "+"))
		}
	}
}

func TestSidecarForwardsWhatVerifies(t *testing.T) {
	w := newWorld(t)
	w.start(show, false)
	r := w.request("/a%2Fb/(1)'?q=a;b&c=%zz", true)
	r.Header["Connection"] = []string{"X-Auth-Email"} // of somebody on the way: it is not signed
	status, body, _ := w.do(r)
	want := "GET /a%2Fb/(1)'?q=a;b&c=%zz|wiki.example.com|192.0.2.7|https"
	if status != 200 || !strings.HasPrefix(body, want) || !strings.Contains(body, "|X-Auth-Email=ana@example.com") || !strings.Contains(body, "|X-Auth-Audience=wiki") {
		t.Errorf("%d %s", status, body)
	}
	for name, r := range map[string]*http.Request{
		"a replay":         r,
		"nobody's":         w.request("/", false),
		"a mere assertion": func() *http.Request { r := w.request("/", false); r.Header.Set("X-Auth-Email", "boss"); return r }(),
		"one more header":  func() *http.Request { r := w.request("/", true); r.Header.Set("Remote-User", "boss"); return r }(),
	} {
		if status, body, h := w.do(r); status/100 != 4 || strings.Contains(body, "boss") || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

// A WebSocket passes, and only where its handshake verifies.
func TestSidecarPassesWebSockets(t *testing.T) {
	w := newWorld(t)
	w.start(func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		// RFC 6455 §1.3: the answer to the sample nonce.
		fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello %s", r.Header.Get("X-Auth-Email"))
		_ = rw.Flush()
	}, false)
	for signed, want := range map[bool]int{true: 101, false: 401} {
		r := w.request("/ws", signed)
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
		r.Header.Set("Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
		r.Header.Set("Sec-Websocket-Version", "13")
		status, body, _ := w.do(r)
		if status != want || signed && body != "hello ana@example.com" {
			t.Errorf("signed %v: %d %s", signed, status, body)
		}
	}
}

// A signed body reaches the app as it was, and no other.
func TestSidecarPassesSignedBodies(t *testing.T) {
	w := newWorld(t)
	w.start(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %d %v", text, r.ContentLength, err)
	}, false)
	post := func(signed, sent string) *http.Request {
		r := w.request("/", false)
		r.Method, r.ContentLength, r.Body = http.MethodPost, int64(len(signed)), io.NopCloser(strings.NewReader(signed))
		if err := w.signer.Sign(r, w.managed, "wiki"); err != nil {
			t.Fatal(err)
		}
		r.Body = io.NopCloser(strings.NewReader(sent))
		return r
	}
	if status, body, _ := w.do(post("what she wrote", "what she wrote")); status != 200 || body != "what she wrote 14 <nil>" {
		t.Errorf("%d %s", status, body)
	}
	if status, body, _ := w.do(post("what she wrote", "what he wrote!")); status != 403 {
		t.Errorf("another body: %d %s", status, body)
	}
}

// With --anonymous nobody gets through, and as nobody.
func TestAnonymousIsNobody(t *testing.T) {
	w := newWorld(t)
	w.start(show, true)
	r := w.request("/public", false)
	for _, name := range []string{"X-Auth-Email", "X_Auth_Email", "x.auth.roles", "Remote-User", "X-WEBAUTH-USER"} {
		r.Header[name] = []string{"boss"}
	}
	if status, body, _ := w.do(r); status != 200 || strings.Contains(body, "boss") || strings.Contains(body, "=") {
		t.Errorf("%d %s", status, body)
	}
	r = w.request("/", true)
	r.Header.Set("X-Auth-Email", "boss@example.com")
	if status, body, _ := w.do(r); status != 403 {
		t.Errorf("a signature that does not fit: %d %s", status, body)
	}
}

func TestVerdicts(t *testing.T) {
	w := newWorld(t)
	w.start(nil, false)
	asks := func(line string, signed bool) *http.Request {
		r := w.request("/page?q=1", signed)
		r.URL.Path, r.URL.RawQuery = "/.verify", ""
		if line != "" {
			r.Header[RequestHeader] = []string{line}
		}
		return r
	}
	if status, _, h := w.do(asks("GET /page?q=1 HTTP/1.1", true)); status != 200 || h.Get("X-Auth-Email") != "ana@example.com" {
		t.Errorf("genuine: %d %v", status, h)
	}
	if status, _, _ := w.do(asks("GET /page?q=1 HTTP/1.1", false)); status != 401 {
		t.Errorf("unsigned: %d", status)
	}
	for _, line := range []string{"", "GET /other HTTP/1.1", "POST /page?q=1 HTTP/1.1", "GET http://wiki.example.com/page?q=1 HTTP/1.1", "GET /page?q=1", "GET /page?q=1 HTTP/1.1 x", " /page?q=1 HTTP/1.1"} {
		if status, _, h := w.do(asks(line, true)); status != 403 || h.Get("X-Auth-Email") != "" {
			t.Errorf("%q: %d", line, status)
		}
	}
	r := asks("GET /page?q=1 HTTP/1.1", true)
	r.Header[RequestHeader] = []string{"GET /page?q=1 HTTP/1.1", "GET /page?q=1 HTTP/1.1"}
	if status, _, _ := w.do(r); status != 403 {
		t.Errorf("asked about two requests: %d", status)
	}
}
