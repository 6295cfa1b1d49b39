// Package adminclient speaks to the administration API of a gateway, for the
// commands that need one which runs.
package adminclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/samlgate/samlgate/admin/logins"
)

// Config says which gateway, and with which token.
type Config struct {
	URL    string            // origin of the admin listener; plain http on loopback only
	Token  string            // one of server.admin_tokens
	Pin    *x509.Certificate // the one certificate to accept; nil: one that the system trusts
	Socket string            // path of a Unix socket to connect to; empty = by URL
}

// Client asks one gateway.
type Client struct {
	base  *url.URL
	token string
	http  *http.Client
}

const (
	patience  = 15 * time.Second // with one request
	maxAnswer = 16 << 20         // bytes
)

// New returns a client. An address to which the token must not be sent in the
// clear is an error.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(cfg.URL, "/"))
	if err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("the admin address is not like http://127.0.0.1:9090 or https://gateway.example.com:9090")
	}
	plain := base.Scheme == "http"
	if plain && cfg.Socket == "" && !loopback(base.Hostname()) {
		return nil, fmt.Errorf("the admin address %s is plain http to another machine; a token is sent there by https only", base.Redacted())
	}
	if cfg.Token == "" || strings.ContainsFunc(cfg.Token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return nil, errors.New("no admin token: name a file that holds it with --token-file, or set $SAMLGATE_ADMIN_TOKEN")
	}
	t := &http.Transport{TLSClientConfig: trust(cfg.Pin), ForceAttemptHTTP2: true}
	switch {
	case cfg.Socket != "":
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", cfg.Socket)
		}
	case plain:
		t.DialContext = (&net.Dialer{Timeout: patience, Control: onlyLoopback}).DialContext
	default:
		t.Proxy = http.ProxyFromEnvironment
	}
	return &Client{base: base, token: cfg.Token, http: &http.Client{
		Transport: t, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the token goes where it was meant to
	}}, nil
}

func trust(pin *x509.Certificate) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if pin != nil {
		c.InsecureSkipVerify = true // the one certificate of the configuration instead, which may name no address
		c.VerifyConnection = func(s tls.ConnectionState) error {
			if !s.PeerCertificates[0].Equal(pin) {
				return errors.New("the admin listener shows another certificate than server.admin_tls")
			}
			return nil
		}
	}
	return c
}

func loopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// onlyLoopback refuses to connect to where a name leads that should mean this
// machine and does not.
func onlyLoopback(_, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil || !addr.Addr().Unmap().IsLoopback() {
		return errors.New("the admin address leads to another machine by plain http")
	}
	return nil
}

// Refusal is an answer that is not what was asked for.
type Refusal struct {
	Status  int
	Code    string // "error" of the answer
	Message string
}

func (r *Refusal) Error() string {
	switch r.Status {
	case http.StatusUnauthorized:
		return "the gateway does not know this token (server.admin_tokens)"
	case http.StatusForbidden:
		return "this needs a token with the role operator (server.admin_tokens)"
	}
	return "the gateway says: " + logins.Printable(r.Message) // whatever listens there
}

// Get reads the resource at path into out.
func (c *Client) Get(ctx context.Context, path string, query url.Values, out any) error {
	return c.do(ctx, http.MethodGet, path, query, nil, out)
}

// Send sends in, as JSON, to the resource at path and reads the answer into out.
func (c *Client) Send(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return c.do(ctx, method, path, nil, body, out)
}

// Ask does something to the resource at path, with what the query says alone, and
// reads the answer into out.
func (c *Client) Ask(ctx context.Context, method, path string, query url.Values, out any) error {
	return c.do(ctx, method, path, query, nil, out)
}

func (c *Client) do(ctx context.Context, method, path string, query url.Values, body []byte, out any) error {
	at := c.base.JoinPath(path)
	at.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, method, at.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("asking the gateway at %s: %w", c.base, unwrapped(err))
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("reading the answer of the gateway: %w", err)
	}
	if res.StatusCode/100 != 2 {
		return refusal(res.StatusCode, answer)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s does not answer like a gateway's admin listener", c.base)
	}
	return nil
}

func refusal(status int, answer []byte) error {
	var p struct{ Error, Message string }
	if json.Unmarshal(answer, &p) != nil || p.Message == "" {
		p.Message = fmt.Sprintf("status %d", status)
	}
	return &Refusal{Status: status, Code: p.Error, Message: p.Message}
}

// unwrapped drops the method and address that net/http puts in front.
func unwrapped(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
