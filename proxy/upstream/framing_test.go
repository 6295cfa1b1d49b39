package upstream

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

func TestAnswersWithTwoLengths(t *testing.T) {
	evil := "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
	deny := map[string]string{
		"length, chunked": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + evil,
		"chunked, length": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n" + evil,
		"after interim":   "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"length twice":    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
		"folded":          "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
	}
	for name, answer := range deny {
		g := newGate(t, newRawApp(t, func(string) string { return answer }))
		if res := get(t, g.URL); res.StatusCode != http.StatusBadGateway {
			t.Errorf("%s: %d %q", name, res.StatusCode, text(t, res))
		} else if k := g.failed(t); k != Protocol {
			t.Errorf("%s failed as %v", name, k)
		}
	}
	// The body is not the head, and each answer on a connection has its own.
	body := "Content-Length: 1\r\n folded\r\nTransfer-Encoding: chunked\r\n\r\n"
	allow := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	g := newGate(t, newRawApp(t, func(string) string { return allow }))
	for range 3 {
		if got := text(t, get(t, g.URL)); got != body {
			t.Errorf("honest answer: %q", got)
		}
	}
}

func TestTLSUpstream(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto, r.RemoteAddr) }))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	roots := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	good := newGate(t, s.URL, func(c *Config, _ *Exchange) { c.TLS = &tls.Config{RootCAs: roots} })
	first := text(t, get(t, good.URL))
	if second := text(t, get(t, good.URL)); !strings.HasPrefix(first, "HTTP/1.1") || first != second {
		t.Errorf("spoke %q, then %q: want HTTP/1.1 on one connection", first, second)
	}
	for name, config := range map[string]*tls.Config{"unknown root": nil, "other name": {RootCAs: roots, ServerName: "other.test"}} {
		g := newGate(t, s.URL, func(c *Config, _ *Exchange) { c.TLS = config })
		if res := get(t, g.URL); res.StatusCode != http.StatusBadGateway || g.failed(t) != Down {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
}

// What net/http leaves of a second length: nothing, which is why peer.Guard
// exists. Should this test fail one day, CheckFraming sees it itself.
func TestServerHidesTwoLengths(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, CheckFraming(r))
	}))
	defer s.Close()
	got := raw(t, s.URL, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n", "")
	if !strings.Contains(got, "<nil>") {
		t.Errorf("answer: %q", got)
	}
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.TransferEncoding, r.Header = []string{"chunked"}, http.Header{"Content-Length": {"5"}}
	if CheckFraming(r) != ErrTwoLengths {
		t.Error("two lengths passed")
	}
}

// h2 sends one HTTP/2 request with the given fields and returns the answer.
func h2(t testing.TB, s *httptest.Server, fields ...string) string {
	t.Helper()
	c, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{
		RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, http2.ClientPreface)
	f := http2.NewFramer(c, c)
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = e.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	_ = f.WriteSettings()
	_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true})
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return err.Error()
		}
		switch frame := frame.(type) {
		case *http2.DataFrame:
			return string(frame.Data())
		case *http2.RSTStreamFrame:
			return frame.ErrCode.String()
		}
	}
}

func TestTwoHosts(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %v", r.Host, CheckFraming(r))
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	base := []string{":method", "GET", ":scheme", "https", ":path", "/", ":authority", "wiki.example.com"}
	if got := h2(t, s, base...); got != "wiki.example.com <nil>" {
		t.Errorf("one host: %q", got)
	}
	if got := h2(t, s, append(base, "host", "wiki.example.com")...); got != "wiki.example.com <nil>" {
		t.Errorf("the same host twice: %q", got)
	}
	if got := h2(t, s, append(base, "host", "hr.example.com")...); strings.Contains(got, "<nil>") {
		t.Errorf("two hosts: %q", got)
	}
}
