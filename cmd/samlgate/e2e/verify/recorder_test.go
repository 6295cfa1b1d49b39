package verify

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
)

// recorder stands between the gateway and an app and sees each request as it is
// on the wire.
type recorder struct {
	addr string

	mu    sync.Mutex
	app   string       // where requests go; empty = nowhere, they are answered with 204
	taken bytes.Buffer // the last request
}

func startRecorder(t *testing.T) *recorder {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rec := &recorder{addr: l.Addr().String()}
	var done sync.WaitGroup
	done.Go(func() { // ended by the listener's end
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			done.Go(func() {
				defer c.Close()
				if err := rec.serve(c); err != nil && !errors.Is(err, io.EOF) {
					t.Errorf("between gateway and app: %v", err)
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); done.Wait() })
	return rec
}

// to makes requests go to an app from now on.
func (rec *recorder) to(app string) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.app = app
}

// last returns the last request.
func (rec *recorder) last() []byte {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return bytes.Clone(rec.taken.Bytes())
}

// serve takes the one request of a connection.
func (rec *recorder) serve(c net.Conn) error {
	var raw bytes.Buffer
	req, err := http.ReadRequest(bufio.NewReader(io.TeeReader(c, &raw)))
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return err
	}
	rec.mu.Lock()
	rec.taken.Reset()
	rec.taken.Write(raw.Bytes())
	app := rec.app
	rec.mu.Unlock()
	if app == "" {
		_, err := io.WriteString(c, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		return err
	}
	res, err := exchange(app, raw.Bytes())
	if err != nil {
		return err
	}
	return res.Write(c)
}

// exchange sends one request and reads the whole answer.
func exchange(addr string, raw []byte) (*http.Response, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.SetDeadline(deadline()); err != nil {
		return nil, err
	}
	if _, err := c.Write(raw); err != nil {
		return nil, err
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	res.Body, res.ContentLength, res.TransferEncoding, res.Close = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil, true
	return res, err
}
