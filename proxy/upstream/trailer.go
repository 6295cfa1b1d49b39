package upstream

import (
	"io"
	"net/http"
	"strings"
)

// filterTrailer lets only harmless response trailers through. RFC 9110 §6.5.1
// forbids fields that are about framing, routing, authentication, caching or
// control in a trailer, and Modify has not seen them: an intermediary that
// merges trailers would make a header of them.
func filterTrailer(res *http.Response) {
	if res.StatusCode == http.StatusSwitchingProtocols || res.Body == nil || res.Body == http.NoBody {
		return
	}
	cutTrailer(res.Trailer)
	res.Body = &trailerBody{ReadCloser: res.Body, res: res}
}

type trailerBody struct {
	io.ReadCloser
	res *http.Response
}

// Close comes after the last read, when the trailer is complete.
func (b *trailerBody) Close() error {
	err := b.ReadCloser.Close()
	cutTrailer(b.res.Trailer)
	return err
}

func cutTrailer(trailer http.Header) {
	for name := range trailer {
		if forbiddenTrailer(name) {
			delete(trailer, name)
		}
	}
}

func forbiddenTrailer(name string) bool {
	switch name = strings.ToLower(name); name {
	case "cache-control", "expires", "pragma", "vary", "age", "date", "location", "refresh", "retry-after", "warning",
		"www-authenticate", "authorization", "proxy-authenticate", "set-cookie", "set-cookie2", "clear-site-data",
		"connection", "host", "te", "trailer", "transfer-encoding", "upgrade", "link",
		"strict-transport-security", "service-worker-allowed", "cdn-cache-control", "surrogate-control":
		return true
	}
	for _, prefix := range []string{"content-", "access-control-", "cross-origin-", "sec-", "x-accel-", "x-sendfile", "x-frame-", "x-content-"} {
		if strings.HasPrefix(name, prefix) && name != "content-digest" {
			return true
		}
	}
	return false
}
