package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/sessionstore/embedded"
	"github.com/samlgate/samlgate/sessionstore/redis"
)

// reachMost is how long everything together may take.
const reachMost = 10 * time.Second

// Reached is what came of reaching one thing that the configuration names.
type Reached struct {
	What  string   // the thing, with its address
	Said  string   // what it answered
	Doubt []string // what works, and the operator should know
	Err   error    // why it is of no use, and what to do; nil: it is
}

// Reach reaches the store, the metadata and the apps that a configuration names,
// all at once, and returns what came of each, in the order of the file. The
// configuration has passed [Check]. It writes to the store, for nobody, and sends
// no secret but to the store.
func Reach(ctx context.Context, cfg *config.Config, opts Options) ([]Reached, error) {
	b, done, err := unopened(cfg, opts)
	if err != nil {
		return nil, err
	}
	defer done()
	t, err := b.build(cfg, nil)
	if err != nil {
		return nil, &Unfit{err}
	}
	ctx, cancel := context.WithTimeout(ctx, reachMost)
	defer cancel()
	questions := []func(context.Context) Reached{func(ctx context.Context) Reached { return b.reachStore(ctx, cfg.Store) }}
	for _, s := range t.sources {
		questions = append(questions, s.reach)
	}
	for i, c := range cfg.Routes {
		questions = append(questions, func(ctx context.Context) Reached {
			status, err := t.routes[i].Upstream.Reach(ctx, hostFor(c))
			return Reached{What: fmt.Sprintf("route %s: app %s", c.Name, c.Upstream.Redacted()), Said: fmt.Sprintf("answers with status %d", status),
				Err: explain(err, trouble{address: "routes[].upstream", tls: "routes[].tls"})}
		})
	}
	all := make([]Reached, len(questions))
	var asking sync.WaitGroup
	for i, ask := range questions {
		asking.Go(func() { all[i] = ask(ctx) })
	}
	asking.Wait()
	return all, nil
}

// hostFor is a host that people use a route by.
func hostFor(c config.Route) string {
	if len(c.Hosts) == 0 {
		return ""
	}
	return strings.Replace(c.Hosts[0], "*", "check", 1)
}

// reach fetches the metadata once, and judges it as a gateway that runs does.
func (s *source) reach(ctx context.Context) Reached {
	r := Reached{What: "idp " + s.idp.Name}
	if err := s.fetch.Refresh(ctx); err != nil {
		r.Err = explain(err, trouble{address: "saml.idps[].metadata_url"})
		return r
	}
	if d, ok := s.fetch.Current(); ok {
		r.Said = "the metadata describes " + d.EntityID
	}
	return r
}

func (b *base) reachStore(ctx context.Context, cfg config.Store) Reached {
	if s, ok := b.raw.(*redis.Store); ok {
		return reachRedis(ctx, s, cfg.Redis)
	}
	path := string(cfg.Embedded.Path)
	if path == "" {
		return Reached{What: "store: memory", Said: "nothing to reach; a restart signs everybody out"}
	}
	r := Reached{What: "store: file " + path}
	r.Said, r.Err = embedded.Look(path)
	return r
}

// reachRedis does at the server what sessions will, and looks at its settings.
func reachRedis(ctx context.Context, s *redis.Store, cfg config.Redis) Reached {
	r := Reached{What: fmt.Sprintf("store: redis %s (%s)", strings.Join(cfg.Addresses, ", "), cfg.Mode)}
	hint := trouble{address: "store.redis.addresses", tls: "store.redis.tls", redis: cfg.Mode, spoken: cfg.TLS != nil}
	found, err := s.Prerequisites(ctx)
	if err != nil {
		r.Err = explain(err, hint)
		return r
	}
	var fatal []string
	for _, f := range found {
		if f.Severity == redis.Fatal {
			fatal = append(fatal, f.Message)
		} else {
			r.Doubt = append(r.Doubt, f.Message)
		}
	}
	if len(fatal) > 0 {
		r.Err = errors.New(strings.Join(fatal, "; "))
		return r
	}
	began := time.Now()
	if r.Err = explain(s.Try(ctx), hint); r.Err == nil {
		r.Said = fmt.Sprintf("does all that sessions need (tried within %d ms)", time.Since(began).Milliseconds())
	}
	return r
}
