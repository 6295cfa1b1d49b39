package proxy_test

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

const soon = 4 * time.Second // two seconds are promised; the machine may be busy

// endless answers with a stream of this type that stays open.
func endless(media string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", media)
		_, _ = io.WriteString(w, "data: hello\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

// Event streams and transfers end with the session.
func TestStreamsEndWithTheSession(t *testing.T) {
	for _, media := range []string{"text/event-stream", "application/octet-stream"} {
		t.Run(media, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.browser()
			b.signIn(wiki+"/", ann)
			w.app.does(endless(media))
			res, err := client.Do(b.request(wiki+"/events", ask{site: "same-origin", kind: "xhr"}))
			w.must(err)
			defer res.Body.Close()
			body := bufio.NewReader(res.Body)
			if line, err := body.ReadString('\n'); err != nil || line != "data: hello\n" {
				t.Fatalf("%q, %v", line, err)
			}
			_, err = w.sessions.EndAll(context.Background(), identity.Person(ann), sessionstore.ReasonOperator)
			w.must(err)
			ended := time.Now()
			if _, err := io.Copy(io.Discard, body); err == nil {
				t.Error("the stream ends as if it were whole")
			}
			if took := time.Since(ended); took > soon {
				t.Errorf("cut after %v", took)
			}
		})
	}
}

// Whoever waits for an answer when the session ends is told why.
func TestWaitingRequestEndsWithTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	w.app.does(func(_ http.ResponseWriter, r *http.Request) {
		_, err := w.sessions.EndAll(context.Background(), identity.Person(ann), sessionstore.ReasonOperator)
		w.must(err)
		<-r.Context().Done()
	})
	b.do(wiki+"/poll", ask{site: "same-origin", kind: "xhr"}).is(401, `"not_signed_in"`)
}

func TestWebSocketEndsWithTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.signIn(wiki+"/", ann)
	w.app.does(echo)
	c, in := dialSocket(t, b, wiki+"/ws")
	_, _ = io.WriteString(c, "ping\n")
	if line, err := in.ReadString('\n'); line != "ping\n" {
		t.Fatalf("%q, %v", line, err)
	}
	truthful(t, w.app.last(t), ann)
	b.do(sso+"/.samlgate/logout", ask{})
	ended := time.Now()
	if _, err := in.ReadString('\n'); err == nil || time.Since(ended) > soon {
		t.Errorf("%v after %v", err, time.Since(ended))
	}
}

// echo is a WebSocket server that sends back what it gets, without frames.
func echo(w http.ResponseWriter, r *http.Request) {
	if c, rw := accept(w, r); c != nil {
		defer c.Close()
		_, _ = io.Copy(c, rw)
	}
}

// accept takes a WebSocket, or returns nil.
func accept(w http.ResponseWriter, r *http.Request) (net.Conn, *bufio.ReadWriter) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil
	}
	fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
	return c, rw
}

func dialSocket(t testing.TB, b *browser, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, in, status := askSocket(t, b, address)
	if status != http.StatusSwitchingProtocols {
		t.Fatalf("%d", status)
	}
	return c, in
}

// askSocket asks for a WebSocket and returns what the gateway says to that.
func askSocket(t testing.TB, b *browser, address string) (net.Conn, *bufio.Reader, int) {
	t.Helper()
	r := b.request(address, ask{site: "same-origin", kind: "xhr", header: append([]string{"Connection: Upgrade", "Upgrade: websocket",
		"Sec-Websocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-Websocket-Version: 13", "Origin: " + wiki}, lies[:len(lies)-1]...)})
	c, err := net.Dial("tcp", strings.TrimPrefix(b.server.URL, "http://"))
	b.must(err)
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(2 * soon))
	b.must(r.Write(c))
	in := bufio.NewReader(c)
	res, err := http.ReadResponse(in, r)
	b.must(err)
	return c, in, res.StatusCode
}
