package proxy_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// journeys are the ways to an app: with a session or without, as a WebSocket or
// not.
var journeys = []struct {
	at      string
	session bool
	socket  bool
}{
	{forge + "/x", true, false}, {forge + "/ws", true, true},
	{forge + "/open/x", false, false}, {forge + "/open/x", true, false}, {forge + "/open/ws", false, true},
	{known + "/open/x", false, false}, {known + "/open/x", true, false}, {known + "/open/ws", true, true},
}

const websocket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

// forger sends whatever bytes it is given, as somebody who is signed in or not.
type forger struct {
	t       testing.TB
	plain   string            // address of the gateway over HTTP/1.1
	secure  *httptest.Server  // and over TLS with HTTP/2
	cookies map[string]string // host → Cookie
	h2      *h2conn
}

func newForger(w *world) *forger {
	f := &forger{t: w.t, plain: w.server.Listener.Addr().String(), cookies: map[string]string{}}
	f.secure = httptest.NewUnstartedServer(w.server.Config.Handler)
	f.secure.EnableHTTP2 = true
	f.secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of every broken frame
	f.secure.StartTLS()
	w.t.Cleanup(f.secure.Close)
	b := w.browser()
	b.signIn(wiki+"/", ann, "editor")
	for _, at := range []string{forge, known} {
		b.follow(b.do(sso+"/.samlgate/login?return_to="+at+"/x", ask{}))
		host := strings.TrimPrefix(at, "https://")
		f.cookies[host] = session + "=" + b.cookie(host, session).Value
	}
	return f
}

// http1 sends one request of raw bytes and reads until the gateway is done.
func (f *forger) http1(way int, block, trailer []byte) {
	j := journeys[way]
	host, path := split(j.at)
	var b bytes.Buffer
	method := "GET"
	if len(trailer) > 0 {
		method = "POST"
	}
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, host)
	if j.session {
		fmt.Fprintf(&b, "Cookie: %s\r\n", f.cookies[host])
	}
	if j.socket {
		fmt.Fprintf(&b, "Origin: https://%s\r\n%s", host, websocket)
	} else {
		b.WriteString("Connection: close\r\n")
	}
	if len(trailer) > 0 {
		fmt.Fprintf(&b, "Transfer-Encoding: chunked\r\nTrailer: %s\r\n", announced(trailer))
	}
	b.Write(block)
	b.WriteString("\r\n\r\n")
	if len(trailer) > 0 {
		fmt.Fprintf(&b, "1\r\nx\r\n0\r\n%s\r\n\r\n", trailer)
	}
	c, err := net.Dial("tcp", f.plain)
	if err != nil {
		f.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Write(b.Bytes()); err != nil {
		return
	}
	answers := bufio.NewReader(c)
	if bytes.Contains(bytes.ToLower(block), []byte("content-length")) { // of a body that never comes
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	}
	if res, err := http.ReadResponse(answers, nil); err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
	}
	if bytes.Contains(block, []byte("\n\r\n")) || bytes.Contains(block, []byte("\n\n")) { // a second request, perhaps
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		_, _ = io.Copy(io.Discard, answers)
	}
}

func split(at string) (host, path string) {
	host, path, _ = strings.Cut(strings.TrimPrefix(at, "https://"), "/")
	return host, "/" + path
}

// announced is what RFC 9110 §6.6.2 asks of whoever will send a trailer.
func announced(trailer []byte) string {
	var names []string
	for _, f := range fields(trailer) {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// fields reads lines as the fields of an HTTP/2 request, any byte in them.
func fields(block []byte) (all []hpack.HeaderField) {
	for line := range bytes.SplitSeq(block, []byte("\n")) {
		name, value, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\r")), []byte(":"))
		if len(name) > 0 {
			all = append(all, hpack.HeaderField{Name: strings.ToLower(string(name)), Value: strings.TrimPrefix(string(value), " ")})
		}
	}
	return all
}

// http2 sends the same as fields of HTTP/2, which has no lines to break.
func (f *forger) http2(way int, block, trailer []byte) {
	j := journeys[way]
	host, path := split(j.at)
	head := []hpack.HeaderField{
		{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: host}, {Name: ":path", Value: path},
	}
	if j.session {
		head = append(head, hpack.HeaderField{Name: "cookie", Value: f.cookies[host]})
	}
	if len(trailer) > 0 {
		head = append(head, hpack.HeaderField{Name: "trailer", Value: announced(trailer)})
	}
	if f.h2 == nil {
		f.h2 = dialH2(f.t, f.secure)
	}
	if !f.h2.exchange(append(head, fields(block)...), fields(trailer)) {
		_ = f.h2.conn.Close()
		f.h2 = nil
	}
}

// h2conn is a client's end of an HTTP/2 connection that checks nothing.
type h2conn struct {
	conn   net.Conn
	framer *http2.Framer
	block  bytes.Buffer
	hpack  *hpack.Encoder
	stream uint32 // of the next request
}

func dialH2(t testing.TB, s *httptest.Server) *h2conn {
	t.Helper()
	c, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	h := &h2conn{conn: c, framer: http2.NewFramer(c, c), stream: 1}
	h.hpack = hpack.NewEncoder(&h.block)
	_, _ = io.WriteString(c, http2.ClientPreface)
	_ = h.framer.WriteSettings()
	return h
}

// exchange sends one request with its trailer and waits for the end of the
// answer. It returns whether the connection lives on.
func (h *h2conn) exchange(head, trailer []hpack.HeaderField) bool {
	id := h.stream
	h.stream += 2
	_ = h.conn.SetDeadline(time.Now().Add(5 * time.Second))
	h.headers(id, head, false)
	_ = h.framer.WriteData(id, len(trailer) == 0, []byte("x"))
	if len(trailer) > 0 {
		h.headers(id, trailer, true)
	}
	for {
		frame, err := h.framer.ReadFrame()
		if err != nil {
			return false
		}
		switch frame := frame.(type) {
		case *http2.GoAwayFrame:
			return false
		case *http2.RSTStreamFrame:
			if frame.StreamID == id {
				return true
			}
		case *http2.HeadersFrame, *http2.DataFrame:
			if frame.Header().StreamID == id && frame.Header().Flags.Has(http2.FlagDataEndStream) {
				return true
			}
		}
	}
}

func (h *h2conn) headers(id uint32, all []hpack.HeaderField, end bool) {
	h.block.Reset()
	for _, f := range all {
		_ = h.hpack.WriteField(f)
	}
	const most = 16 << 10 // SETTINGS_MAX_FRAME_SIZE
	rest := h.block.Bytes()
	part := rest[:min(len(rest), most)]
	rest = rest[len(part):]
	_ = h.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: part, EndStream: end, EndHeaders: len(rest) == 0})
	for len(rest) > 0 {
		part = rest[:min(len(rest), most)]
		rest = rest[len(part):]
		_ = h.framer.WriteContinuation(id, len(rest) == 0, part)
	}
}

// Whatever a client sends as headers and trailers, on whichever way, the app
// sees of every managed name exactly ours or nothing, also as a CGI variable.
func FuzzForge(f *testing.F) {
	w, j := newForge(f)
	forger := newForger(w)
	if before := j.sentence(f); before != 2 {
		f.Fatalf("%d requests to the judge before the first forgery, want 2", before)
	}
	seed := strings.Join(lies, "\r\n")
	for way := range 2 * len(journeys) {
		f.Add(uint8(way), []byte(seed), []byte("X-Auth-Email: boss@example.com\r\nx_auth_roles: admin"))
		f.Add(uint8(way), []byte(`Signature-Input: sig1=("@path");keyid="a", samlgate=("@path");keyid="k1"`+"\r\nSignature: sig1=:YQ==:, samlgate=:YQ==:"), []byte("Signature: samlgate=:YQ==:"))
		f.Add(uint8(way), []byte("X-Auth-Email: a\r\nX-AUTH-EMAIL: b\r\nConnection: close, x-auth-email\r\nTrailer: X_Auth_Email"), []byte{})
	}
	f.Fuzz(func(t *testing.T, way uint8, block, trailer []byte) {
		if len(block)+len(trailer) > 8<<10 {
			return
		}
		forger.t = t
		if way := int(way) % (2 * len(journeys)); way < len(journeys) {
			forger.http1(way, block, trailer)
		} else {
			forger.http2(way-len(journeys), block, trailer)
		}
		j.sentence(t)
	})
}
