package upstream

import (
	"errors"
	"net/http"
)

// The reasons why [CheckFraming] refuses a request.
var (
	ErrTwoLengths = errors.New("request has both Content-Length and Transfer-Encoding")
	ErrTwoHosts   = errors.New("request names two hosts")
)

// CheckFraming refuses what a handler can still see of a request with two
// readings; the answer is 400. That is "host" beside another ":authority"
// (RFC 9113 §8.3.1), which the server leaves among the headers. Of a
// Content-Length beside Transfer-Encoding the server leaves nothing, so the
// listener has to look for it: peer.Guard does.
func CheckFraming(r *http.Request) error {
	if len(r.TransferEncoding) > 0 && len(r.Header["Content-Length"]) > 0 {
		return ErrTwoLengths
	}
	for _, host := range r.Header["Host"] {
		if host != r.Host {
			return ErrTwoHosts
		}
	}
	return nil
}
