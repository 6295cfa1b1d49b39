// Package visit holds what is known about one request while it is handled:
// each step fills in its part, and one log line at the end tells the whole.
package visit

import (
	"crypto/rand"
	"encoding/base32"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/samlgate/samlgate/proxy/route"
)

// Visit is one request. It belongs to the goroutine that serves the request.
type Visit struct {
	ID        string     // request id, shown to the person and put in every log line
	Start     time.Time  // when it arrived
	Addr      netip.Addr // the client, as far as we believe it; may be invalid
	Proto     string     // "http" or "https", as the client used it
	Host      string     // canonical host, without port
	Authority string     // host and port as the client wrote them
	Path      route.Path // canonical path

	// Passive: the request is no use of the session that it comes with, which
	// ends as if it had never been made.
	Passive bool

	Route   string // configured name of the route, once it is known
	Session string // hash of the session id, once it is known
	IDP     string // configured name, where one is concerned

	// ServiceProvider is the SP identity of ours, by its configured name, at whose
	// address this request has arrived; empty = the gateway's own.
	ServiceProvider string

	Reason string // why the request was answered as it was: an enum value
	Err    error  // the error behind a 5xx answer
	Login  Login  // how an attempt to sign in ended, where one did
}

// NewID returns 80 random bits in lower-case base32: short enough to be read
// out on the phone, long enough never to come twice.
func NewID() string {
	b := make([]byte, 10)
	_, _ = rand.Read(b) // never fails since Go 1.24
	return strings.ToLower(base32.StdEncoding.EncodeToString(b))
}

// Client returns the address of the client in words for records, empty where
// the listener has no addresses.
func (v *Visit) Client() string {
	if !v.Addr.IsValid() {
		return ""
	}
	return v.Addr.String()
}

// Attrs are the fields of the request's log line that were filled in.
func (v *Visit) Attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("request_id", v.ID)}
	for _, f := range []struct{ key, value string }{
		{"route", v.Route}, {"session", v.Session}, {"idp", v.IDP}, {"service_provider", v.ServiceProvider}, {"reason", v.Reason},
	} {
		if f.value != "" {
			attrs = append(attrs, slog.String(f.key, f.value))
		}
	}
	if v.Err != nil {
		attrs = append(attrs, slog.Any("err", v.Err))
	}
	return attrs
}
