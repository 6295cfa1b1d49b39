package peer

import (
	"bytes"
	"net"
	"net/http"
	"strconv"
)

// Refused makes the answer to a request that no handler saw: a complete
// HTTP/1.1 response with "Connection: close". It gets the status (400 to 599)
// and the TCP peer, and may be called by several goroutines.
type Refused func(status int, remote net.Addr) []byte

// Follow is the ConnState of the http.Server that serves a guarded listener. It
// tells the guard when a connection is between two requests; without it only
// the first request of a connection can get the answer of a [Refused].
func Follow(c net.Conn, s http.ConnState) {
	if g, ok := c.(interface{ follow(http.ConnState) }); ok {
		g.follow(s)
	}
}

func (c *guarded) follow(s http.ConnState) {
	switch s {
	case http.StateIdle:
		c.between.Store(true)
	case http.StateHijacked:
		c.between.Store(false)
	}
}

// replace writes the answer of refused instead of p, which the server wrote
// raw; false means that p is something else.
//
// Two things make sure that p is no handler's: nothing was written since the
// last answer was complete, so p begins a message and no body can look like
// it; and net/http begins a handler's message with other lines, since it adds a
// Date and a length or a Transfer-Encoding.
func (c *guarded) replace(p []byte) (int, bool, error) {
	if !c.between.Swap(false) || c.refused == nil {
		return 0, false, nil
	}
	status, ok := refusal(p)
	if !ok {
		return 0, false, nil
	}
	if status == http.StatusBadRequest && c.unmet.Load() {
		status = http.StatusExpectationFailed
	}
	if _, err := c.Conn.Write(c.refused(status, c.RemoteAddr())); err != nil {
		return 0, true, err
	}
	linger(c.Conn) // the server closes now
	return len(p), true, nil
}

const (
	rawHeaders  = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
	rawEncoding = "Unsupported transfer encoding"
)

// refusal returns the status of an answer that net/http writes without a
// handler: a status line, always the same two headers, and the text of the
// status line again.
func refusal(p []byte) (int, bool) {
	rest, ok := bytes.CutPrefix(p, []byte("HTTP/1.1 "))
	if !ok {
		return 0, false
	}
	line, text, ok := bytes.Cut(rest, []byte(rawHeaders))
	if !ok || len(line) < 4 || line[3] != ' ' || bytes.ContainsAny(line, "\r\n") {
		return 0, false
	}
	status, err := strconv.Atoi(string(line[:3]))
	if err != nil || status < 400 || status > 599 {
		return 0, false
	}
	same := bytes.Equal(text, line) || status == http.StatusNotImplemented && string(text) == rawEncoding
	return status, same
}
