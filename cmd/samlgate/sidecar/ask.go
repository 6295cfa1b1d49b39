package sidecar

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// RequestHeader carries the request line that a web server asks about, as the
// server received it: "GET /path?query HTTP/1.1". All other headers are those of
// that request.
const RequestHeader = "X-Original-Request"

// ServeHTTP gives a verdict on another request: 200, 401, 403 or 503, and never a
// body that matters. With 200 come the identity headers that were verified.
func (j *judge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked := original(r)
	if asked == nil {
		refuse(w, http.StatusForbidden)
		return
	}
	status, identity := j.verdict(asked)
	if status != http.StatusOK {
		refuse(w, status)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	maps.Copy(w.Header(), identity)
	w.WriteHeader(http.StatusOK)
}

// original is the request that r asks about, nil if r does not say.
func original(r *http.Request) *http.Request {
	lines := r.Header[RequestHeader]
	if len(lines) != 1 {
		return nil
	}
	method, rest, _ := strings.Cut(lines[0], " ")
	target, protocol, ok := strings.Cut(rest, " ")
	if !ok || method == "" || !strings.HasPrefix(target, "/") || !strings.HasPrefix(protocol, "HTTP/") || strings.Contains(protocol, " ") {
		return nil
	}
	asked := r.Clone(r.Context())
	asked.Method, asked.RequestURI, asked.URL = method, target, &url.URL{}
	delete(asked.Header, RequestHeader)
	return asked
}
