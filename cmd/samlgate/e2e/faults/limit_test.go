package faults

import (
	"context"
	"encoding/json"
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
	if os.Getenv("FAULTSECS") != "" {
		return 2000
	}
	return 100
}

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
			t.Parallel()
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

// race signs somebody in under a policy, many times at once. A gateway that is
// too busy says so, and is asked again, as people do.
func (h *house) race(policy string) {
	h.Helper()
	who := idptest.Person{Email: policy + "@example.com", Roles: []string{policy}}
	all := make([]*browser, racers())
	ready := make([]arriving, len(all))
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	begin := func(i int) (err error) {
		all[i] = h.browser(who)
		ready[i], err = all[i].begin(ctx, h.gateways[i%len(h.gateways)])
		return err
	}
	for i := range all {
		h.must(begin(i))
	}
	var at sync.WaitGroup
	var welcome, refused, outrun, busy atomic.Int64
	start := time.Now()
	for i := range all {
		at.Go(func() { // ends with its answer
			for {
				p, err := all[i].arrive(ctx, h.gateways[i%len(h.gateways)], ready[i])
				switch {
				case err != nil:
					h.Errorf("signing in under %s: %v", policy, err)
				case judge(p, who) == served:
					welcome.Add(1)
				case p.StatusCode == http.StatusForbidden || strings.HasSuffix(p.Request.URL.Path, "/limit"):
					refused.Add(1)
				case judge(p, who) == nobody: // others were faster, and ended it on its way to the app
					outrun.Add(1)
				case judge(p, who) == away:
					busy.Add(1)
					<-time.After(rand.N(time.Second))
					if err = begin(i); err == nil {
						continue
					}
					h.Errorf("signing in under %s again: %v", policy, err)
				default:
					h.Errorf("signing in under %s: status %d at %s", policy, p.StatusCode, p.Request.URL.Path)
				}
				return
			}
		})
	}
	at.Wait()
	h.Logf("%s: %d sign-ins at once in %v: %d welcome, %d refused, %d ended on their way, %d times busy and asked again", policy, len(all),
		time.Since(start).Round(time.Millisecond), welcome.Load(), refused.Load(), outrun.Load(), busy.Load())
	h.exactly(ctx, who, all)
	if refuses := policy == "deny" || policy == "ask"; refuses != (refused.Load() > 0) {
		h.Errorf("%d were refused under %s", refused.Load(), policy)
	}
}

// exactly checks that so many sessions are left as the limit says: every gateway
// lists them, and serves no more.
func (h *house) exactly(ctx context.Context, who idptest.Person, all []*browser) {
	h.Helper()
	for _, g := range h.gateways {
		var list struct{ Sessions []struct{ ID string } }
		p, err := g.operate(ctx, http.MethodGet, "sessions?user="+url.QueryEscape(who.Email))
		h.must(err)
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
