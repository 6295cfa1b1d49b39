package testenv

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// patience is how long a helper waits for something that should happen soon;
// past it the test fails with what was seen instead.
const patience = 30 * time.Second

// FreePort returns a loopback TCP port, in decimal, that nobody listens on and
// that no other test is given while this one runs.
func FreePort(t testing.TB) string {
	t.Helper()
	_, port, err := net.SplitHostPort(storetest.FreeAddr(t))
	if err != nil {
		t.Fatalf("reading the free port: %v", err)
	}
	return port
}

// NewClient returns an HTTP client with its own cookie jar that resolves every
// name below .localhost to 127.0.0.1, as browsers do (RFC 6761 §6.3). It follows
// redirects; see [NoRedirects]. Like the browser of the tests, it does not mind
// that nobody signed the certificate of [Site.TLSFiles].
func NewClient(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatalf("making a cookie jar: %v", err)
	}
	tr := &http.Transport{DialContext: dialLocalhost, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: tr, Timeout: patience}
}

// NoRedirects returns a copy of c, with the same cookies, that hands back a
// redirect instead of following it.
func NoRedirects(c *http.Client) *http.Client {
	n := *c
	n.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &n
}

func dialLocalhost(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		addr = net.JoinHostPort("127.0.0.1", port)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, addr)
}

// Eventually fails the test unless check returns true within 30 seconds.
func Eventually(t testing.TB, what string, check func() bool) {
	t.Helper()
	if !eventually(t.Context(), check) {
		t.Fatalf("waited %v in vain: %s", patience, what)
	}
}

// eventually asks check every 50 ms until it returns true, and reports whether
// it did so before the patience ran out or ctx ended.
func eventually(ctx context.Context, check func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !check() {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}
