package gateway

import (
	"context"
	"net/http"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/config"
)

// hurry is how long requests may go on after a run that was to end at once.
const hurry = 2 * time.Second

// wait serves until the end, and reloads on the way.
func (r *Runner) wait(ctx context.Context, failed <-chan error, public *http.Server) error {
	for {
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
			return r.stop(public, hurry, nil)
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
		return r.stop(public, d.Timeout, r.opts.Drain)
	case <-r.opts.Drain:
	case <-ctx.Done():
	}
	return public.Close()
}

// stop accepts no more and waits for requests; what is still open at the end
// of the timeout, or when again is sent to, is cut.
func (r *Runner) stop(public *http.Server, timeout time.Duration, again <-chan os.Signal) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { // ends with the process at the latest
		err := public.Shutdown(ctx)
		if err == nil {
			r.open.Wait() // Shutdown does not know of connections that became WebSockets
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil {
			return nil
		}
	case <-again:
	case <-ctx.Done():
	}
	r.log.Warn("cut what was still open")
	return public.Close()
}

// counted lets the end of the run wait for what h answers.
func (r *Runner) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.open.Add(1)
		defer r.open.Done()
		h.ServeHTTP(w, q)
	})
}

// reload replaces the tree, or keeps it and says why. The listeners and the
// store stay: what they are made of takes a restart.
func (r *Runner) reload(ctx context.Context, load func() (*config.Config, error)) {
	if err := r.audit.Reopen(); err != nil {
		r.log.Error("audit file", "err", err)
	}
	old := r.current.Load().cfg
	cfg, err := load()
	if err == nil {
		err = r.plant(ctx, cfg)
	}
	if err != nil {
		for _, one := range Mistakes(err) {
			r.log.Error("configuration not reloaded; the old one stays", "err", one)
		}
		return
	}
	if keys := needRestart(old, cfg); len(keys) > 0 {
		r.log.Warn("some changes take effect at the next restart only", "keys", strings.Join(keys, " "))
	}
	r.inspectStore(ctx, true)
	r.audit.Record(audit.Event{Type: audit.GatewayReloaded, By: "operator"})
	r.log.Info("configuration reloaded")
}

// needRestart names the keys that changed and that a running process cannot
// change.
func needRestart(old, cfg *config.Config) (keys []string) {
	for _, k := range []struct {
		name    string
		changed bool
	}{
		{"server.listen", old.Server.Listen != cfg.Server.Listen},
		{"server.http_listen", old.Server.HTTPListen != cfg.Server.HTTPListen},
		{"server.admin_listen", old.Server.AdminListen != cfg.Server.AdminListen},
		{"server.tls", (old.Server.TLS == nil) != (cfg.Server.TLS == nil)},
		{"server.admin_tls", (old.Server.AdminTLS == nil) != (cfg.Server.AdminTLS == nil)},
		{"store", old.Store.Driver != cfg.Store.Driver || old.Store.Embedded != cfg.Store.Embedded || !reflect.DeepEqual(old.Store.Redis, cfg.Store.Redis)},
		{"audit", old.Audit != cfg.Audit},
		{"log", old.Log.Level != cfg.Log.Level || old.Log.Format != cfg.Log.Format},
	} {
		if k.changed {
			keys = append(keys, k.name)
		}
	}
	return keys
}
