package httpsig

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Message is what a signature can cover of a request, or of a response where
// Status is set.
type Message struct {
	Method    string
	Authority string // host and port, as [Authority] returns it
	Target    string // path and query as in the request line, escaped
	Header    http.Header
	Status    int
}

// Outgoing returns the message that a transport will send for r.
func Outgoing(r *http.Request) Message {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	return Message{Method: r.Method, Authority: Authority(host, r.URL.Scheme), Target: r.URL.RequestURI(), Header: r.Header}
}

// Incoming returns the message that a server received as r. The target is the
// one of the request line, whatever handlers did to r.URL since.
func Incoming(r *http.Request) Message {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return Message{Method: r.Method, Authority: Authority(r.Host, scheme), Target: r.RequestURI, Header: r.Header}
}

// Authority returns host and port as @authority has them (RFC 9421 §2.2.3): in
// lower case and without the scheme's default port.
func Authority(host, scheme string) string {
	switch {
	case scheme == "http":
		host = strings.TrimSuffix(host, ":80")
	case scheme == "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return lower(host)
}

// lower is strings.ToLower for ASCII alone: no other letter folds into one.
func lower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// errLineBreak: such a value would add lines to the signature base (RFC 9421
// §7.5.4).
var errLineBreak = errors.New("a covered component holds a line break")

// base appends the signature base (RFC 9421 §2.5). params is the value of
// @signature-params.
func (m *Message) base(dst []byte, components []Component, params []byte) ([]byte, error) {
	for _, c := range components {
		dst = append(append(dst, c.quoted...), ": "...)
		start := len(dst)
		var err error
		if c.key == "" {
			dst, err = m.derived(dst, c.Name())
		} else {
			dst, err = m.field(dst, c)
		}
		if err != nil {
			return nil, err
		}
		if value := dst[start:]; bytes.IndexByte(value, '\n') >= 0 || bytes.IndexByte(value, '\r') >= 0 {
			return nil, errLineBreak
		}
		dst = append(dst, '\n')
	}
	dst = append(dst, `"@signature-params": `...)
	return append(dst, params...), nil
}

// derived appends a component of RFC 9421 §2.2.
func (m *Message) derived(dst []byte, name string) ([]byte, error) {
	path, query, _ := strings.Cut(m.Target, "?")
	switch {
	case name == "@status" && m.Status > 0:
		return strconv.AppendInt(dst, int64(m.Status), 10), nil
	case m.Status > 0:
	case name == "@method" && m.Method != "":
		return append(dst, m.Method...), nil
	case name == "@authority" && m.Authority != "":
		return append(dst, m.Authority...), nil
	case name == "@path" && strings.HasPrefix(path, "/"):
		return append(dst, path...), nil
	case name == "@query" && strings.HasPrefix(path, "/"): // §2.2.7: without a query it is "?" alone
		return append(append(dst, '?'), query...), nil
	}
	return nil, fmt.Errorf("the message has no component %s", name)
}

// field appends the combined value of a header field (RFC 9421 §2.1).
func (m *Message) field(dst []byte, c Component) ([]byte, error) {
	lines := m.Header[c.key]
	if len(lines) == 0 {
		return nil, fmt.Errorf("the message has no header %s", c.Name())
	}
	for i, line := range lines {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, strings.Trim(line, " \t")...)
	}
	return dst, nil
}
