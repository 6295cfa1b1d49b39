package live

import (
	"io"
	"mime"
	"net/http"
)

// Sent returns the body of a request, whose bytes show that the person is there.
func (c *Conn) Sent(body io.ReadCloser) io.ReadCloser {
	if !c.Active || body == nil || body == http.NoBody {
		return body
	}
	return &progress{body, c}
}

// Answer watches an answer before its first byte is sent. The progress of a
// download that has an end shows that the person is there; what has none, such
// as an event stream, goes on without anybody. An upgraded connection is read
// frame by frame.
func (c *Conn) Answer(res *http.Response) {
	if stream, ok := res.Body.(io.ReadWriteCloser); ok && res.StatusCode == http.StatusSwitchingProtocols {
		res.Body = newSocket(stream, c)
		return
	}
	media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if c.Active && res.ContentLength > 0 && media != "text/event-stream" {
		res.Body = &progress{res.Body, c}
	}
}

// progress is a body whose bytes count.
type progress struct {
	io.ReadCloser
	c *Conn
}

func (p *progress) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	if n > 0 {
		p.c.Used()
	}
	return n, err
}
