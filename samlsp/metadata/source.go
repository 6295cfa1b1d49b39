package metadata

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// SourceConfig configures a [Source].
type SourceConfig struct {
	URL      string        // required: https, or http on a loopback address or with Signers
	EntityID string        // expected; empty means that of the first good document
	Interval time.Duration // between fetches; 0 means 6 h, at least 1 min
	Timeout  time.Duration // of one fetch; 0 means 30 s
	Client   *http.Client  // nil means one with its own connections; redirects and timeouts are ours
	Now      func() time.Time

	// Signers are the certificates of which one must have signed the document
	// whole; empty asks for no signature.
	Signers []*x509.Certificate

	// MaxValidity is how far ahead validUntil may be at most, see
	// [Descriptor.EndsWithin]; 0 = any.
	MaxValidity time.Duration

	// Copy is the file that keeps the last good document for a start while the
	// URL does not answer; empty keeps none.
	Copy string

	// Known is the last good document that an earlier Source of the same URL, the
	// same Signers and the same MaxValidity had, or nil. With it the copy on disk is not read.
	Known *Descriptor

	// OnChange is called, never twice at a time, with each new good document and
	// the one before, which may be nil. An error refuses the document: the one
	// before stays. May be nil.
	OnChange func(now, before *Descriptor) error
	// OnError is called with what went wrong in the loop of Run, and with a copy
	// that could not be written or had to be used. May be nil.
	OnError func(error)
}

// Source keeps the metadata behind a URL. A document that is damaged, expired,
// unsigned where a signature is asked for, valid for too long, about somebody else or without a
// usable key never replaces the last good one.
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
	if err := CheckEndpoint(cfg.URL); err != nil && !(len(cfg.Signers) > 0 && CheckEndpoint(overTLS(cfg.URL)) == nil) {
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
	s := &Source{cfg: cfg, client: &client, entityID: cfg.EntityID}
	if cfg.Known != nil {
		s.last.Store(cfg.Known)
		s.entityID = cfg.Known.EntityID
	}
	return s, nil
}

// overTLS is the URL if it were https: with a pinned signer the way it travels
// proves nothing that the signature does not prove.
func overTLS(s string) string {
	if rest, ok := strings.CutPrefix(s, "http://"); ok {
		return "https://" + rest
	}
	return s
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
			s.report(err)
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

// interval is the configured one, or less where the document asks for it
// (§2.3.1: cacheDuration is the most that a copy may be kept unasked), or would
// expire: never less than a minute, whatever the document asks for.
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
// returns what is wrong with it otherwise. If there is no good document yet, the
// copy on disk then takes its place.
func (s *Source) Refresh(ctx context.Context) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	err := s.refresh(ctx)
	if err == nil {
		return nil
	}
	if s.last.Load() == nil && s.cfg.Copy != "" && ctx.Err() == nil {
		s.restore()
	}
	return fmt.Errorf("metadata from %s: %w", s.name(), err)
}

// name is the URL without its query, which may hold a key.
func (s *Source) name() string {
	u, err := url.Parse(s.cfg.URL)
	if err != nil {
		return "its URL"
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

// refresh takes in a new good document, if there is one.
func (s *Source) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.patience())
	defer cancel()
	answer, err := s.get(ctx)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(answer.body)
	if last := s.last.Load(); last != nil && (answer.unchanged || digest == s.digest) {
		return last.expired(s.cfg.Now())
	}
	if err := s.take(answer.body); err != nil {
		return err
	}
	s.etag, s.modified = answer.etag, answer.modified
	if s.cfg.Copy != "" {
		if err := writeCopy(s.cfg.Copy, answer.body); err != nil {
			s.report(fmt.Errorf("the last good metadata is not kept on disk: %w", err))
		}
	}
	return nil
}

// take makes a document the current one if all that is asked of it holds.
func (s *Source) take(document []byte) error {
	d, err := ParseSigned(document, s.entityID, s.cfg.Signers, s.cfg.Now())
	if err != nil {
		return err
	}
	if err := d.EndsWithin(s.cfg.MaxValidity, s.cfg.Now()); err != nil {
		return err
	}
	if overTLS(s.cfg.URL) != s.cfg.URL && CheckEndpoint(s.cfg.URL) != nil && d.ValidUntil.IsZero() {
		d.Warnings = append(d.Warnings, "it is fetched over http and has no validUntil: somebody on the way could hold on to an old one")
	}
	if s.cfg.OnChange != nil {
		if err := s.cfg.OnChange(d, s.last.Load()); err != nil {
			return err
		}
	}
	s.entityID, s.digest = d.EntityID, sha256.Sum256(document)
	s.last.Store(d)
	return nil
}

func (s *Source) report(err error) {
	if s.cfg.OnError != nil {
		s.cfg.OnError(err)
	}
}
