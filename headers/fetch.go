package headers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	fetchTimeout = 5 * time.Second
	fetchLimit   = 256 << 10   // bytes of a key set
	fetchPause   = time.Minute // least time between two fetches
	fetchFresh   = KeysMaxAge
	fetchStale   = 24 * time.Hour // past it, keys that could not be renewed are no longer trusted
)

// ErrKeysUnavailable is returned while the key set cannot be fetched and none
// that was fetched before is recent enough.
var ErrKeysUnavailable = errors.New("the gateway's public keys are not available")

// FetchKeySet returns the keys served at a URL, usually
// https://GATEWAY/.samlgate/jwks.json. Nothing is fetched before the first
// token arrives. Keys are fetched again every five minutes, or when a token
// names an unknown key, but at most once a minute; when that fails the last
// good ones hold for a day. A fetch takes at most 5 s and follows no redirect.
//
// The URL must be https, or http on a loopback host: localhost, a name below
// it, 127.0.0.0/8, ::1. A nil client means one
// with its own connections; a nil now means [time.Now].
func FetchKeySet(rawURL string, client *http.Client, now func() time.Time) (*KeySet, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, errors.New("fetching a key set: the address must be an https URL")
	}
	if client == nil {
		client = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConns: 1, IdleConnTimeout: time.Minute}}
		if u.Scheme == "http" {
			client.Transport = &http.Transport{DialContext: dialLoopback, MaxIdleConns: 1, IdleConnTimeout: time.Minute}
		}
	}
	own := *client
	own.Timeout = fetchTimeout
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if now == nil {
		now = time.Now
	}
	return &KeySet{remote: &remoteKeys{url: u.String(), client: &own, now: now}}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// dialLoopback connects to this machine, whatever a name server says about a
// name below localhost (RFC 6761 §6.3).
func dialLoopback(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	if net.ParseIP(host) != nil {
		return d.DialContext(ctx, network, addr)
	}
	c, err := d.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		c, err = d.DialContext(ctx, network, net.JoinHostPort("::1", port))
	}
	return c, err
}

type remoteKeys struct {
	url    string
	client *http.Client
	now    func() time.Time

	last atomic.Pointer[fetched] // nil before the first success

	mu    sync.Mutex // held while fetching
	tried time.Time
}

type fetched struct {
	keys map[string]*trusted // :: kid → key
	at   time.Time
}

// key answers from memory while the keys are fresh. Later one request at a time
// fetches; the others go on with what there is, or wait when there is nothing.
func (r *remoteKeys) key(ctx context.Context, id string) (*trusted, error) {
	key, age := r.remembered(id)
	switch {
	case key != nil && age < fetchFresh:
		return key, nil
	case key != nil && age < fetchStale:
		if !r.mu.TryLock() {
			return key, nil
		}
	default:
		r.mu.Lock()
	}
	err := r.refresh(ctx)
	r.mu.Unlock()
	return r.find(id, err)
}

// remembered returns the key called id, or nil, and the age of the key set.
func (r *remoteKeys) remembered(id string) (*trusted, time.Duration) {
	have := r.last.Load()
	if have == nil {
		return nil, fetchStale
	}
	return have.keys[id], r.now().Sub(have.at)
}

// find looks id up after an attempt to refresh that ended with err.
func (r *remoteKeys) find(id string, err error) (*trusted, error) {
	switch key, age := r.remembered(id); {
	case age >= fetchStale && err != nil:
		return nil, fmt.Errorf("%w: %w", ErrKeysUnavailable, err)
	case age >= fetchStale:
		return nil, ErrKeysUnavailable
	case key == nil:
		return nil, errUnknownKey
	default:
		return key, nil
	}
}

// refresh fetches the keys unless that was tried a moment ago, perhaps by the
// request we waited for. The request that happens to ask may be cancelled by
// its client; the fetch then goes on for the others. Callers hold r.mu.
func (r *remoteKeys) refresh(ctx context.Context) error {
	now := r.now()
	if !r.tried.IsZero() && now.Sub(r.tried) < fetchPause {
		return nil
	}
	r.tried = now
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	defer cancel()
	keys, err := r.fetch(ctx)
	if err != nil {
		return err
	}
	r.last.Store(&fetched{keys: keys, at: now})
	return nil
}

func (r *remoteKeys) fetch(ctx context.Context) (map[string]*trusted, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, nil)
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", r.url, err)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", r.url, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetching %s: status %d", r.url, resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, fetchLimit+1))
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", r.url, err)
	}
	if len(body) > fetchLimit {
		return nil, fmt.Errorf("fetching %s: the key set exceeds %d bytes", r.url, fetchLimit)
	}
	keys, err := parseKeys(body)
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", r.url, err)
	}
	return keys, nil
}
