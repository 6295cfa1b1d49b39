package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/samlgate/samlgate/admin"
	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/sessionstore"
)

// Options are what the configuration does not say.
type Options struct {
	Version string
	Audit   io.Writer // audit records go here when audit.stdout is on
	Log     *slog.Logger
	Now     func() time.Time
	// Drain ends the run gently when it is closed or sent to; done contexts end
	// it at once.
	Drain <-chan os.Signal
	// Reload brings another configuration; nil brings none.
	Reload <-chan func() (*config.Config, error)
	// Front, if set, is put in front of the public listener.
	Front func(http.Handler) http.Handler
	// Demo welcomes the demo's identity provider.
	Demo bool
	// Started, if set, is called once both listeners accept.
	Started func(public, admin net.Addr)
}

// Runner is a gateway that runs.
type Runner struct {
	*base
	opts    Options
	current atomic.Pointer[tree]
	health  *admin.Health
	fetch   context.CancelFunc // ends the metadata sources of the current tree
}

// Run serves until ctx is done or Options.Drain asks for the end. It returns
// nil after an end that was asked for.
func Run(ctx context.Context, cfg *config.Config, opts Options) error {
	r, err := newRunner(cfg, opts)
	if err != nil {
		return err
	}
	defer r.close()
	return r.run(ctx, cfg)
}

func newRunner(cfg *config.Config, opts Options) (*Runner, error) {
	b := &base{metrics: admin.NewMetrics(opts.Version), log: opts.Log, now: opts.Now, demo: opts.Demo}
	store, err := openStore(cfg.Store, opts.Now)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	b.store = b.metrics.MeterStore(store)
	if b.audit, err = openAudit(cfg, b, opts); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &Runner{base: b, opts: opts, health: admin.NewHealth(store.Ping, opts.Now)}, nil
}

func openAudit(cfg *config.Config, b *base, opts Options) (*audit.Log, error) {
	key, err := auditKey(cfg)
	if err != nil {
		return nil, err
	}
	c := audit.Config{File: string(cfg.Audit.File), Key: key, Now: opts.Now, OnError: func(err error) {
		b.metrics.AuditFailed()
		b.log.Error("audit record lost", "err", err)
	}}
	if cfg.Audit.Stdout {
		c.Also = opts.Audit
	}
	return audit.New(c)
}

func (r *Runner) close() {
	if r.fetch != nil {
		r.fetch()
	}
	if err := errors.Join(r.store.Close(), r.audit.Close()); err != nil {
		r.log.Error("closing", "err", err)
	}
}

// run opens the listeners, the admin one first: /livez answers while the rest
// is being built.
func (r *Runner) run(ctx context.Context, cfg *config.Config) error {
	failed := make(chan error, 3)
	adminServer, adminAddr, err := r.serveAdmin(cfg, failed)
	if err != nil {
		return err
	}
	defer adminServer.Close()
	if err := r.plant(ctx, cfg); err != nil {
		return err
	}
	if err := inspectStore(ctx, r.store, r.log); err != nil {
		r.log.Error("not ready", "err", err)
		r.health.Fault(err.Error())
	}
	public, addr, err := r.servePublic(cfg, failed)
	if err != nil {
		return err
	}
	defer public.Close()
	if cfg.Server.HTTPListen.Addr != "" {
		redirect, err := r.serveRedirect(cfg, failed)
		if err != nil {
			return err
		}
		defer redirect.Close()
	}
	r.health.Started()
	r.audit.Record(audit.Event{Type: audit.GatewayStarted, By: "gateway"})
	r.log.Info("serving", "url", cfg.Server.ExternalURL.String(), "listen", addr.String(), "admin", adminAddr.String())
	if r.opts.Started != nil {
		r.opts.Started(addr, adminAddr)
	}
	err = r.wait(ctx, failed, public)
	r.audit.Record(audit.Event{Type: audit.GatewayStopped, By: "gateway"})
	return err
}

// plant builds the tree of cfg and puts it in place of the current one.
func (r *Runner) plant(ctx context.Context, cfg *config.Config) error {
	t, err := r.build(cfg, r.current.Load())
	if err != nil {
		return err
	}
	fetching, cancel := context.WithCancel(ctx)
	for _, s := range t.sources {
		go s.run(fetching)
	}
	old := r.current.Swap(t)
	if r.fetch != nil {
		r.fetch()
	}
	r.fetch = cancel
	if old == nil {
		r.metrics.Certificates(r.now, r.certificates)
	}
	return nil
}

// wait serves until the end, and reloads on the way.
func (r *Runner) wait(ctx context.Context, failed <-chan error, public *http.Server) error {
	for {
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
			return r.stop(public, 2*time.Second)
		case <-r.opts.Drain:
			return r.drain(ctx, public)
		case load := <-r.opts.Reload:
			r.reload(ctx, load)
		}
	}
}

// drain lets the load balancer look elsewhere, then lets requests finish. A
// second signal ends it at once.
func (r *Runner) drain(ctx context.Context, public *http.Server) error {
	d := r.current.Load().cfg.Server.Drain
	r.health.Draining()
	r.log.Info("draining", "delay", d.Delay.String(), "timeout", d.Timeout.String())
	select {
	case <-time.After(d.Delay):
	case <-r.opts.Drain:
		return public.Close()
	case <-ctx.Done():
		return public.Close()
	}
	done := make(chan error, 1)
	go func() { done <- r.stop(public, d.Timeout) }() // ends with the timeout at the latest
	select {
	case err := <-done:
		return err
	case <-r.opts.Drain:
		return public.Close()
	}
}

// stop accepts no more and waits for requests; what is still open at the end
// of the timeout is cut.
func (r *Runner) stop(public *http.Server, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := public.Shutdown(ctx); err != nil {
		r.log.Warn("cut what was still open", "after", timeout.String())
		return public.Close()
	}
	return nil
}

// reload replaces the tree, or keeps it and says why. The listeners and the
// store stay: what they are made of takes a restart.
func (r *Runner) reload(ctx context.Context, load func() (*config.Config, error)) {
	cfg, err := load()
	if err == nil {
		if what := needsRestart(r.current.Load().cfg, cfg); what != "" {
			r.log.Warn("a change takes effect at the next restart only", "key", what)
		}
		err = r.plant(ctx, cfg)
	}
	if err := r.audit.Reopen(); err != nil {
		r.log.Error("audit file", "err", err)
	}
	if err != nil {
		r.log.Error("configuration not reloaded; the old one stays", "err", err)
		return
	}
	r.audit.Record(audit.Event{Type: audit.GatewayReloaded, By: "operator"})
	r.log.Info("configuration reloaded")
}

func needsRestart(old, cfg *config.Config) string {
	switch {
	case old.Server.Listen != cfg.Server.Listen:
		return "server.listen"
	case old.Server.AdminListen != cfg.Server.AdminListen:
		return "server.admin_listen"
	case old.Server.HTTPListen != cfg.Server.HTTPListen:
		return "server.http_listen"
	case old.Store.Driver != cfg.Store.Driver || old.Store.Redis.Addresses[0] != cfg.Store.Redis.Addresses[0]:
		return "store"
	case old.Audit != cfg.Audit:
		return "audit"
	}
	return ""
}

// ended records every session that this process ended.
func (b *base) ended(_ context.Context, e sessionstore.Ended) {
	b.metrics.Ended(e.Reason.String())
	event := audit.Event{Type: audit.SessionEnded, Session: e.ID.Hash(), Reason: e.Reason.String()}
	if e.Session != nil {
		event.Person, event.IDP = e.Session.Identity.Person, e.Session.Identity.IDP
	}
	b.audit.Record(event)
}
