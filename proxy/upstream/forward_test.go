package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// echo answers with the request line and headers it saw.
func echo(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	fmt.Fprintf(w, "%s %s\nHost: %s\nTrailers: %d\n", r.Method, r.RequestURI, r.Host, len(r.Trailer))
	_ = r.Header.Write(w)
}

func TestPathAndQueryArriveAsSent(t *testing.T) {
	g := newGate(t, newApp(t, echo))
	for _, target := range []string{"/", "/a/b/", "/a%20b%2Bc+d", "/%C3%BC?a=1;b=2", "/x?a=%zz&&b", "/x?", "/it's(me)!*"} {
		got := raw(t, g.URL, "GET "+target+" HTTP/1.1\r\nHost: wiki.example.com\r\nConnection: close\r\n\r\n", "")
		want := "GET " + target + "\nHost: wiki.example.com\n"
		if !strings.Contains(got, want) {
			t.Errorf("%q arrived as %q", target, got)
		}
	}
}

func TestForwardingHeadersAreOurs(t *testing.T) {
	g := newGate(t, newApp(t, echo))
	got := text(t, get(t, g.URL, "X-Forwarded-For", "6.6.6.6", "X-Forwarded-Proto", "gopher", "X-Forwarded-Host", "evil",
		"Forwarded", "for=6.6.6.6", "Te", "trailers, evil", "Keep-Alive", "5", "Proxy-Authorization", "Basic eDp5"))
	for _, want := range []string{"X-Forwarded-For: 192.0.2.7\r", "X-Forwarded-Proto: https\r", "X-Forwarded-Host: 127.0.0.1"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	for _, gone := range []string{"6.6.6.6", "gopher", "evil", "Keep-Alive", "Proxy-Auth"} {
		if strings.Contains(got, gone) {
			t.Errorf("%q survived in %q", gone, got)
		}
	}
}

// The attack of field.md 4.5: "Connection: X-Auth-Email" would take away a
// header that was set before hop-by-hop headers go.
func TestConnectionHeaderCannotRemoveOurs(t *testing.T) {
	g := newGate(t, newApp(t, echo), func(_ *Config, x *Exchange) {
		x.Prepare = func(out *http.Request) error {
			out.Header.Del("X-Auth-Email")
			out.Header.Set("X-Auth-Email", "ana@example.com")
			out.Header.Del("X-Forwarded-For") // as a strip of all X-Forwarded-* does
			return nil
		}
	})
	got := text(t, get(t, g.URL, "Connection", "X-Auth-Email, X-Forwarded-For", "X-Auth-Email", "eve@example.com"))
	if strings.Count(got, "X-Auth-Email: ana@example.com\r") != 1 || strings.Contains(got, "eve") || !strings.Contains(got, "X-Forwarded-For: 192.0.2.7\r") {
		t.Errorf("arrived: %q", got)
	}
}

func TestHostAndBasePath(t *testing.T) {
	app := newApp(t, echo)
	own := newGate(t, app+"/base%2Fx/", func(c *Config, x *Exchange) { c.OwnHost, x.Host = true, "wiki.example.com" })
	got := text(t, get(t, own.URL+"/p%20q"))
	if !strings.Contains(got, "GET /base%2Fx/p%20q\nHost: "+strings.TrimPrefix(app, "http://")) || !strings.Contains(got, "X-Forwarded-Host: wiki.example.com\r") {
		t.Errorf("arrived: %q", got)
	}
	given := newGate(t, app, func(_ *Config, x *Exchange) { x.Host, x.Path, x.Client = "wiki.example.com", "/a%2Bb", netip.Addr{} })
	got = text(t, get(t, given.URL+"/whatever"))
	if !strings.Contains(got, "GET /a%2Bb\nHost: wiki.example.com\n") || strings.Contains(got, "X-Forwarded-For") {
		t.Errorf("arrived: %q", got)
	}
}

func TestRequestTrailersStayHere(t *testing.T) {
	g := newGate(t, newApp(t, echo))
	got := raw(t, g.URL, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Auth-Email\r\nTE: trailers\r\nConnection: close, te\r\n\r\n"+
		"3\r\nabc\r\n0\r\nX-Auth-Email: eve@example.com\r\n\r\n", "")
	if !strings.Contains(got, "Trailers: 0\n") || strings.Contains(got, "eve") {
		t.Errorf("arrived: %q", got)
	}
}

func TestResponseTrailers(t *testing.T) {
	g := newGate(t, newApp(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Checksum, Set-Cookie")
		fmt.Fprint(w, "body")
		w.Header().Set("X-Checksum", "42")
		w.Header().Set("Set-Cookie", "__Host-samlgate=stolen")
		w.Header().Set(http.TrailerPrefix+"Cache-Control", "public")
	}))
	res := get(t, g.URL)
	if text(t, res) != "body" || res.Trailer.Get("X-Checksum") != "42" || len(res.Trailer) != 1 {
		t.Errorf("trailers: %v", res.Trailer)
	}
}

// The app answers while it reads. A server that has not been told so takes part
// of the body away once the answer begins (see Forward).
func TestBigBodiesBothWays(t *testing.T) {
	g := newGate(t, newApp(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		_, _ = io.Copy(w, r.Body)
	}))
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<19) // 8 MiB
	res, err := http.Post(g.URL, "application/octet-stream", io.MultiReader(bytes.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, err := io.ReadAll(res.Body); err != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
}

func TestEventStreamIsNotHeldBack(t *testing.T) {
	next := make(chan struct{})
	g := newGate(t, newApp(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-next:
			case <-r.Context().Done():
				return
			}
		}
	}))
	res := get(t, g.URL)
	for i := range 3 { // each event comes before the app is let go on
		want := fmt.Sprintf("data: %d\n\n", i)
		got := make([]byte, len(want))
		if _, err := io.ReadFull(res.Body, got); err != nil || string(got) != want {
			t.Fatalf("event %d: %q, %v", i, got, err)
		}
		next <- struct{}{}
	}
}

func TestFailures(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	release := make(chan struct{})
	slow := newApp(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(release) })
	broken := newRawApp(t, func(string) string { return "HTTP/1.1 2x0 OK\r\n\r\n" })
	hasty := newRawApp(t, func(string) string { return "" })
	short := func(c *Config, _ *Exchange) { c.ResponseHeader = 30 * time.Millisecond }
	refuse := errors.New("value too large")
	tests := map[string]struct {
		app    string
		edit   edit
		status int
		kind   Kind
	}{
		"nobody listens":     {closed.URL, short, 502, Down},
		"not HTTP":           {broken, short, 502, Down},
		"closes at once":     {hasty, short, 502, Down},
		"too slow":           {slow, short, 504, Timeout},
		"prepare says no":    {slow, func(_ *Config, x *Exchange) { x.Prepare = func(*http.Request) error { return refuse } }, 500, Refused},
		"modify says no":     {newApp(t, echo), func(_ *Config, x *Exchange) { x.Modify = func(*http.Response) error { return refuse } }, 500, Refused},
		"path is not a path": {slow, func(_ *Config, x *Exchange) { x.Path = "/%zz" }, 400, BadRequest},
		"path without slash": {slow, func(_ *Config, x *Exchange) { x.Path = "@evil.example/" }, 400, BadRequest},
	}
	for name, test := range tests {
		g := newGate(t, test.app, test.edit)
		if res := get(t, g.URL); res.StatusCode != test.status {
			t.Errorf("%s: status %d, want %d", name, res.StatusCode, test.status)
		}
		if k := g.failed(t); k != test.kind {
			t.Errorf("%s: %v, want %v", name, k, test.kind)
		}
	}
}

func TestBodyTooLarge(t *testing.T) {
	u, err := New(Config{URL: parse(t, newApp(t, echo))})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1000)
		u.Forward(w, r, Exchange{Path: "/"})
	}))
	defer s.Close()
	for size, want := range map[int]int{1000: 200, 1001: 413, 1 << 20: 413} {
		// Hiding the length sends the body in chunks.
		res, err := http.Post(s.URL, "text/plain", io.MultiReader(strings.NewReader(strings.Repeat("x", size))))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%d bytes: %d, want %d", size, res.StatusCode, want)
		}
	}
}

func TestMalformedBodyIsTheClientsFault(t *testing.T) {
	g := newGate(t, newApp(t, echo))
	got := raw(t, g.URL, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", "\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 400") || g.failed(t) != BadRequest {
		t.Errorf("answer: %q", got)
	}
}

func TestClientGone(t *testing.T) {
	arrived := make(chan struct{})
	g := newGate(t, newApp(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, g.URL, nil)
	if res, err := http.DefaultClient.Do(r); err == nil {
		res.Body.Close()
		t.Error("the request was answered")
	}
	if k := g.failed(t); k != Gone {
		t.Errorf("failed as %v", k)
	}
}

// A part must not look like the whole.
func TestBrokenAnswerBreaksTheConnection(t *testing.T) {
	app := newRawApp(t, func(head string) string {
		if strings.Contains(head, "/chunked") {
			return "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz"
		}
		return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nabc"
	})
	// The raw app goes on reading, so it has to be hung up on by the timeout.
	g := newGate(t, app, func(c *Config, _ *Exchange) { c.Idle = 50 * time.Millisecond })
	for _, path := range []string{"/chunked", "/length"} {
		res, err := http.Get(g.URL + path)
		if err != nil {
			continue // cut before the answer's head had left
		}
		b, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err == nil {
			t.Errorf("%s: %q was taken for the whole", path, b)
		}
	}
}

func TestNew(t *testing.T) {
	for _, bad := range []string{"", "//x", "http://", "ftp://x", "http://u:p@x", "http://x?q", "http://x#f", "unix:", "unix:relative"} {
		if _, err := New(Config{URL: parse(t, bad)}); err == nil {
			t.Errorf("%q was taken", bad)
		} else if strings.Contains(err.Error(), ":p@") {
			t.Errorf("password in %q", err)
		}
	}
	if _, err := New(Config{}); err == nil {
		t.Error("no URL was taken")
	}
	if _, err := New(Config{URL: parse(t, "http://x"), Idle: -1}); err == nil {
		t.Error("a timeout below zero was taken")
	}
}

func TestUnixSocketAndH2C(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "app.sock"))
	if err != nil {
		t.Fatal(err)
	}
	app := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(echo)}}
	app.Start()
	defer app.Close()
	if got := text(t, get(t, newGate(t, "unix:"+l.Addr().String()).URL+"/s")); !strings.Contains(got, "GET /s\n") {
		t.Errorf("over the socket: %q", got)
	}
	h2 := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }))
	h2.Config.Protocols = new(http.Protocols)
	h2.Config.Protocols.SetUnencryptedHTTP2(true)
	h2.Start()
	defer h2.Close()
	if got := text(t, get(t, newGate(t, strings.Replace(h2.URL, "http:", "h2c:", 1)).URL)); got != "HTTP/2.0" {
		t.Errorf("h2c spoke %q", got)
	}
}

func parse(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
