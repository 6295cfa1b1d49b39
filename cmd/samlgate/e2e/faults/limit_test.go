package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

// racers is how many times one person signs in at once.
func racers() int {
	if long() {
		return 2000
	}
	return 100
}

// long reports whether this is the long form.
func long() bool { return os.Getenv("FAULTSECS") != "" }

// However many sign-ins of one person race on four gateways, as many are left as
// the limit says, under every policy and on every store.
func TestLimitUnderRace(t *testing.T) {
	for _, on := range []struct {
		name     string
		stage    func(testing.TB) *stage
		gateways int
	}{
		{"standalone", standalone("everysec"), 4},
		{"sentinel", behindSentinels, 4},
		{"cluster", cluster, 4},
		{"embedded", embedded, 1},
	} {
		t.Run(on.name, func(t *testing.T) {
			if !long() { // the large crowd fills the machine
				t.Parallel()
			}
			s, h := on.stage(t), newHouse(t)
			for g := range on.gateways {
				h.open(s.store(g), build{})
			}
			for _, policy := range policies {
				h.race(policy)
			}
			h.shortAfterLong()
		})
	}
}

// embedded is the store inside one gateway, in memory.
func embedded(testing.TB) *stage {
	return &stage{store: func(int) string { return "{driver: embedded, embedded: {path: \"\"}}" }}
}

// race is one person who signs in many times at once under a policy. A gateway
// that is too busy says so, and is asked again, as people do.
type race struct {
	*house
	policy string
	who    idptest.Person
	all    []*browser
	ready  []arriving

	welcome, refused, outrun, busy atomic.Int64
}

func (h *house) race(policy string) {
	h.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	r := &race{house: h, policy: policy, who: idptest.Person{Email: policy + "@example.com", Roles: []string{policy}},
		all: make([]*browser, racers()), ready: make([]arriving, racers())}
	for i := range r.all {
		h.must(r.begin(ctx, i))
	}
	var at sync.WaitGroup
	start := time.Now()
	for i := range r.all {
		at.Go(func() { // ends with its answer
			if err := r.enter(ctx, i); err != nil {
				h.Errorf("signing in under %s: %v", policy, err)
			}
		})
	}
	at.Wait()
	h.Logf("%s: %d sign-ins at once in %v: %d welcome, %d refused, %d ended on their way, %d times busy and asked again", policy, len(r.all),
		time.Since(start).Round(time.Millisecond), r.welcome.Load(), r.refused.Load(), r.outrun.Load(), r.busy.Load())
	h.exactly(ctx, r.who, r.all)
	if refuses := policy == "deny" || policy == "ask"; refuses != (r.refused.Load() > 0) {
		h.Errorf("%d were refused under %s", r.refused.Load(), policy)
	}
}

// gateway is that of the browser i.
func (r *race) gateway(i int) *gateway { return r.gateways[i%len(r.gateways)] }

// begin brings a new browser as far as the answer of the identity provider.
func (r *race) begin(ctx context.Context, i int) (err error) {
	for {
		r.all[i] = r.browser(r.who)
		r.ready[i], err = r.all[i].begin(ctx, r.gateway(i))
		if !errors.Is(err, errBusy) || !r.patient(ctx) {
			return err
		}
	}
}

// patient waits, as Retry-After says and then some, before a gateway that was busy
// is asked again: a crowd that comes back all at once finds it busy again.
func (r *race) patient(ctx context.Context) bool {
	r.busy.Add(1)
	select {
	case <-ctx.Done():
		return false
	case <-time.After(5*time.Second + rand.N(time.Duration(len(r.all))*10*time.Millisecond)):
		return true
	}
}

// enter brings the answer to the gateway until it is taken or refused.
func (r *race) enter(ctx context.Context, i int) error {
	for {
		p, err := r.all[i].arrive(ctx, r.gateway(i), r.ready[i])
		if err != nil {
			return err
		}
		switch a := judge(p, r.who); {
		case a == served:
			r.welcome.Add(1)
			return nil
		case p.StatusCode == http.StatusForbidden || strings.HasSuffix(p.Request.URL.Path, "/limit"):
			r.refused.Add(1)
			return nil
		case a == nobody: // others were faster, and ended it on its way to the app
			r.outrun.Add(1)
			return nil
		case a != away || !r.patient(ctx):
			return fmt.Errorf("status %d at %s", p.StatusCode, p.Request.URL.Path)
		}
		if err := r.begin(ctx, i); err != nil {
			return err
		}
	}
}

// exactly checks that so many sessions are left as the limit says: every gateway
// lists them, and serves no more.
func (h *house) exactly(ctx context.Context, who idptest.Person, all []*browser) {
	h.Helper()
	for _, g := range h.gateways {
		var list struct{ Sessions []struct{ ID string } }
		var p page
		testenv.Eventually(h, "sessions are listed", func() bool {
			var err error
			p, err = g.operate(ctx, http.MethodGet, "sessions?user="+url.QueryEscape(who.Email))
			return err == nil
		})
		h.must(json.Unmarshal([]byte(p.body), &list))
		if n := len(list.Sessions); n != limit {
			h.Errorf("gateway %d lists %d sessions of %s, want %d", g.number, n, who.Email, limit)
		}
	}
	<-time.After(bound)
	living := 0
	for i, b := range all {
		if a, _ := b.use(ctx, h.gateways[i%len(h.gateways)]); a == served {
			living++
		}
	}
	if living > limit || living == 0 {
		h.Errorf("%d browsers of %s are served, the limit is %d", living, who.Email, limit)
	}
}

// shortAfterLong has a session of a second begin after sessions of twelve hours.
// Nobody forgets these when it is over: they still count.
func (h *house) shortAfterLong() {
	h.Helper()
	who := idptest.Person{Email: "short@example.com"}
	ctx, any := context.Background(), func() *gateway { return h.gateways[rand.N(len(h.gateways))] }
	var all []*browser
	enter := func(opts ...idptest.Option) *browser {
		b := h.browser(who)
		all = append(all, b)
		h.must(b.signIn(ctx, any(), opts...))
		return b
	}
	enter()
	long := enter()
	short := enter(until(time.Now().Add(3 * time.Second)))
	testenv.Eventually(h, "the short session is over", func() bool { a, _ := short.use(ctx, any()); return a == nobody })
	if a, p := long.use(ctx, any()); a != served {
		h.Errorf("a long session: %v, status %d", a, p.StatusCode)
	}
	for range limit {
		enter()
	}
	h.exactly(ctx, who, all)
	if a, _ := long.use(ctx, any()); a != nobody {
		h.Errorf("the oldest session: %v, though %d are younger", a, limit)
	}
}

// until sets SessionNotOnOrAfter (SAML Core §2.7.2).
func until(t time.Time) idptest.Option {
	return idptest.EditAssertion(func(a *etree.Element) {
		a.FindElement(".//AuthnStatement").CreateAttr("SessionNotOnOrAfter", t.UTC().Format(time.RFC3339Nano))
	})
}
