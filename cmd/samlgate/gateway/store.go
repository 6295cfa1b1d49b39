package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
	"github.com/samlgate/samlgate/sessionstore/redis"
)

// openStore opens the session store that the file names. It connects to
// nothing yet.
func openStore(cfg config.Store, now func() time.Time) (sessionstore.Store, error) {
	if cfg.Driver == "embedded" {
		return embedded.New(now), nil
	}
	o := redis.Options{
		Addr: cfg.Redis.Addresses[0], Username: cfg.Redis.Username, Password: cfg.Redis.Password.Reveal(),
		DB: cfg.Redis.DB, KeyPrefix: cfg.Redis.KeyPrefix, Now: now,
	}
	if cfg.Redis.TLS != nil {
		tls, err := clientTLS(cfg.Redis.TLS)
		if err != nil {
			return nil, fmt.Errorf("store.redis.tls: %w", err)
		}
		o.TLS = tls
	}
	return redis.New(o)
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

// errUnfit says that a store works but cannot keep what sessions are promised.
var errUnfit = errors.New("the session store is not fit")

// inspectStore tells the operator what the store lacks. What breaks a promise
// is an error; a store that is away now is none, since it may come back.
func inspectStore(ctx context.Context, store sessionstore.Store, log *slog.Logger) error {
	r, ok := store.(*redis.Store)
	if !ok {
		log.Warn("sessions are kept in memory only: a restart signs everybody out, and a second gateway would not know them")
		return nil
	}
	findings, err := r.Prerequisites(ctx)
	if err != nil {
		log.Error("the session store does not answer; sign-ins wait until it does", "err", err)
		return nil
	}
	for _, f := range findings {
		if f.Severity == redis.Fatal {
			err = errors.Join(err, fmt.Errorf("%w: %s", errUnfit, f.Message))
			continue
		}
		log.Warn("session store: "+f.Message, "code", f.Code)
	}
	return err
}
