package upstream

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const handshake = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// switched is the answer to handshake; the key and its answer are the example
// of RFC 6455 §1.3.
const switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

// wsApp upgrades and then echoes bytes.
func wsApp(w http.ResponseWriter, r *http.Request) {
	c, b, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	if r.Header.Get("Upgrade") == "" {
		_, _ = io.WriteString(c, "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		return
	}
	_, _ = io.WriteString(c, switched)
	_, _ = io.Copy(c, b)
}

func dialGate(t testing.TB, g *gate) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", g.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	return c, bufio.NewReader(c)
}

func openSocket(t testing.TB, g *gate) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, b := dialGate(t, g)
	_, _ = io.WriteString(c, handshake)
	if head, err := readHead(b); err != nil || !strings.HasPrefix(head, "HTTP/1.1 101") {
		t.Fatalf("handshake: %q, %v", head, err)
	}
	return c, b
}

func TestWebSocketEcho(t *testing.T) {
	for name, edit := range map[string]edit{
		"plain": func(*Config, *Exchange) {},
		"idle":  func(c *Config, _ *Exchange) { c.Idle = time.Minute },
	} {
		c, b := openSocket(t, newGate(t, newApp(t, wsApp), edit))
		for i := range 100 {
			want := fmt.Sprintf("frame %03d", i)
			_, _ = io.WriteString(c, want)
			got := make([]byte, len(want))
			if _, err := io.ReadFull(b, got); err != nil || string(got) != want {
				t.Fatalf("%s: echo %q, %v", name, got, err)
			}
		}
	}
}

func TestSilentWebSocketIsCut(t *testing.T) {
	c, b := openSocket(t, newGate(t, newApp(t, wsApp), func(c *Config, _ *Exchange) { c.Idle = 30 * time.Millisecond }))
	if _, err := b.ReadByte(); err == nil || isTimeout(err) {
		t.Errorf("the silent socket stayed open: %v", err)
	}
	c.Close()
}

func isTimeout(err error) bool {
	n, ok := err.(net.Error)
	return ok && n.Timeout()
}

func TestOnlyWebSocketUpgradesPass(t *testing.T) {
	g := newGate(t, newApp(t, echo))
	deny := map[string]string{
		"h2c":        "GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
		"h2c hidden": "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
		"two":        "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\nSec-WebSocket-Key: x\r\n",
		"two lines":  "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\nSec-WebSocket-Key: x\r\n",
		"not GET":    "POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nContent-Length: 0\r\n",
		"body":       "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nContent-Length: 1\r\n",
		"no key":     "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
		"no token":   "GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n",
		"binary":     "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: \xff\xfe\r\n",
	}
	for name, head := range deny {
		body := ""
		if name == "body" {
			body = "x"
		}
		got := raw(t, g.URL, head+"Host: x\r\n\r\n"+body, "X-Forwarded-Proto: https")
		if !strings.HasPrefix(got, "HTTP/1.1 200") || strings.Contains(got, "Upgrade: ") || strings.Contains(got, "Http2-Settings") || strings.Contains(got, "Connection: ") {
			t.Errorf("%s arrived: %q", name, got)
		}
	}
}

func TestUnaskedOrFalseSwitch(t *testing.T) {
	plain := "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	deny := map[string]struct{ request, answer string }{
		"unasked":           {plain, switched},
		"unasked, nameless": {plain, "HTTP/1.1 101 Switching Protocols\r\n\r\n"},
		"other protocol":    {handshake, strings.Replace(switched, "websocket", "h2c", 1)},
		"nameless":          {handshake, "HTTP/1.1 101 Switching Protocols\r\n\r\n"},
		"wrong accept":      {handshake, strings.Replace(switched, "s3pP", "s3pp", 1)},
	}
	for name, test := range deny {
		g := newGate(t, newRawApp(t, func(string) string { return test.answer }))
		if got := raw(t, g.URL, test.request, "\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 502") || g.failed(t) != Protocol {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestInterimResponses(t *testing.T) {
	final := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
	hint := "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nSet-Cookie: __Host-samlgate=x\r\n\r\n"
	keepsOwn := func(_ *Config, x *Exchange) {
		x.Modify = func(res *http.Response) error { res.Header.Set("X-Ours", "1"); return nil }
	}
	g := newGate(t, newRawApp(t, func(string) string { return "HTTP/1.1 102 Processing\r\n\r\n" + hint + final }), keepsOwn)
	got := raw(t, g.URL, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "")
	if !strings.HasPrefix(got, "HTTP/1.1 103") || strings.Contains(got, "102") || strings.Contains(got, "Set-Cookie") ||
		strings.Count(got, "Link: ") != 1 || !strings.HasSuffix(got, "ok") || !strings.Contains(got, "X-Ours") {
		t.Errorf("client saw %q", got)
	}
	if got := raw(t, g.URL, "GET / HTTP/1.0\r\nHost: x\r\n\r\n", ""); !strings.HasPrefix(got, "HTTP/1.0 200") {
		t.Errorf("HTTP/1.0 client saw %q", got)
	}
	for n, want := range map[int]string{5: "HTTP/1.1 200", 6: "HTTP/1.1 502", 5000: "HTTP/1.1 502"} {
		flood := strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", n)
		g := newGate(t, newRawApp(t, func(string) string { return flood + final }))
		if got := raw(t, g.URL, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", ""); !strings.HasPrefix(got, want) {
			t.Errorf("%d interim responses: %q", n, got)
		}
	}
}

// pool counts the upstream connections that a series of requests used.
func pool(t testing.TB, app http.HandlerFunc, requests int, header ...string) int {
	t.Helper()
	var mu sync.Mutex
	seen := map[string]bool{}
	g := newGate(t, newApp(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen[r.RemoteAddr] = true
		mu.Unlock()
		app(w, r)
	}))
	for range requests {
		_ = text(t, get(t, g.URL, header...))
	}
	mu.Lock()
	defer mu.Unlock()
	return len(seen)
}

func TestConnectionAuthIsNeverPooled(t *testing.T) {
	offers := func(scheme, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", scheme)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, body)
		}
	}
	if n := pool(t, echo, 4); n != 1 {
		t.Errorf("plain requests used %d connections", n)
	}
	if n := pool(t, offers(`Basic realm="x"`, "no"), 4, "Authorization", "Basic eDp5"); n != 1 {
		t.Errorf("Basic used %d connections", n)
	}
	for _, v := range []string{"NTLM TlRMTVNTUAAB", "Negotiate YII=", "negotiate YII=", "NTLM"} {
		if n := pool(t, echo, 4, "Authorization", v); n != 4 {
			t.Errorf("%.9q: %d connections for 4 requests", v, n)
		}
	}
	for _, v := range []string{"NTLM", "Negotiate", `Basic realm="x", NTLM`, "ntlm TlRM"} {
		if n := pool(t, offers(v, "no"), 4); n != 4 {
			t.Errorf("offer of %q: %d connections for 4 requests", v, n)
		}
		if n := pool(t, offers(v, ""), 4); n != 4 {
			t.Errorf("offer of %q without body: %d connections for 4 requests", v, n)
		}
	}
}

// What an upstream sends beyond its answer is nobody's answer.
func TestLeftoverAnswerIsNotServed(t *testing.T) {
	var n atomic.Int32
	app := newRawApp(t, func(string) string {
		if n.Add(1) == 1 {
			return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst" + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
		}
		return "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond"
	})
	g := newGate(t, app)
	for _, want := range []string{"first", "second"} {
		if got := text(t, get(t, g.URL)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPostsAreNotRepeated(t *testing.T) {
	var posts atomic.Int32
	app := newRawApp(t, func(head string) string {
		if strings.HasPrefix(head, "POST") {
			posts.Add(1)
			return "" // read, then hung up
		}
		return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	})
	g := newGate(t, app)
	get(t, g.URL) // leaves a pooled connection
	got := raw(t, g.URL, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 502") || posts.Load() != 1 {
		t.Errorf("sent %d times, answered %q", posts.Load(), got)
	}
}

// The end of a session cancels the context of its requests.
func TestCancellingCutsAWebSocket(t *testing.T) {
	u, err := New(Config{URL: parse(t, newApp(t, wsApp))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	over := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(over)
		w.Header().Set("X-Request-Id", "1")
		u.Forward(w, r.WithContext(ctx), Exchange{Path: "/"})
	}))
	defer s.Close()
	c, b := openSocket(t, &gate{Server: s})
	defer c.Close()
	end()
	if _, err := b.ReadByte(); err == nil || isTimeout(err) {
		t.Errorf("the socket outlived its session: %v", err)
	}
	<-over
}
