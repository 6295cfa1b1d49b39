package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
)

// Kind says what went wrong with an exchange, for the page and the metric.
type Kind int

// The kinds of failure, with the status each one is answered with.
const (
	Down       Kind = iota + 1 // 502: no connection, or it broke
	Protocol                   // 502: the upstream broke the rules of HTTP
	Timeout                    // 504: no connection or no answer in time
	Gone                       // 499: the request was cancelled: nobody reads an answer
	TooLarge                   // 413: the body is over the caller's http.MaxBytesReader
	BadRequest                 // 400: the body or path of the client is malformed
	Refused                    // 500: Exchange.Prepare or Exchange.Modify said no
)

var kindNames = [...]string{Down: "down", Protocol: "protocol", Timeout: "timeout", Gone: "gone",
	TooLarge: "too_large", BadRequest: "bad_request", Refused: "refused"}

// String returns a word for metrics.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return ""
	}
	return kindNames[k]
}

// Error is why an exchange failed before its answer began. Err may name
// addresses of the upstream: it is for the log.
type Error struct {
	Kind Kind
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("forwarding (%s): %v", e.Kind, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Status returns the status code to answer with. For [Gone] it is 499, which
// is for logs only: nobody is there to read it.
func (e *Error) Status() int {
	switch e.Kind {
	case Timeout:
		return http.StatusGatewayTimeout
	case Gone:
		return 499
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case BadRequest:
		return http.StatusBadRequest
	case Refused:
		return http.StatusInternalServerError
	}
	return http.StatusBadGateway
}

// classify finds the kind of a transport error. Errors of ours keep theirs.
// bodyErr is what reading the client's body returned.
func classify(ctx context.Context, err, bodyErr error) *Error {
	var own *Error
	var tooLarge *http.MaxBytesError
	var timeout net.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &tooLarge) || errors.As(bodyErr, &tooLarge):
		return &Error{TooLarge, err}
	case ctx.Err() != nil:
		return &Error{Gone, context.Cause(ctx)}
	case errors.Is(bodyErr, io.ErrUnexpectedEOF) || errors.As(bodyErr, &timeout):
		return &Error{Gone, bodyErr} // the client stopped sending
	case bodyErr != nil:
		return &Error{BadRequest, bodyErr}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &Error{Timeout, err}
	}
	return &Error{Down, err}
}

func protocolError(format string, args ...any) *Error {
	return &Error{Protocol, fmt.Errorf(format, args...)}
}
