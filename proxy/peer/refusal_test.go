package peer

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// look is a server whose refusals are ours, and what it was asked.
type look struct {
	*testing.T
	addr string
	tls  *tls.Config // how to speak to it; nil = plain
}

const ours = "HTTP/1.1 %d ours\r\nConnection: close\r\nContent-Length: 4\r\n\r\nours"

// refusing runs h behind a guard, over TLS if secure.
func refusing(t *testing.T, secure bool, h http.HandlerFunc) *look {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.DisableGeneralOptionsHandler = true
	s.Config.ConnState = Follow
	s.Config.MaxHeaderBytes = 8 << 10
	l := &look{T: t, addr: s.Listener.Addr().String()}
	var config *tls.Config
	if secure {
		certs := httptest.NewTLSServer(nil) // for its certificate and a client that trusts it
		defer certs.Close()
		config = certs.TLS.Clone()
		l.tls = &tls.Config{RootCAs: certs.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com"}
	}
	guarded := Guard(s.Listener, config, func(status int, remote net.Addr) []byte {
		if remote == nil || remote.String() == "" {
			t.Error("no remote address")
		}
		return fmt.Appendf(nil, ours, status)
	})
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Config.Serve(guarded) }() // ends with Close
	t.Cleanup(func() { _ = s.Config.Close(); <-done })
	return l
}

func (l *look) dial() net.Conn {
	l.Helper()
	c, err := net.Dial("tcp", l.addr)
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if l.tls != nil {
		return tls.Client(c, l.tls)
	}
	return c
}

// raw sends a request and returns all that comes back.
func (l *look) raw(request string) string {
	l.Helper()
	c := l.dial()
	_, _ = io.WriteString(c, request)
	got, _ := io.ReadAll(c)
	return string(got)
}

// handled names the request, so that no test takes one for a refusal.
func handled(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "[%s]", r.URL.Path) }

const kept = "GET /kept HTTP/1.1\r\nHost: x\r\n\r\n"

// malformed are requests that net/http refuses by itself.
var malformed = map[string]struct {
	request string
	status  int
}{
	"percent":            {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
	"two hosts":          {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
	"no host":            {"GET / HTTP/1.1\r\n\r\n", 400},
	"malformed host":     {"GET / HTTP/1.1\r\nHost: x y\r\n\r\n", 400},
	"two lengths":        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
	"space before colon": {"GET / HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n", 400},
	"NUL in the target":  {"GET /a\x00b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
	"NUL in a value":     {"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n", 400},
	"no HTTP":            {"hello\r\n\r\n", 400},
	"HEAD":               {"HEAD /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
	"unknown version":    {"GET / HTTP/3.7\r\nHost: x\r\n\r\n", 505},
	"large":              {"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 16<<10) + "\r\n\r\n", 431},
	"expectation":        {"POST / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\na", 417},
	"two expectations":   {"POST / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na", 417},
}

func TestRefusalsAreOurs(t *testing.T) {
	for _, secure := range []bool{false, true} {
		l := refusing(t, secure, handled)
		for name, m := range malformed {
			want := fmt.Sprintf(ours, m.status)
			if got := l.raw(m.request); got != want {
				t.Errorf("%s, tls %v: %q", name, secure, got)
			}
			if got := l.raw(kept + kept + m.request); !strings.HasSuffix(got, want) || strings.Count(got, "[/kept]") != 2 {
				t.Errorf("%s, third on its connection, tls %v: %q", name, secure, got)
			}
		}
	}
}

// What a client goes on to send does not cost it the answer.
func TestRefusalArrivesWhole(t *testing.T) {
	for _, secure := range []bool{false, true} {
		c := refusing(t, secure, handled).dial()
		_, _ = io.WriteString(c, "POST /%zz HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n"+strings.Repeat("a", 40000))
		if got, err := io.ReadAll(c); err != nil || string(got) != fmt.Sprintf(ours, 400) {
			t.Errorf("tls %v: %q, %v", secure, got, err)
		}
	}
}

// The first request has its answer before the refused one is sent.
func TestRefusalAfterAPause(t *testing.T) {
	c := refusing(t, false, handled).dial()
	_, _ = io.WriteString(c, kept)
	for got := ""; !strings.Contains(got, "]"); {
		b := make([]byte, 512)
		n, err := c.Read(b)
		if got += string(b[:n]); err != nil {
			t.Fatalf("%q: %v", got, err)
		}
	}
	_, _ = io.WriteString(c, "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n")
	if got, _ := io.ReadAll(c); string(got) != fmt.Sprintf(ours, 400) {
		t.Errorf("got %q", got)
	}
}

// What net/http meets is no refusal, and without a maker the server's own text stays.
func TestNoRefusal(t *testing.T) {
	l := refusing(t, false, handled)
	for _, fine := range []string{
		"GET /fine HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"POST /fine HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nConnection: close\r\nContent-Length: 1\r\n\r\na",
		"POST /fine HTTP/1.1\r\nHost: x\r\nExpect:\r\nConnection: close\r\nContent-Length: 1\r\n\r\na",
	} {
		if got := l.raw(fine); !strings.Contains(got, "[/fine]") {
			t.Errorf("%q: %q", fine, got)
		}
	}
	plain := serve(t, true)
	for name, want := range map[string]string{"percent": "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain", "expectation": "HTTP/1.1 417 "} {
		if got := send(t, plain, malformed[name].request, false); !strings.HasPrefix(got, want) {
			t.Errorf("%s, nobody to ask: %q", name, got)
		}
	}
}

// No handler's answer is taken for the server's, whatever it writes and
// however it is cut into pieces.
func TestHandlersAnswerIsNoRefusal(t *testing.T) {
	const raw = "HTTP/1.1 400 Bad Request" + rawHeaders + "400 Bad Request"
	handlers := map[string]http.HandlerFunc{
		"the same status": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(400)
			_, _ = io.WriteString(w, "400 Bad Request")
		},
		"no date": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header()["Date"] = nil
			w.WriteHeader(400)
			_, _ = io.WriteString(w, "400 Bad Request")
		},
		"the same bytes as a body of its own": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(2*len(raw)))
			flush := http.NewResponseController(w).Flush
			_ = flush()
			for range 2 {
				_, _ = io.WriteString(w, raw)
				_ = flush()
			}
		},
		"behind an early hint": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(w, raw)
		},
		"taken over": func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(c, raw)
				_ = c.Close()
			}
		},
	}
	for name, h := range handlers {
		l := refusing(t, false, h)
		for _, first := range []string{"", "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"} {
			if got := l.raw(first + "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); strings.Contains(got, "ours") || !strings.Contains(got, "400 Bad Request") && name != "taken over" {
				t.Errorf("%s was taken for the server's: %q", name, got)
			}
		}
	}
}

func TestRefusalShape(t *testing.T) {
	deny := []string{
		"", "HTTP/1.1 ", "HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP/1.1 400 Bad Request" + rawHeaders,
		"HTTP/1.1 400 Bad Request" + rawHeaders + "400 Bad Request and more",
		"HTTP/1.1 200 OK" + rawHeaders + "200 OK", "HTTP/1.1 xyz OK" + rawHeaders + "xyz OK", "HTTP/1.1 400" + rawHeaders + "400",
		"HTTP/1.1 400 Bad Request\r\nDate: now" + rawHeaders + "400 Bad Request\r\nDate: now",
		"HTTP/1.0 400 Bad Request" + rawHeaders + "400 Bad Request",
		"HTTP/1.1 400 Bad Request" + rawHeaders + rawEncoding,
	}
	for _, p := range deny {
		if status, ok := refusal([]byte(p)); ok {
			t.Errorf("%q is taken for a refusal with %d", p, status)
		}
	}
	if status, ok := refusal([]byte("HTTP/1.1 501 Not Implemented" + rawHeaders + rawEncoding)); !ok || status != 501 {
		t.Error("an unknown encoding is not seen")
	}
}

// Someone who forgets the s of https is told so; noise gets nothing.
func TestPlainHTTPOnTLS(t *testing.T) {
	l := refusing(t, true, handled)
	l.tls = nil
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		c := l.dial()
		_, _ = io.WriteString(c, method+" / HTTP/1.1\r\nHost: x\r\n\r\n")
		_ = c.(*net.TCPConn).CloseWrite()
		if got, err := io.ReadAll(c); err != nil || string(got) != useHTTPS {
			t.Errorf("%s: %q, %v", method, got, err)
		}
	}
	if got := l.raw("noise noise noise"); strings.Contains(got, "HTTP/") {
		t.Errorf("noise: %q", got)
	}
}
