package upstream

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

// gate is a gateway of one route in front of an app, over real sockets.
type gate struct {
	*httptest.Server
	failures chan Kind // every call of Fail
}

// edit changes what the gateway does with each exchange.
type edit func(*Config, *Exchange)

func newGate(t testing.TB, app string, edits ...edit) *gate {
	t.Helper()
	target, err := url.Parse(app)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{failures: make(chan Kind, 64)}
	c, base := Config{URL: target}, Exchange{Proto: "https", Client: netip.MustParseAddr("192.0.2.7")}
	base.Fail = func(w http.ResponseWriter, _ *http.Request, e *Error) {
		g.failures <- e.Kind
		http.Error(w, e.Kind.String(), e.Status())
	}
	for _, edit := range edits {
		edit(&c, &base)
	}
	u, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := base
		if x.Path == "" {
			x.Path = r.URL.EscapedPath()
		}
		u.Forward(w, r, x)
	}))
	t.Cleanup(u.Close)
	t.Cleanup(g.Close)
	return g
}

// failed waits for the kind that Fail was told.
func (g *gate) failed(t testing.TB) Kind {
	t.Helper()
	select {
	case k := <-g.failures:
		return k
	case <-time.After(5 * time.Second):
		t.Fatal("Fail was never called")
		return 0
	}
}

// newApp serves a handler as the app behind a gate.
func newApp(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// newRawApp answers each connection by hand: it reads one request's head at a
// time and writes what answer returns for it; "" closes the connection.
func newRawApp(t testing.TB, answer func(head string) string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveRaw(c, answer)
		}
	}()
	return "http://" + l.Addr().String()
}

func serveRaw(c net.Conn, answer func(string) string) {
	defer c.Close()
	b := bufio.NewReader(c)
	for {
		head, err := readHead(b)
		if err != nil {
			return
		}
		a := answer(head)
		if a == "" {
			return
		}
		if _, err := io.WriteString(c, a); err != nil {
			return
		}
	}
}

func readHead(b *bufio.Reader) (string, error) {
	var head strings.Builder
	for {
		line, err := b.ReadString('\n')
		if err != nil {
			return "", err
		}
		head.WriteString(line)
		if line == "\r\n" {
			return head.String(), nil
		}
	}
}

// raw sends bytes to a server and returns everything that comes back until it
// closes or is silent after the wanted text has come.
func raw(t testing.TB, server, request, until string) string {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(server, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	var got strings.Builder
	buf := make([]byte, 4096)
	for until == "" || !strings.Contains(got.String(), until) {
		n, err := c.Read(buf)
		got.Write(buf[:n])
		if err != nil {
			break
		}
	}
	return got.String()
}

func get(t testing.TB, url string, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

func text(t testing.TB, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
