package metadata

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// SourceConfig configures a [Source].
type SourceConfig struct {
	URL      string        // required: https, or http on a loopback address
	EntityID string        // expected; empty means that of the first good document
	Interval time.Duration // between fetches; 0 means 6 h, at least 1 min
	Timeout  time.Duration // of one fetch; 0 means 30 s
	Client   *http.Client  // nil means one with its own connections; redirects and timeouts are ours
	Now      func() time.Time

	// OnChange is called, never twice at a time, with each new good document.
	OnChange func(*Descriptor)
	// OnError is called with what went wrong in the loop of Run. May be nil.
	OnError func(error)
}

// Source keeps the metadata behind a URL. A document that is damaged, expired,
// about somebody else or without a usable key never replaces the last good one.
type Source struct {
	cfg    SourceConfig
	client *http.Client

	last atomic.Pointer[Descriptor] // nil before the first success

	turn     sync.Mutex // held during a refresh and its callback
	entityID string
	digest   [sha256.Size]byte
	etag     string // of the last good answer
	modified string // its Last-Modified
}

// NewSource returns a Source that has not fetched anything yet.
func NewSource(cfg SourceConfig) (*Source, error) {
	if err := CheckEndpoint(cfg.URL); err != nil {
		return nil, fmt.Errorf("the metadata URL: %w", err)
	}
	if cfg.Interval == 0 {
		cfg.Interval = 6 * time.Hour
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.Interval < time.Minute || cfg.Timeout < 0 {
		return nil, fmt.Errorf("refreshing metadata every %v: at least 1m is needed", cfg.Interval)
	}
	if cfg.Client == nil {
		cfg.Client = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	client := *cfg.Client
	client.CheckRedirect = stayOnHost
	client.Jar = nil
	return &Source{cfg: cfg, client: &client, entityID: cfg.EntityID}, nil
}

// stayOnHost refuses a redirect to another origin: who answers for the
// configured host decides, nobody else.
func stayOnHost(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if len(via) > 5 || req.URL.Host != first.Host || req.URL.Scheme != first.Scheme {
		return errors.New("it redirects to another host, or too often")
	}
	return nil
}

// Current returns the last good document. It reports false before there is one.
func (s *Source) Current() (*Descriptor, bool) {
	d := s.last.Load()
	return d, d != nil
}

// Run fetches at once and then again and again, until ctx ends. The identity
// provider may not be up yet: after a failure Run tries again sooner, after 5 s
// first, then after twice as long each time.
func (s *Source) Run(ctx context.Context) {
	retry := 5 * time.Second
	for ctx.Err() == nil {
		wait := s.interval()
		if err := s.Refresh(ctx); err == nil {
			wait, retry = s.interval(), 5*time.Second
		} else if ctx.Err() == nil {
			if s.cfg.OnError != nil {
				s.cfg.OnError(err)
			}
			wait, retry = min(wait, retry), min(2*retry, time.Hour)
		}
		timer := time.NewTimer(wait - rand.N(wait/10+1)) // replicas drift apart
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
	}
}

// interval is the configured one, or less where the document asks for it.
func (s *Source) interval() time.Duration {
	wait := s.cfg.Interval
	if d, ok := s.Current(); ok {
		if d.CacheDuration > 0 {
			wait = min(wait, d.CacheDuration)
		}
		if !d.ValidUntil.IsZero() {
			wait = min(wait, d.ValidUntil.Sub(s.cfg.Now())/2)
		}
	}
	return max(wait, time.Minute)
}

// Refresh fetches once, calls OnChange if the document is good and new, and
// returns what is wrong with it otherwise.
func (s *Source) Refresh(ctx context.Context) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	d, err := s.refresh(ctx)
	if err != nil {
		return fmt.Errorf("metadata from %s: %w", s.name(), err)
	}
	if d != nil && s.cfg.OnChange != nil {
		s.cfg.OnChange(d)
	}
	return nil
}

// name is the URL without its query, which may hold a key.
func (s *Source) name() string {
	u, err := url.Parse(s.cfg.URL)
	if err != nil {
		return "its URL"
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

// refresh returns a new good document, or nil when nothing has changed.
func (s *Source) refresh(ctx context.Context) (*Descriptor, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	answer, err := s.get(ctx)
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	digest := sha256.Sum256(answer.body)
	if last := s.last.Load(); last != nil && (answer.unchanged || digest == s.digest) {
		return nil, last.expired(now)
	}
	d, err := ParseEntity(answer.body, s.entityID, now)
	if err != nil {
		return nil, err
	}
	s.entityID, s.digest = d.EntityID, digest
	s.etag, s.modified = answer.etag, answer.modified
	s.last.Store(d)
	return d, nil
}
