package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
)

// maxInterim is how many 1xx responses an upstream may send before its answer.
const maxInterim = 5

// carrier is one exchange under way.
type carrier struct {
	Exchange
	upstream  *Upstream
	in        *http.Request
	w         http.ResponseWriter
	websocket bool         // the client asked for one, properly
	path      string       // decoded form of Exchange.Path
	body      *watchedBody // nil without a body

	ctx    context.Context // of the round trip; ended by cancel, which Forward calls at the latest
	cancel context.CancelCauseFunc

	mu      sync.Mutex // the transport calls back from its own goroutines
	err     *Error     // what we ended the round trip for
	conn    net.Conn   // that carries the request
	interim int        // 1xx responses so far
	done    bool       // the round trip is over: w belongs to the proxy again
}

// plan checks what can be said before anything is sent.
func (c *carrier) plan() error {
	path, err := url.PathUnescape(c.Path)
	if err != nil || !strings.HasPrefix(path, "/") {
		return &Error{BadRequest, errors.New("path to forward is not an escaped path")}
	}
	if c.in.Method == http.MethodConnect {
		return &Error{BadRequest, errors.New("CONNECT is not forwarded")}
	}
	c.path = path
	c.websocket = asksWebSocket(c.in)
	return nil
}

// rewrite reads from In and writes to Out. Hop-by-hop headers and the client's
// forwarding headers are gone when it runs.
func (c *carrier) rewrite(p *httputil.ProxyRequest) {
	out, base := p.Out, c.upstream.base
	out.URL = &url.URL{
		Scheme: base.Scheme, Host: base.Host,
		Path: base.Path + c.path, RawPath: base.EscapedPath() + c.Path,
		RawQuery: p.In.URL.RawQuery, ForceQuery: p.In.URL.ForceQuery, // as received: the proxy drops "a=1;b=2"
	}
	out.Trailer = nil // RFC 9110 §6.5.1: a trailer may not become a header somewhere
	out.Host = c.host()
	if !c.websocket {
		out.Header.Del("Connection")
		out.Header.Del("Upgrade")
	}
	out.Header.Del("Http2-Settings") // RFC 7540 §3.2.1, of an h2c upgrade
	out.Close = connectionAuth(out.Header["Authorization"])
	if c.Prepare != nil {
		if err := c.Prepare(out); err != nil {
			c.abort(c.refusal(err))
			return
		}
	}
	c.setForwarded(out.Header)
}

// refusal is what an error of Prepare means: the client's, if Prepare read the
// body and it broke off.
func (c *carrier) refusal(err error) *Error {
	if c.body != nil && c.body.failure() != nil {
		return classify(c.in.Context(), err, c.body.failure())
	}
	return &Error{Refused, err}
}

func (c *carrier) host() string {
	switch {
	case c.upstream.host != "":
		return c.upstream.host
	case c.Host != "":
		return c.Host
	}
	return c.in.Host
}

func (c *carrier) setForwarded(h http.Header) {
	set := func(name, value string) {
		if h.Del(name); value != "" {
			h.Set(name, value)
		}
	}
	h.Del("Forwarded")
	addr := ""
	if c.Client.IsValid() {
		addr = c.Client.String()
	}
	host := c.Host
	if host == "" {
		host = c.in.Host
	}
	set("X-Forwarded-For", addr)
	set("X-Forwarded-Host", host)
	set("X-Forwarded-Proto", c.Proto)
}

// RoundTrip sends the request in our own context, without the hooks of the
// proxy, which would pass on any number of 1xx responses with all their
// headers and forget those already set on the writer.
func (c *carrier) RoundTrip(out *http.Request) (*http.Response, error) {
	if err := c.aborted(); err != nil {
		return nil, err
	}
	res, err := c.upstream.transport.RoundTrip(out.WithContext(c.ctx))
	c.mu.Lock()
	c.done = true
	c.mu.Unlock()
	return res, err
}

func (c *carrier) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			c.mu.Lock()
			c.conn = info.Conn
			c.mu.Unlock()
			if a, ok := info.Conn.(*answerConn); ok {
				a.expect()
			}
		},
		Got1xxResponse: c.gotInterim,
	}
}

// gotInterim counts, and passes on the Link headers of 103 (RFC 8297), which is
// all that browsers use. 100 comes from our own server when the body is read.
func (c *carrier) gotInterim(code int, header textproto.MIMEHeader) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.interim++; c.interim > maxInterim {
		c.err = protocolError("more than %d interim responses", maxInterim)
		return c.err
	}
	links := header["Link"]
	if code != http.StatusEarlyHints || c.done || len(links) == 0 || !c.in.ProtoAtLeast(1, 1) {
		return nil // RFC 9110 §15.2: never to HTTP/1.0
	}
	h := c.w.Header()
	before := h.Clone()
	clear(h)
	h["Link"] = links
	c.w.WriteHeader(code)
	clear(h)
	for name, values := range before {
		h[name] = values
	}
	return nil
}

// modify looks at the response before the caller does.
func (c *carrier) modify(res *http.Response) error {
	if res.StatusCode == http.StatusSwitchingProtocols {
		if err := c.checkSwitch(res); err != nil {
			return err
		}
	}
	if res.ProtoMajor == 1 && connectionAuth(res.Header["Www-Authenticate"]) {
		c.mu.Lock()
		res.Body = &lastBody{ReadCloser: res.Body, conn: c.conn}
		c.mu.Unlock()
	}
	filterTrailer(res)
	if c.upstream.idle > 0 {
		res.Body = newIdleBody(res.Body, c.upstream.idle, c.cancel)
	}
	if c.Modify == nil {
		return nil
	}
	if err := c.Modify(res); err != nil {
		return &Error{Refused, fmt.Errorf("response: %w", err)}
	}
	return nil
}

// fail turns any error into the one call of Exchange.Fail.
func (c *carrier) fail(_ http.ResponseWriter, _ *http.Request, err error) {
	var bodyErr error
	if c.body != nil {
		bodyErr = c.body.failure()
	}
	if own := c.aborted(); own != nil {
		err = own
	}
	e := classify(c.in.Context(), err, bodyErr)
	if c.Fail == nil {
		c.w.WriteHeader(e.Status())
		return
	}
	c.Fail(c.w, c.in, e)
}

func (c *carrier) abort(e *Error) {
	c.mu.Lock()
	c.err = e
	c.mu.Unlock()
}

// aborted returns an error interface so that nil stays nil.
func (c *carrier) aborted() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		return nil
	}
	return c.err
}

// connectionAuth reports whether any value names a scheme that authenticates
// the connection instead of the request (RFC 4559 §4, NTLM): the next request on it
// would be somebody else with this person's rights.
func connectionAuth(values []string) bool {
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			scheme, _, _ := strings.Cut(strings.TrimSpace(part), " ")
			if strings.EqualFold(scheme, "NTLM") || strings.EqualFold(scheme, "Negotiate") {
				return true
			}
		}
	}
	return false
}
