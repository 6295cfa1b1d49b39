package testenv

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
)

// SocketPath is where a legacy app speaks WebSocket (RFC 6455): it says "here"
// and then listens for as long as the other side stays.
const SocketPath = "/socket"

const socketKey = "dGhlIHNhbXBsZSBub25jZQ==" // RFC 6455 §1.3

func socket(w http.ResponseWriter, r *http.Request) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "no connection of its own", http.StatusInternalServerError)
		return
	}
	defer c.Close()
	_, err = fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n\x81\x04here",
		base64.StdEncoding.EncodeToString(sum[:]))
	if err == nil {
		_, _ = io.Copy(io.Discard, rw)
	}
}

// ListenSocket opens a WebSocket at an app with the cookies of a client, waits
// until the app speaks, and tells the close code that it ends with: 0 where it
// ends without.
func ListenSocket(t testing.TB, c *http.Client, app string) <-chan int {
	t.Helper()
	u, err := url.Parse(app + SocketPath)
	if err != nil {
		t.Fatalf("opening a WebSocket: %v", err)
	}
	req := &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {socketKey}, "Origin": {app},
	}}
	for _, cookie := range c.Jar.Cookies(u) {
		req.AddCookie(cookie)
	}
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", u.Port()))
	if err != nil {
		t.Fatalf("opening a WebSocket: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := req.Write(conn); err != nil {
		t.Fatalf("asking for a WebSocket: %v", err)
	}
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, req)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("asking for a WebSocket: %+v, %v", res, err)
	}
	if _, said, err := frame(in); err != nil || !bytes.Equal(said, []byte("here")) {
		t.Fatalf("the WebSocket begins with %q, %v", said, err)
	}
	ended := make(chan int, 1)
	go func() { ended <- closeCode(in) }() // ends with the connection
	return ended
}

// closeCode reads frames until the last one (RFC 6455 §5.5.1).
func closeCode(in *bufio.Reader) int {
	for {
		opcode, payload, err := frame(in)
		switch {
		case err != nil:
			return 0
		case opcode == 8 && len(payload) >= 2:
			return int(payload[0])<<8 | int(payload[1])
		}
	}
}

// frame reads a short frame of a server, which has no mask (§5.2).
func frame(in *bufio.Reader) (opcode byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, nil, err
	}
	payload = make([]byte, head[1]&0x7f)
	_, err = io.ReadFull(in, payload)
	return head[0] & 0x0f, payload, err
}
