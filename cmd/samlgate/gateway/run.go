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
	"sync"
	"sync/atomic"
	"time"

	"github.com/samlgate/samlgate/admin"
	"github.com/samlgate/samlgate/admin/logins"
	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/proxy/live"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/hot"
)

// Options are what the configuration does not say.
type Options struct {
	Version string
	Audit   io.Writer // audit records go here when audit.stdout is on
	Log     *slog.Logger
	Level   *slog.LevelVar // of Log, which an operator may raise for a while; nil: they may not
	Warn    func(string)   // told what Check has doubts about; Run logs it
	Now     func() time.Time
	// Drain ends the run gently when it is closed or sent to; done contexts end
	// it at once.
	Drain <-chan os.Signal
	// Reload brings another configuration; nil brings none.
	Reload <-chan func() (*config.Config, error)
	// Front, if set, is put in front of the public listener.
	Front func(http.Handler) http.Handler
	// State is the folder for what should outlive the process and can be had
	// anew, such as copies of metadata; empty keeps nothing.
	State string
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
	looks   looks
	open    sync.WaitGroup     // requests, those that became WebSockets too
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
	b := &base{metrics: admin.NewMetrics(opts.Version), log: opts.Log, now: opts.Now, state: opts.State, demo: opts.Demo}
	store, err := b.openStore(cfg.Store)
	if err != nil {
		return nil, err
	}
	b.raw = store
	b.feed = hot.NewFeed(hot.FeedConfig{Store: store, Now: opts.Now, Lost: b.watchLost})
	b.live = live.New(b.feed, opts.Now)
	b.store = b.feed.Own(b.metrics.MeterStore(store))
	if b.audit, err = openAudit(cfg, b, opts); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	r := &Runner{base: b, opts: opts, health: admin.NewHealth(store.Ping, opts.Now)}
	b.book = logins.NewBook(func() logins.Shared { return shared{r} }, b.metrics.AttemptAlone, opts.Now)
	b.verbose = newVerbosity(b, opts.Level, r.knows)
	return r, nil
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
	log, err := audit.New(c)
	if err != nil {
		return nil, fmt.Errorf("audit.file: %w", err)
	}
	return log, nil
}

func (r *Runner) close() {
	if r.fetch != nil {
		r.fetch()
	}
	if t := r.current.Load(); t != nil {
		t.close()
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
	writing, stop := context.WithCancel(ctx)
	defer stop()
	defer r.verbose.close()
	go r.book.Run(writing)
	go r.feed.Run(writing)
	if err := r.plant(ctx, cfg); err != nil {
		return err
	}
	r.inspectStore(ctx, true)
	go r.watchStore(writing)
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
		return &Unfit{err}
	}
	fetching, cancel := context.WithCancel(ctx)
	for _, s := range t.sources {
		go s.run(fetching)
	}
	r.tellGone(r.current.Load(), t)
	r.publish(ctx, t)
	old := r.current.Swap(t)
	if r.fetch != nil {
		r.fetch()
	}
	r.fetch = cancel
	if old == nil {
		r.metrics.Watch(r.now, r.state)
	} else {
		go old.close() // requests that began with it may still end sessions
	}
	return nil
}

// watchLost tells of the watch on the store: why it was lost, or nil when it is
// there.
func (b *base) watchLost(err error) {
	if err != nil {
		b.log.Warn("the session store cannot be watched; every request asks it until that works again", "err", err)
		return
	}
	b.log.Info("the session store is watched")
}

// ended records every session that this process ended.
func (b *base) ended(ctx context.Context, e sessionstore.Ended) {
	b.metrics.Ended(e.Reason.String())
	event := audit.Event{Type: audit.SessionEnded, Session: e.ID.Hash(), Reason: e.Reason.String()}
	event.By, event.Addr, event.Note = actor(ctx)
	if e.Session != nil {
		event.Person, event.IDP = e.Session.Identity.Person, e.Session.Identity.IDP
	}
	b.audit.Record(event)
}
