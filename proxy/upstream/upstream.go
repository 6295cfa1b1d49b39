package upstream

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Config is one upstream of one route. Upstreams share nothing, so that no
// connection ever crosses routes or TLS identities.
type Config struct {
	// URL is http, https, h2c (HTTP/2 without TLS), or unix:/path/to/socket. A
	// path in it is put in front of every forwarded path.
	URL *url.URL
	// TLS is for https: roots, client certificate, server name. Nil means the
	// system's roots. It is cloned.
	TLS *tls.Config
	// Connect bounds dialling and the TLS handshake together; 0 means 5 s.
	Connect time.Duration
	// ResponseHeader bounds the wait for an answer once the request is sent;
	// 0 means 60 s.
	ResponseHeader time.Duration
	// Idle cuts an answer or an upgraded connection on which the upstream and
	// the client have been silent for so long; 0 means never.
	Idle time.Duration
	// OwnHost sends the upstream's own host instead of the client's.
	OwnHost bool
}

const (
	defaultConnect        = 5 * time.Second
	defaultResponseHeader = 60 * time.Second
	idlePool              = 90 * time.Second
	keepAlive             = 30 * time.Second
	maxIdle               = 128
	maxResponseHead       = 256 << 10
	continueWait          = time.Second
)

// Upstream forwards requests to one app. It is safe for concurrent use.
type Upstream struct {
	base      *url.URL // scheme and host that the transport speaks to; path to prepend
	host      string   // Host to send, "" for the client's
	idle      time.Duration
	transport *http.Transport
	buffers   buffers
	quiet     *log.Logger // of the proxy, which logs what Fail is told
}

// New checks the configuration and returns an upstream. It connects to nothing.
func New(c Config) (*Upstream, error) {
	if c.URL == nil {
		return nil, errors.New("upstream without URL")
	}
	if c.Connect < 0 || c.ResponseHeader < 0 || c.Idle < 0 {
		return nil, fmt.Errorf("upstream %s: a timeout is below zero", c.URL.Redacted())
	}
	c.Connect = cmp.Or(c.Connect, defaultConnect)
	c.ResponseHeader = cmp.Or(c.ResponseHeader, defaultResponseHeader)
	u := &Upstream{idle: c.Idle, transport: newTransport(c), quiet: log.New(io.Discard, "", 0)}
	if err := u.address(c); err != nil {
		return nil, err
	}
	if c.OwnHost {
		u.host = u.base.Host
	}
	return u, nil
}

// address sets base and teaches the transport how to connect to it.
func (u *Upstream) address(c Config) error {
	base, raw := *c.URL, c.URL
	connect := (&net.Dialer{KeepAlive: keepAlive}).DialContext
	switch {
	case base.User != nil || base.RawQuery != "" || base.Fragment != "" || base.Opaque != "":
		return fmt.Errorf("upstream %s: user, query and fragment have no meaning here", raw.Redacted())
	case base.Scheme == "unix":
		if base.Host != "" || base.Path == "" {
			return fmt.Errorf("upstream %s: write unix:/path/to/socket", raw.Redacted())
		}
		u.transport.DialContext = watchAnswers(within(unixDialer(base.Path, connect), c.Connect))
		u.base = &url.URL{Scheme: "http", Host: "localhost"}
		return nil
	case base.Host == "":
		return fmt.Errorf("upstream %s: host is required", raw.Redacted())
	case base.Scheme == "h2c":
		u.transport.Protocols = new(http.Protocols)
		u.transport.Protocols.SetUnencryptedHTTP2(true)
		u.transport.DialContext = within(connect, c.Connect)
		base.Scheme = "http"
	case base.Scheme == "http":
		u.transport.DialContext = watchAnswers(within(connect, c.Connect))
	case base.Scheme == "https":
		u.transport.DialTLSContext = watchAnswers(within(overTLS(connect, c.TLS), c.Connect))
	default:
		return fmt.Errorf("upstream %s: scheme must be http, https, h2c or unix", raw.Redacted())
	}
	base.Path = strings.TrimSuffix(base.Path, "/")
	base.RawPath = strings.TrimSuffix(base.RawPath, "/")
	u.base = &base
	return nil
}

// newTransport keeps everything off that would change messages or route them
// elsewhere: no proxy from the environment, no compression, no HTTP/2 that the
// URL did not ask for (its server may coalesce hosts, and cannot upgrade).
func newTransport(c Config) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		ResponseHeaderTimeout:  c.ResponseHeader,
		ExpectContinueTimeout:  continueWait,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdle,
		IdleConnTimeout:        idlePool,
		MaxResponseHeaderBytes: maxResponseHead,
		DisableCompression:     true,
		Proxy:                  nil,
		Protocols:              protocols,
	}
}

// Close closes the connections nobody is using, as when a reload has replaced
// the upstream. Exchanges under way go on.
func (u *Upstream) Close() { u.transport.CloseIdleConnections() }

// buffers is the httputil.BufferPool of one upstream.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, bufferSize)
}

func (b *buffers) Put(p []byte) { b.pool.Put(&p) }
