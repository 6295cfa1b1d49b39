package gateway_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// raw sends bytes to the public listener and returns the one answer.
func (s *site) raw(secure bool, request string) answer {
	s.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+s.port)
	s.must(err)
	defer c.Close()
	s.must(c.SetDeadline(time.Now().Add(10 * time.Second)))
	if secure {
		c = tls.Client(c, &tls.Config{ServerName: "sso.localhost", InsecureSkipVerify: true})
	}
	_, err = io.WriteString(c, request)
	s.must(err)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	s.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	s.must(err)
	return answer{res.StatusCode, res.Header, string(b), request[:min(len(request), 40)]}
}

// malformed are requests that no handler sees, but for the last one.
var malformed = map[string]int{
	"GET /%zz HTTP/1.1\r\nHost: wiki.localhost\r\n\r\n":                                                  400,
	"GET / HTTP/1.1\r\nHost: wiki.localhost\r\nHost: sso.localhost\r\n\r\n":                              400,
	"GET / HTTP/1.1\r\nHost: wiki localhost\r\n\r\n":                                                     400,
	"POST / HTTP/1.1\r\nHost: wiki.localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n": 400,
	"GET / HTTP/1.1\r\nHost: wiki.localhost\r\nX-A : b\r\n\r\n":                                          400,
	"GET /a\x00b HTTP/1.1\r\nHost: wiki.localhost\r\n\r\n":                                               400,
	"GET / HTTP/1.1\r\nHost: wiki.localhost\r\nX-A: " + strings.Repeat("a", 80<<10) + "\r\n\r\n":         431,
	"POST / HTTP/1.1\r\nHost: wiki.localhost\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\na":          417,
	"GET / HTTP/3.7\r\nHost: wiki.localhost\r\n\r\n":                                                     505,
	"OPTIONS * HTTP/1.1\r\nHost: wiki.localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n":       400,
}

var line = regexp.MustCompile(`msg="request refused" request_id=(\w{16}) reason=\w+ .*status=\d+`)

// Whatever cannot be read gets a page with a request id, and a log line and a
// count under it.
func TestMalformedRequests(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := prepare(t)
		if secure {
			s.tlsPair("sso", "sso.localhost")
			s.change("external_url: http:", "external_url: https:")
			s.change("  drain:", "  tls: {certificates: [{cert_file: sso.crt, key_file: sso.key}]}\n  drain:")
		}
		s.run()
		for request, status := range malformed {
			s.refuses(secure, request, status)
		}
		scrape := s.get(s.adminURL("/metrics")).body
		for _, want := range []string{`code="400",method="other",route=""} 6`, `code="417",method="other",route=""} 1`, `code="431",method="other",route=""} 1`, `code="505",method="other",route=""} 1`} {
			if !strings.Contains(scrape, want) {
				t.Errorf("no count %s, tls %v", want, secure)
			}
		}
	}
}

func (s *site) refuses(secure bool, request string, status int) {
	s.Helper()
	before := len(s.log.String())
	got := s.raw(secure, request)
	if got.status != status || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") || got.header.Get("Content-Security-Policy") == "" || got.header.Get("Date") == "" {
		s.Errorf("%q: %d %v, want the page of %d", got.url, got.status, got.header, status)
	}
	s.logged(before, got)
}

// logged wants one line behind the first bytes of the log, with the request id
// of the page.
func (s *site) logged(from int, got answer) {
	s.Helper()
	var found [][]string
	for end := time.Now().Add(5 * time.Second); len(found) == 0 && time.Now().Before(end); {
		found = line.FindAllStringSubmatch(s.log.String()[from:], -1)
	}
	if len(found) != 1 || !strings.Contains(got.body, found[0][1]) {
		s.Errorf("%q is logged as %q", got.url, s.log.String()[from:])
	}
}

// The log says who sent it, and neither page nor log repeat what was sent.
func TestMalformedRequestSaysLittle(t *testing.T) {
	s := start(t)
	got := s.raw(false, "GET /secret%zz HTTP/1.1\r\nHost: wiki.localhost\r\nCookie: secret\r\n\r\n")
	if strings.Contains(got.body, "secret") || strings.Contains(s.log.String(), "secret") {
		t.Errorf("what was sent is repeated:\n%s\n%s", got.body, s.log)
	}
	if !strings.Contains(s.log.String(), "reason=malformed status=400 remote=127.0.0.1:") {
		t.Errorf("the log does not say who:\n%s", s.log)
	}
	if !strings.Contains(got.body, "<html lang=\"en\"") {
		t.Errorf("the page is not in English:\n%s", got.body)
	}
}

// Someone who types http for https is told so.
func TestPlainHTTPOnTheTLSPort(t *testing.T) {
	s := prepare(t)
	s.tlsPair("sso", "sso.localhost")
	s.change("external_url: http:", "external_url: https:")
	s.change("  drain:", "  tls: {certificates: [{cert_file: sso.crt, key_file: sso.key}]}\n  drain:").run()
	if got := s.raw(false, "GET / HTTP/1.1\r\nHost: sso.localhost\r\n\r\n"); got.status != 400 || !strings.Contains(got.body, "use https") {
		t.Errorf("answer %d %q", got.status, got.body)
	}
}
