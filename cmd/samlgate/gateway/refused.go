package gateway

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/peer"
	"github.com/samlgate/samlgate/proxy/visit"
)

// answerRefused prepares s for [peer.Guard] to send our own page for what
// net/http refuses before any handler, and for "OPTIONS *" to reach the handler
// like all other requests. A listener that only leads to https promises
// nothing: over http there is no HSTS (RFC 6797 §7.2).
func (r *Runner) answerRefused(s *http.Server, promises bool) peer.Refused {
	s.ConnState, s.DisableGeneralOptionsHandler = peer.Follow, true
	return func(status int, remote net.Addr) []byte {
		hsts := ""
		if promises {
			hsts = r.current.Load().gateway.HSTS
		}
		return r.refused(status, remote, hsts)
	}
}

// refused answers a request that cannot be read, so that it has a page, a
// request id, a log line and a count like all others. Nothing the client sent
// is known here but its address.
func (r *Runner) refused(status int, remote net.Addr, hsts string) []byte {
	id := visit.NewID()
	page := &buffer{header: http.Header{"Date": {r.now().UTC().Format(http.TimeFormat)}}} // RFC 9110 §6.6.1
	if hsts != "" {
		page.header.Set("Strict-Transport-Security", hsts)
	}
	r.current.Load().gateway.Pages.Error(page, unread(), pages.Problem{Code: unreadable(status), Status: status, RequestID: id})
	r.metrics.Request("", "other", page.status, 0)
	r.log.LogAttrs(context.Background(), slog.LevelInfo, "request refused", slog.String("request_id", id),
		slog.String("reason", "malformed"), slog.Int("status", page.status), slog.String("remote", remote.String()))
	return page.wire()
}

// unread stands for a request of which nothing is known: a person reads the
// answer, in the first language.
func unread() *http.Request {
	return &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}, Header: http.Header{"Accept": {"text/html"}}}
}

func unreadable(status int) pages.Code {
	if status == http.StatusRequestHeaderFieldsTooLarge {
		return pages.HeaderTooLarge
	}
	return pages.BadRequest
}

// buffer is a ResponseWriter that keeps the answer.
type buffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *buffer) Header() http.Header         { return b.header }
func (b *buffer) WriteHeader(status int)      { b.status = status }
func (b *buffer) Write(p []byte) (int, error) { return b.body.Write(p) }

// wire is the answer as the bytes of HTTP/1.1, the last one of its connection.
func (b *buffer) wire() []byte {
	var out bytes.Buffer
	res := http.Response{
		StatusCode: b.status, ProtoMajor: 1, ProtoMinor: 1, Header: b.header, Close: true,
		ContentLength: int64(b.body.Len()), Body: io.NopCloser(&b.body),
	}
	_ = res.Write(&out) // memory takes everything
	return out.Bytes()
}
