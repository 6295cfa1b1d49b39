package storetest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

// meddler is a store in which somebody changes what is loaded, which counts
// how often it is asked, and fails as often as it is told.
type meddler struct {
	sessionstore.Store
	mu      sync.Mutex // guards the counts
	row     func(*sessionstore.Row)
	value   func([]byte) []byte
	asked   int
	touched int
	failing int           // so many touches and ends
	ago     time.Duration // of the last touch
}

func (m *meddler) count(n *int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	*n++
}

func (m *meddler) fails() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing == 0 {
		return nil
	}
	m.failing--
	return sessionstore.ErrUnavailable
}

// Touch counts.
func (m *meddler) Touch(ctx context.Context, id sessionstore.ID, ago time.Duration) error {
	m.count(&m.touched)
	m.ago = ago
	if err := m.fails(); err != nil {
		return err
	}
	return m.Store.Touch(ctx, id, ago)
}

// Load loads and meddles.
func (m *meddler) Load(ctx context.Context, id sessionstore.ID) (sessionstore.Row, error) {
	m.count(&m.asked)
	row, err := m.Store.Load(ctx, id)
	row.Body = slices.Clone(row.Body)
	if m.row != nil && err == nil {
		m.row(&row)
	}
	return row, err
}

// Take takes and meddles.
func (m *meddler) Take(ctx context.Context, key string) ([]byte, error) {
	value, err := m.Store.Take(ctx, key)
	if m.value != nil && err == nil {
		value = m.value(value)
	}
	return value, err
}

// End counts.
func (m *meddler) End(ctx context.Context, id sessionstore.ID, why sessionstore.Reason) (sessionstore.Row, error) {
	m.count(&m.asked)
	if err := m.fails(); err != nil {
		return sessionstore.Row{}, err
	}
	return m.Store.End(ctx, id, why)
}

func attackCases() map[string]func(*bench) {
	return map[string]func(*bench){
		"records that were tampered with": tampered,
		"a life that was moved in the store": func(b *bench) {
			s := b.start(b.manager(), person(1))
			move := func(r *sessionstore.Row) {
				r.Created, r.Expires = r.Created.Add(24*time.Hour), r.Expires.Add(24*time.Hour)
			}
			later := func(d time.Duration) error {
				_, err := b.manager(over(&meddler{Store: b.Store, row: move}), func(c *sessionstore.ManagerConfig) {
					c.Now = func() time.Time { return b.Now().Add(d) }
				}).Get(b.ctx(), s.ID)
				return err
			}
			b.must(later(12*time.Hour + 9*time.Minute)) // clocks may be apart
			b.refused(later(12*time.Hour+11*time.Minute), sessionstore.ErrNotFound)
		},
		"keys change on all gateways without a session lost": func(b *bench) {
			// Pairs of gateways that one reload after the other leads to; see
			// docs/key-rollover.md.
			for _, now := range [][2][]byte{{{1}, {1, 2}}, {{1, 2}, {1, 2}}, {{1, 2}, {2, 1}}, {{2, 1}, {2, 1}}} {
				one, other := b.manager(keys(now[0]...)), b.manager(keys(now[1]...))
				for _, by := range []*sessionstore.Manager{one, other} {
					s := b.start(by, person(1))
					for _, m := range []*sessionstore.Manager{one, other} {
						if _, err := m.Get(b.ctx(), s.ID); err != nil {
							b.Errorf("keys %v and %v: %v", now[0], now[1], err)
						}
					}
				}
			}
		},
		"keys come and go": func(b *bench) {
			s := b.start(b.manager(keys(1)), person(1))
			_, err := b.manager(keys(2, 1)).Get(b.ctx(), s.ID)
			b.must(err)
			_, err = b.manager(keys(2)).Get(b.ctx(), s.ID)
			b.refused(err, sessionstore.ErrNotFound)
			fresh := b.start(b.manager(keys(2, 1)), person(1))
			_, err = b.manager(keys(1)).Get(b.ctx(), fresh.ID)
			b.refused(err, sessionstore.ErrNotFound)
		},
		"a format of another release": func(b *bench) {
			store := &meddler{Store: b.Store, row: func(r *sessionstore.Row) { r.Format++ }}
			s := b.start(b.manager(), person(1))
			_, err := b.manager(over(store)).Get(b.ctx(), s.ID)
			b.refused(err, sessionstore.ErrFormat)
			b.alive(s.ID)
		},
		"what is no id never reaches the store": func(b *bench) {
			store := &meddler{Store: b.Store}
			m := b.manager(over(store))
			good := string(b.start(m, person(1)).ID)
			dot := strings.IndexByte(good, '.')
			for _, bad := range []string{"", "b", good[1:], good + "A", good[:len(good)-1], "B" + good[1:], "b256" + good[dot:], "b-01" + good[dot:],
				"b0x1" + good[dot:], good[:dot] + ":" + good[dot+1:], good[:len(good)-1] + "B", good[:len(good)-2] + "\n" + good[len(good)-1:],
				good[:len(good)-1] + "=", good[:dot+1] + strings.Repeat("+", 43), strings.Repeat("b", 48)} {
				_, err := m.Get(b.ctx(), sessionstore.ID(bad))
				b.refused(err, sessionstore.ErrNotFound)
				b.must(m.End(b.ctx(), sessionstore.ID(bad), sessionstore.ReasonLogout))
			}
			if store.asked != 0 {
				b.Errorf("the store was asked %d times", store.asked)
			}
			// A well-formed id in the wrong bucket finds nothing.
			_, err := m.Get(b.ctx(), sessionstore.ID((neighbourBucket(good))))
			b.refused(err, sessionstore.ErrNotFound)
		},
		"tokens that were tampered with": func(b *bench) {
			take := func(change func([]byte) []byte, want error) {
				b.Helper()
				m := b.manager(over(&meddler{Store: b.Store, value: change}))
				b.must(m.PutOnce(b.ctx(), "kind", "code", []byte("value"), time.Minute))
				if _, err := m.TakeOnce(b.ctx(), "kind", "code"); !is(err, want) {
					b.Errorf("got %v, want %v", err, want)
				}
			}
			take(slices.Clone, nil)
			take(func(v []byte) []byte { return v[:len(v)-1] }, sessionstore.ErrNotFound)
			take(func(v []byte) []byte { v[len(v)/2] ^= 1; return v }, sessionstore.ErrNotFound)
			take(func(v []byte) []byte { v[0]++; return v }, sessionstore.ErrFormat)
			take(func([]byte) []byte { return nil }, sessionstore.ErrFormat)
			// The sealed value of one kind, stored as another.
			var stolen []byte
			m := b.manager(over(&meddler{Store: b.Store, value: func(v []byte) []byte { stolen = v; return v }}))
			b.must(m.PutOnce(b.ctx(), "grant", "code", []byte("admin"), time.Minute))
			_, err := m.TakeOnce(b.ctx(), "grant", "code")
			b.must(err)
			take(func([]byte) []byte { return stolen }, sessionstore.ErrNotFound)
		},
	}
}

func neighbourBucket(id string) string {
	if strings.HasPrefix(id, "b000") {
		return "b001" + id[4:]
	}
	return "b000" + id[4:]
}

// tampered changes a loaded record in one place; without the change it opens.
func tampered(b *bench) {
	m := b.manager()
	mine, hers := b.start(m, person(1)), b.start(m, neighbour(person(1), true))
	her, err := b.Store.Load(b.ctx(), hers.ID)
	b.must(err)
	get := func(want error, change func(*sessionstore.Row)) {
		b.Helper()
		_, err := b.manager(over(&meddler{Store: b.Store, row: change})).Get(b.ctx(), mine.ID)
		if !is(err, want) {
			b.Errorf("got %v, want %v", err, want)
		}
	}
	get(nil, func(*sessionstore.Row) {})
	get(sessionstore.ErrNotFound, func(r *sessionstore.Row) { r.Record = her.Record })
	get(sessionstore.ErrNotFound, func(r *sessionstore.Row) { r.Body = her.Body })
	get(sessionstore.ErrNotFound, func(r *sessionstore.Row) { r.Person = her.Person })
	get(sessionstore.ErrNotFound, func(r *sessionstore.Row) { r.Body = nil })
	// The header is plain: what a touch does not change must fit the body.
	get(sessionstore.ErrNotFound, func(r *sessionstore.Row) { r.Idle += time.Millisecond })
	get(sessionstore.ErrNotFound, func(r *sessionstore.Row) { r.Interval += time.Millisecond })
	get(sessionstore.ErrNotFound, func(r *sessionstore.Row) { r.Expires = r.Expires.Add(time.Millisecond) })
	get(sessionstore.ErrNotFound, func(r *sessionstore.Row) { r.Created = r.Created.Add(time.Millisecond) })
	get(sessionstore.ErrNotFound, func(r *sessionstore.Row) { r.Epochs.Person++ })
	get(sessionstore.ErrNotFound, func(r *sessionstore.Row) { r.Epochs.Bucket++ })
	get(nil, func(r *sessionstore.Row) { r.LastUse = r.LastUse.Add(time.Millisecond) })
	length := 0
	get(nil, func(r *sessionstore.Row) { length = len(r.Body) })
	for i := range length {
		get(sessionstore.ErrNotFound, func(r *sessionstore.Row) { r.Body[i] ^= 1 << (i % 8) })
	}
}
