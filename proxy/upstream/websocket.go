package upstream

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// asksWebSocket reports whether a request opens a WebSocket (RFC 6455 §4.1).
// Every other upgrade is taken out of the request: an "h2c" one would hand the
// client a tunnel past all our rules.
func asksWebSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && r.ProtoMajor == 1 && r.ProtoAtLeast(1, 1) && r.ContentLength == 0 &&
		httpguts.HeaderValuesContainsToken(r.Header["Connection"], "Upgrade") &&
		len(r.Header["Upgrade"]) == 1 && strings.EqualFold(strings.TrimSpace(r.Header.Get("Upgrade")), "websocket") &&
		len(r.Header["Sec-Websocket-Key"]) == 1
}

// checkSwitch refuses a 101 that answers no WebSocket handshake. Without the
// right Sec-WebSocket-Accept the upstream does not speak WebSocket, and what
// follows would be requests of the client that nobody has judged.
func (c *carrier) checkSwitch(res *http.Response) error {
	switch {
	case !c.websocket:
		return protocolError("101 that nobody asked for")
	case !strings.EqualFold(res.Header.Get("Upgrade"), "websocket"):
		return protocolError("101 to another protocol than websocket")
	case res.Header.Get("Sec-Websocket-Accept") != websocketAccept(c.in.Header.Get("Sec-Websocket-Key")):
		return protocolError("101 with a wrong Sec-WebSocket-Accept")
	}
	return nil
}

// websocketAccept is RFC 6455 §4.2.2 step 5.4; SHA-1 is the protocol's choice
// and protects nothing here.
func websocketAccept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}
