package peer

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

// useHTTPS is the answer to plain HTTP where TLS is spoken.
const useHTTPS = "HTTP/1.0 400 Bad Request\r\n\r\nThis is an https port: use https.\n"

// explain answers a client that spoke plain HTTP instead of TLS. The error says
// so only if nothing was sent yet.
func explain(err error) {
	record, ok := errors.AsType[tls.RecordHeaderError](err)
	if !ok || record.Conn == nil || !looksLikeHTTP(record.RecordHeader) {
		return
	}
	if _, err := io.WriteString(record.Conn, useHTTPS); err != nil {
		return
	}
	linger(record.Conn)
}

// looksLikeHTTP knows the first bytes of the common methods.
func looksLikeHTTP(b [5]byte) bool {
	switch string(b[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "PATCH", "DELET", "OPTIO", "TRACE", "CONNE":
		return true
	}
	return false
}

// linger reads what the client still sends, for a short time: closing a
// connection with unread bytes resets it (RFC 9112 §9.6), and the client may
// lose the answer.
func linger(c net.Conn) {
	half, ok := c.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	_, _ = io.CopyN(io.Discard, c, 64<<10)
}
