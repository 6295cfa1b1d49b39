package peer

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// serve runs a server that names each request it handles, with or without the guard.
func serve(t testing.TB, guarded bool) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "[%s %s %q]", r.Method, r.URL.Path, b)
	}))
	if guarded {
		s.Listener = Guard(s.Listener, nil, nil)
	}
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// send writes a request byte by byte or at once and returns all answers.
func send(t testing.TB, addr, request string, pieces bool) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	var r io.Reader = strings.NewReader(request)
	if pieces {
		r = iotest.OneByteReader(r)
	}
	_, _ = io.Copy(c, r)
	_ = c.(*net.TCPConn).CloseWrite()
	got, _ := io.ReadAll(c)
	return string(got)
}

const smuggled = "GET /admin HTTP/1.1\r\nHost: x\r\n\r\n"

// Each attack is a pair: the server alone handles it, the guarded one refuses.
func TestGuardRefusesTwoReadings(t *testing.T) {
	attacks := map[string]string{
		"length, then chunked": "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"chunked, then length": "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 45\r\n\r\n0\r\n\r\n" + smuggled,
		"other case":           "POST /a HTTP/1.1\r\nHost: x\r\ntransfer-ENCODING:chunked\r\ncontent-LENGTH:45\r\n\r\n0\r\n\r\n" + smuggled,
		"second on connection": "GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcPOST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n0\r\nA: b\r\n\r\n" + "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"chunked in HTTP/1.0":  "POST /a HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled,
		"folded":               "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"length twice":         "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na" + smuggled,
		"bare line feeds":      "POST /a HTTP/1.1\nHost: x\nContent-Length: 5\nTransfer-Encoding: chunked\n\n0\r\n\r\n" + smuggled,
	}
	alone, guarded := serve(t, false), serve(t, true)
	for name, attack := range attacks {
		if got := send(t, alone, attack, false); !strings.Contains(got, "[GET /admin") {
			t.Errorf("%s is no attack on the server alone: %q", name, got)
		}
		for _, pieces := range []bool{false, true} {
			got := send(t, guarded, attack, pieces)
			if strings.Contains(got, "/admin") || strings.Count(got, "HTTP/1.1 400 Bad Request\r\n") != 1 || !strings.Contains(got, "Connection: close") {
				t.Errorf("%s, in pieces: %v: %q", name, pieces, got)
			}
			if n := strings.Count(got, "[POST"); name != "second on connection" && n > 0 {
				t.Errorf("%s was handled: %q", name, got)
			}
		}
	}
}

func TestGuardLetsHonestRequestsPass(t *testing.T) {
	honest := "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" +
		"POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 47\r\n\r\nPOST /x HTTP/1.1\r\nContent-Length: 1\r\n folded\r\n\r\n" +
		"\r\nPOST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n1;ext=\"x\"\r\n!\r\n0\r\nContent-Length: x\r\n\r\n" +
		"POST /4 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" +
		"GET /5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	alone, guarded := serve(t, false), serve(t, true)
	honest = strings.Replace(honest, "0\r\nContent-Length: x\r\n", "0\r\nX: y\r\n", 1)
	want := bodies(send(t, alone, honest, false))
	if len(want) != 5 {
		t.Fatalf("the server alone answers %q", want)
	}
	for _, pieces := range []bool{false, true} {
		if got := bodies(send(t, guarded, honest, pieces)); strings.Join(got, "") != strings.Join(want, "") {
			t.Errorf("in pieces %v: %q, want %q", pieces, got, want)
		}
	}
	if got := send(t, guarded, "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabXX\r\n"+smuggled, false); strings.Contains(got, "/admin") {
		t.Errorf("broken chunks went on: %q", got)
	}
}

func bodies(answers string) (found []string) {
	for part := range strings.SplitSeq(answers, "[") {
		if body, _, ok := strings.Cut(part, "]"); ok {
			found = append(found, body)
		}
	}
	return found
}

func TestGuardLeavesUpgradedConnectionsAlone(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, b, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		_, _ = io.Copy(c, b)
	}))
	s.Listener = Guard(s.Listener, nil, nil)
	s.Start()
	defer s.Close()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	b := bufio.NewReader(c)
	for line := ""; line != "\r\n"; {
		if line, err = b.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	want := "POST / HTTP/1.1\r\n folded\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nend"
	for range 3 {
		_, _ = io.WriteString(c, want)
		got := make([]byte, len(want))
		if _, err := io.ReadFull(b, got); err != nil || string(got) != want {
			t.Fatalf("echo %q, %v", got, err)
		}
	}
}

func TestGuardOverTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s tls=%v", r.Proto, r.TLS != nil && r.TLS.HandshakeComplete)
	}))
	certs := httptest.NewTLSServer(nil) // for its certificate and a client that trusts it
	defer certs.Close()
	config := certs.TLS.Clone()
	config.NextProtos = []string{"h2", "http/1.1"}
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetHTTP2(true)
	s.Listener = Guard(s.Listener, config, nil)
	s.Start()
	defer s.Close()
	roots := certs.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	for _, proto := range []string{"http/1.1", "h2"} {
		tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, NextProtos: []string{proto}}, ForceAttemptHTTP2: proto == "h2"}
		res, err := (&http.Client{Transport: tr}).Get("https://" + s.Listener.Addr().String())
		if err != nil {
			t.Errorf("%s: %v", proto, err)
			continue
		}
		b, _ := io.ReadAll(res.Body)
		res.Body.Close()
		tr.CloseIdleConnections()
		if want := map[string]string{"http/1.1": "HTTP/1.1 tls=true", "h2": "HTTP/2.0 tls=true"}[proto]; string(b) != want {
			t.Errorf("%s: %q, want %q", proto, b, want)
		}
	}
	c, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	if got, _ := io.ReadAll(c); !strings.HasPrefix(string(got), "HTTP/1.1 400") {
		t.Errorf("two lengths over TLS: %q", got)
	}
}

// In whatever pieces the bytes come, the verdict is the same, and no byte
// behind a refused head is passed on.
func FuzzFraming(f *testing.F) {
	f.Add([]byte("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 3)
	f.Add([]byte("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nGET / HTTP/1.0\r\nTransfer-Encoding:x\r\n\r\n"), 7)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		size = max(1, size&63)
		var whole, parts framing
		want, verdictWhole := whole.feed(stream)
		got, verdictParts := 0, fine
		for got < len(stream) && verdictParts == fine {
			var n int
			n, verdictParts = parts.feed(stream[got:min(len(stream), got+size)])
			got += n
		}
		if got != want || verdictParts != verdictWhole {
			t.Fatalf("whole: %d, %v; in pieces of %d: %d, %v", want, verdictWhole, size, got, verdictParts)
		}
	})
}
