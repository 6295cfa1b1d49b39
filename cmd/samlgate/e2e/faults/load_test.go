package faults

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/samlsp/idptest"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// How busy people are.
const (
	workers  = 6
	pollers  = 4
	working  = 400 * time.Millisecond // between two steps of a worker, on average
	polling  = 20 * time.Millisecond  // between two requests of a poller
	crowd    = 6                      // sign-ins of one person at once
	bursting = time.Second            // between two of these
)

// load is people at work on the gateways of a house.
type load struct {
	*house
	*ledger
	stop    context.CancelFunc
	running sync.WaitGroup
	people  atomic.Int64
	redis   []*goredis.Client // of each server, to see what is there
}

// newLoad lets people work until [load.rest].
func newLoad(h *house, servers []*storetest.Redis) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{house: h, ledger: &ledger{}, stop: cancel}
	for _, s := range servers {
		c := goredis.NewClient(&goredis.Options{Addr: s.Addr, MaxRetries: -1, DialerRetries: 1, DialTimeout: time.Second})
		h.Cleanup(func() { c.Close() })
		l.redis = append(l.redis, c)
	}
	h.Cleanup(l.rest)
	for range workers {
		w := &worker{load: l}
		l.keep(ctx, working, w.step)
	}
	for range pollers {
		l.keep(ctx, polling, l.poll)
	}
	l.keep(ctx, bursting, l.burst)
	return l
}

// keep calls step again and again until ctx is done, with a pause in between.
func (l *load) keep(ctx context.Context, pause time.Duration, step func(context.Context)) {
	l.running.Go(func() { // ends with ctx
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause/2 + rand.N(pause)):
				step(ctx)
			}
		}
	})
}

// rest ends the work. A second call does nothing.
func (l *load) rest() {
	l.stop()
	l.running.Wait()
}

func (l *load) any() *gateway { return l.gateways[rand.N(len(l.gateways))] }

// operator returns a gateway that operators can ask.
func (l *load) operator() *gateway {
	for {
		if g := l.any(); !g.build.plain {
			return g
		}
	}
}

// somebody returns a person who was never here.
func (l *load) somebody() idptest.Person {
	return idptest.Person{Email: fmt.Sprintf("person%d@example.com", l.people.Add(1))}
}

// poll asks for the app with a session that is alive, or with one that has ended.
func (l *load) poll(ctx context.Context) {
	if s := l.pick(); s != nil {
		l.look(ctx, s, l.any())
	}
}

func (l *load) pick() *session {
	l.ledger.mu.Lock()
	defer l.ledger.mu.Unlock()
	list := l.ledger.open
	if n := len(l.closed); n > 0 && (len(list) == 0 || rand.N(3) == 0) {
		recent := []int{5, 60}[rand.N(2)] // what ended a moment ago is asked for the most
		list = l.closed[max(0, n-recent):]
	}
	if len(list) == 0 {
		return nil
	}
	return list[rand.N(len(list))]
}

// look asks a gateway for the app, and has the answer judged.
func (l *load) look(ctx context.Context, s *session, g *gateway) {
	sent := time.Now()
	a, p := s.use(ctx, g)
	if ctx.Err() == nil {
		l.judge(s, g, sent, a, p)
	}
}

// burst signs one person in many times at once, and counts what is left of it.
func (l *load) burst(ctx context.Context) {
	who, all := l.somebody(), make([]*browser, crowd)
	var at sync.WaitGroup
	for i := range all {
		all[i] = l.browser(who)
	}
	ready := make([]arriving, crowd)
	for i, b := range all {
		var err error
		if ready[i], err = b.begin(ctx, l.any()); err != nil {
			return
		}
	}
	stop := l.watch(who)
	for i, b := range all {
		at.Go(func() { _, _ = b.arrive(ctx, l.any(), ready[i]) }) // ends with its answer
	}
	at.Wait()
	stop()
	select {
	case <-ctx.Done():
		return
	case <-time.After(bound):
	}
	l.count(ctx, who, all)
}

// watch looks at the sessions of a person in every server until it is stopped. What
// is over is taken out when one is added, so at no moment are there too many.
func (l *load) watch(who idptest.Person) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	hash := identity.Person(who.Email).Hash()
	index := fmt.Sprintf("samlgate:{%s}:p:%s", sessionstore.BucketOf(hash), base64.RawURLEncoding.EncodeToString(hash[:]))
	var looking sync.WaitGroup
	for _, c := range l.redis {
		looking.Go(func() { // ends with ctx
			for most := int64(limit); ctx.Err() == nil; {
				if n := c.ZCard(ctx, index).Val(); n > most {
					most = n
					l.ledger.mu.Lock()
					l.broken(limitHolds, "the store has %d sessions of %s, the limit is %d", n, who.Email, limit)
					l.ledger.mu.Unlock()
				}
				select {
				case <-ctx.Done():
				case <-time.After(5 * time.Millisecond):
				}
			}
		})
	}
	return func() { cancel(); looking.Wait() }
}

// count counts the browsers of a person that are served by any gateway, and the
// sessions that the list of operators has.
func (l *load) count(ctx context.Context, who idptest.Person, all []*browser) {
	living := 0
	for _, b := range all {
		for _, g := range l.gateways {
			if a, _ := b.use(ctx, g); a == served {
				living++
				break
			}
		}
	}
	var list struct{ Sessions []struct{ ID string } }
	if p, err := l.operator().operate(ctx, http.MethodGet, "sessions?user="+url.QueryEscape(who.Email)); err == nil {
		l.must(json.Unmarshal([]byte(p.body), &list))
	}
	l.ledger.mu.Lock()
	defer l.ledger.mu.Unlock()
	l.figures.bursts++
	if listed := len(list.Sessions); living > limit || listed > limit {
		l.broken(limitHolds, "%d browsers of %s are served and %d sessions listed, the limit is %d", living, who.Email, listed, limit)
	}
}

// endEverything has an operator end all sessions, at a time at which that works.
func (l *load) endEverything() {
	l.Helper()
	g := l.operator()
	l.ledger.mu.Lock()
	before := append([]*session(nil), l.ledger.open...)
	l.storm = span{of: all, from: time.Now()}
	for _, s := range before {
		l.try(s)
	}
	l.ledger.mu.Unlock()
	if _, err := g.operate(context.Background(), http.MethodDelete, "sessions?all=true"); err != nil {
		l.Fatalf("ending everything: %v", err)
	}
	l.over(g, before...)
	l.ledger.mu.Lock()
	defer l.ledger.mu.Unlock()
	l.storm.to = time.Now()
}

// audit asks every gateway for all that is known, when all is well again.
func (l *load) audit() {
	l.ledger.mu.Lock()
	all := append(append([]*session(nil), l.ledger.open...), l.closed...)
	l.ledger.mu.Unlock()
	for _, s := range all {
		for _, g := range l.gateways {
			l.look(context.Background(), s, g)
		}
	}
}
