package upstream

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/netip"
)

// Exchange is what the caller knows about one request.
type Exchange struct {
	// Path is the escaped path to forward, from route.Path.Escaped.
	Path string
	// Client, Proto and Host become X-Forwarded-For, -Proto and -Host. Host is
	// the Host header as well, unless the upstream has its own; empty means the
	// one received. An invalid Client leaves X-Forwarded-For out.
	Client netip.Addr
	Proto  string
	Host   string
	// Prepare strips and signs. It runs on the request as it will leave, when
	// the headers that a client could take away by "Connection:" are gone
	// already; only the three forwarding headers are written after it. An error
	// ends the exchange.
	Prepare func(out *http.Request) error
	// Modify edits the response before its first byte is sent, the 101 of an
	// upgrade included. An error ends the exchange.
	Modify func(*http.Response) error
	// Fail answers for an exchange that failed before its answer began. It is
	// called at most once; with Gone nobody will read what it writes. Without
	// it the status alone is sent.
	Fail func(w http.ResponseWriter, r *http.Request, err *Error)
}

// Forward carries out one exchange and returns when it is over, which for an
// upgraded connection is its end. Cancelling the request's context ends it,
// upgraded connections too. Where the answer breaks off midway it panics with
// http.ErrAbortHandler, as [httputil.ReverseProxy] does, so that the server
// cuts the client's connection instead of passing off a part as the whole.
func (u *Upstream) Forward(w http.ResponseWriter, r *http.Request, x Exchange) {
	c := &carrier{upstream: u, Exchange: x, in: r, w: w}
	if err := c.plan(); err != nil {
		c.fail(w, r, err)
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	c.ctx, c.cancel = httptrace.WithClientTrace(ctx, c.trace()), cancel
	in := r.WithContext(ctx)
	if !c.websocket {
		in.Header = withoutUpgrade(r.Header)
	}
	if in.Body != nil && in.ContentLength != 0 {
		c.body = &watchedBody{ReadCloser: in.Body}
		in.Body = c.body
		// Without this an HTTP/1 server takes up to 256 KiB of the body away as
		// soon as the answer begins, and the upstream would get the rest as if it
		// were all. HTTP/2 does not support it because it needs no leave.
		_ = http.NewResponseController(w).EnableFullDuplex()
	}
	proxy := httputil.ReverseProxy{
		Rewrite:        c.rewrite,
		Transport:      c,
		ModifyResponse: c.modify,
		ErrorHandler:   c.fail,
		BufferPool:     &u.buffers,
		ErrorLog:       u.quiet,
		// Answers of unknown length and event streams are flushed at once
		// anyway; the others are as long as they say.
		FlushInterval: 0,
	}
	proxy.ServeHTTP(w, in)
}

// withoutUpgrade hides an upgrade that is none of ours from the proxy, which
// would refuse some and forward the rest. The header map is the caller's, so
// it is left as it is.
func withoutUpgrade(h http.Header) http.Header {
	if _, found := h["Upgrade"]; !found {
		return h
	}
	h = maps.Clone(h)
	delete(h, "Upgrade")
	return h
}
