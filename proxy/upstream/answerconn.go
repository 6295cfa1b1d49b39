package upstream

import (
	"bytes"
	"net"
	"strings"
	"sync"
)

// answerConn looks at the head of every HTTP/1 answer before the transport
// does, which accepts a Content-Length beside a Transfer-Encoding and removes
// it. RFC 9112 §6.3: such an answer may be an attempt to split one into two, and
// the connection must not be used again.
type answerConn struct {
	net.Conn

	mu        sync.Mutex
	waiting   bool   // the next bytes belong to a head
	line      []byte // as far as it has come; the transport bounds the head
	first     bool   // line is the status line
	interim   bool   // the head is of a 1xx other than 101
	lengths   int
	encodings int
	folded    bool
}

// expect is called when a request is about to be sent.
func (c *answerConn) expect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reset()
}

func (c *answerConn) reset() {
	c.waiting, c.first, c.interim, c.folded = true, true, false, false
	c.line, c.lengths, c.encodings = c.line[:0], 0, 0
}

func (c *answerConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	for rest := p[:n]; c.waiting && len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		if c.line = append(c.line, line...); !whole {
			break
		}
		c.endLine(bytes.TrimSuffix(c.line, []byte("\r")))
		c.line, rest = c.line[:0], after
		if c.folded || c.lengths > 1 || c.encodings > 1 || c.lengths+c.encodings > 1 {
			return 0, protocolError("answer with two lengths or folded header lines")
		}
	}
	return n, err
}

func (c *answerConn) endLine(line []byte) {
	name, _, _ := bytes.Cut(line, []byte(":"))
	switch {
	case c.first:
		c.first = false
		_, status, _ := strings.Cut(string(line), " ")
		c.interim = strings.HasPrefix(status, "1") && !strings.HasPrefix(status, "101")
	case len(line) == 0 && c.interim:
		c.reset()
	case len(line) == 0:
		c.waiting = false
	case line[0] == ' ' || line[0] == '\t': // RFC 9112 §5.2
		c.folded = true
	case bytes.EqualFold(bytes.TrimSpace(name), []byte("Content-Length")):
		c.lengths++
	case bytes.EqualFold(bytes.TrimSpace(name), []byte("Transfer-Encoding")):
		c.encodings++
	}
}

// CloseWrite half-closes an upgraded connection where it can.
func (c *answerConn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}
