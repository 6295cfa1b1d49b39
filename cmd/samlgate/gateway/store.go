package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
	"github.com/samlgate/samlgate/sessionstore/redis"
)

// openStore opens the session store that the file names. It connects to
// nothing yet. What the file says wrongly is [Unfit].
func (b *base) openStore(cfg config.Store) (sessionstore.Store, error) {
	if cfg.Driver == "embedded" && cfg.Embedded.Path != "" {
		if err := fitFolder(cfg.Embedded); err != nil {
			return nil, err
		}
		return embedded.Open(embedded.Options{Path: string(cfg.Embedded.Path), Now: b.now, Trouble: b.storeTrouble})
	}
	store, err := newStore(cfg, b.now, b.unconfirmed)
	if err != nil {
		return nil, &Unfit{err}
	}
	return store, nil
}

// storeTrouble logs that the embedded store cannot write, or can again.
func (b *base) storeTrouble(err error) {
	if err != nil {
		b.log.Error("the session store cannot be written to; who signs in or out is told to try again", "err", err)
		return
	}
	b.log.Info("the session store is written to again")
}

func fitFolder(cfg config.Embedded) error {
	if err := embedded.FitFolder(string(cfg.Path)); err != nil {
		return &Unfit{naming("store.embedded.path", err)}
	}
	return nil
}

// newStore makes a store that opens nothing.
func newStore(cfg config.Store, now func() time.Time, unconfirmed func(context.Context, redis.Unconfirmed)) (sessionstore.Store, error) {
	if cfg.Driver == "embedded" {
		return embedded.New(now), nil
	}
	o := redis.Options{
		Username: cfg.Redis.Username, Password: cfg.Redis.Password.Reveal(),
		DB: cfg.Redis.DB, KeyPrefix: cfg.Redis.KeyPrefix, Now: now, Unconfirmed: unconfirmed,
	}
	switch cfg.Redis.Mode {
	case "sentinel":
		o.Sentinel = &redis.Sentinel{Addrs: cfg.Redis.Addresses, MasterName: cfg.Redis.MasterName,
			Username: cfg.Redis.SentinelUsername, Password: cfg.Redis.SentinelPassword.Reveal()}
	case "cluster":
		o.Cluster = cfg.Redis.Addresses
	default:
		o.Addr = cfg.Redis.Addresses[0]
	}
	if cfg.Redis.TLS != nil {
		tls, err := clientTLS(cfg.Redis.TLS)
		if err != nil {
			return nil, fmt.Errorf("store.redis.tls: %w", err)
		}
		o.TLS = tls
	}
	store, err := redis.New(o)
	if err != nil {
		return nil, fmt.Errorf("store.redis: %w", err)
	}
	return store, nil
}

// clientTLS is how we speak TLS to somebody else.
func clientTLS(cfg *config.ClientTLS) (*tls.Config, error) {
	if cfg == nil {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: cfg.ServerName}
	if len(cfg.CAFile.Content) > 0 {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(cfg.CAFile.Content) {
			return nil, fmt.Errorf("%s holds no certificate", cfg.CAFile.Path)
		}
	}
	if cfg.CertFile != "" {
		c.Certificates = []tls.Certificate{cfg.Pair.TLS()}
	}
	return c, nil
}

// unconfirmed records a write that no replica had confirmed: a failover at this
// moment would undo what ended or was used up.
func (b *base) unconfirmed(ctx context.Context, u redis.Unconfirmed) {
	b.metrics.Unconfirmed(u.Operation)
	b.log.WarnContext(ctx, "done, but on no replica of the session store yet", "operation", u.Operation, "err", u.Err)
	event := audit.Event{Type: audit.StoreUnconfirmed, Reason: u.Operation, By: "gateway"}
	if u.Session != "" {
		event.Session = u.Session.Hash()
	}
	b.audit.Record(event)
}
