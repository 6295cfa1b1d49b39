package gateway

import (
	"errors"
	"log/slog"
	"maps"
	"slices"

	"github.com/samlgate/samlgate/admin"
	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/proxy/live"
	"github.com/samlgate/samlgate/samlsp/metadata"
	"github.com/samlgate/samlgate/sessionstore/hot"
)

// Check builds everything that Run would build, from the same files, and
// connects to nothing. It returns what Run would refuse, all at once.
func Check(cfg *config.Config, opts Options) error {
	if cfg.Store.Driver == "embedded" && cfg.Store.Embedded.Path != "" {
		if err := fitFolder(cfg.Store.Embedded); err != nil {
			return err
		}
	}
	b, done, err := unopened(cfg, opts)
	if err != nil {
		return err
	}
	defer done()
	if _, err := b.build(cfg, nil); err != nil {
		return &Unfit{err}
	}
	b.warnOwn(cfg)
	return nil
}

// unopened is a base for looking at a configuration: its store connects to nothing
// before it is asked, and a file is not opened. done is to be called in the end.
func unopened(cfg *config.Config, opts Options) (b *base, done func(), err error) {
	store, err := newStore(cfg.Store, opts.Now, nil)
	if err != nil {
		return nil, nil, &Unfit{err}
	}
	key, err := auditKey(cfg)
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	log, err := audit.New(audit.Config{Key: key, Now: opts.Now})
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	b = &base{store: store, raw: store, feed: hot.NewFeed(hot.FeedConfig{Store: store, Now: opts.Now}), metrics: admin.NewMetrics(opts.Version), audit: log, log: slog.New(slog.DiscardHandler), now: opts.Now, demo: opts.Demo, doubt: opts.Warn}
	b.live = live.New(b.feed, opts.Now)
	return b, func() { _ = store.Close() }, nil
}

// warnOwn tells of certificates of ours that will expire soon, or have.
func (b *base) warnOwn(cfg *config.Config) {
	own := map[string][]config.KeyPair{"saml.keys": cfg.SAML.Keys}
	if cfg.Server.TLS != nil {
		own["server.tls"] = cfg.Server.TLS.Certificates
	}
	for _, key := range slices.Sorted(maps.Keys(own)) {
		for _, pair := range own[key] {
			if len(pair.Certificates) == 0 || b.doubt == nil {
				continue
			}
			if leaf := pair.Certificates[0]; b.now().After(leaf.NotAfter) {
				b.doubt(key + ": the certificate " + metadata.Fingerprint(leaf) + " has expired")
			}
			b.warnExpiry(key, pair.Certificates[:1])
		}
	}
}

// Endpoints are the public addresses of the service provider.
type Endpoints struct{ Metadata, ACS, SLO, SOAP string }

// EndpointsOf returns the addresses that an identity provider must know.
func EndpointsOf(cfg *config.Config) Endpoints {
	return Endpoints{
		Metadata: endpoint(cfg, cfg.SAML.Paths.Metadata, "metadata"),
		ACS:      endpoint(cfg, cfg.SAML.Paths.ACS, "acs"),
		SLO:      endpoint(cfg, cfg.SAML.Paths.SLO, "slo"),
		SOAP:     endpoint(cfg, cfg.SAML.Paths.SOAP, "soap"),
	}
}
