package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/samlgate/samlgate/identity"
)

// ManagerConfig is what a [Manager] works with.
type ManagerConfig struct {
	Store Store
	// Keys seal the records: newest first, at least 32 random bytes each.
	// All of them open; without the key that sealed it a session is none.
	Keys [][]byte
	Now  func() time.Time
	// OnEnd, if set, is called once for each session that this Manager ended,
	// after it ended. Expiry and ends by other replicas do not call it.
	OnEnd func(context.Context, Ended)
	// Rules, if set, hold for sessions that were started before, too: whenever one
	// is loaded, the stricter of what it was started with and what the rules say
	// now.
	Rules Rules
	// TellIdle keeps a farewell for the browser of every session, from its start to
	// its absolute end, in case it ends unused: about 250 bytes more of the store.
	TellIdle bool
}

// Manager starts, finds and ends sessions. It may be used from any goroutine.
type Manager struct {
	store Store
	keys  ring
	now   func() time.Time
	onEnd func(context.Context, Ended)
	rules Rules

	tellIdle bool
}

// NewManager returns a Manager over c.Store, or says what is wrong with c.
func NewManager(c ManagerConfig) (*Manager, error) {
	if c.Store == nil || c.Now == nil {
		return nil, errors.New("sessions need a store and a clock")
	}
	keys, err := newRing(c.Keys)
	if err != nil {
		return nil, err
	}
	if c.OnEnd == nil {
		c.OnEnd = func(context.Context, Ended) {}
	}
	if c.Rules.set() {
		if err := c.Rules.Base.check(); err != nil {
			return nil, err
		}
	}
	return &Manager{store: c.Store, keys: keys, now: c.Now, onEnd: c.OnEnd, rules: c.Rules, tellIdle: c.TellIdle}, nil
}

// Epochs returns the epochs of p. Read them before asking directory and
// policy and hand them to [Manager.Start]: whatever ends the sessions of p in
// between then also stops the one about to start.
func (m *Manager) Epochs(ctx context.Context, p identity.Person) (Epochs, error) {
	e, err := m.store.Epochs(ctx, p.Hash())
	e.of = p.Hash()
	return e, err
}

// Start begins a session: [ErrLimit] under Deny and Ask, [ErrEpochMoved] when sessions
// of the person were ended since s.Epochs were read (or these are of somebody
// else), or the identity provider logged them out meanwhile, [ErrOver] when SessionNotOnOrAfter has passed.
func (m *Manager) Start(ctx context.Context, s Start) (Started, error) {
	c, err := m.create(s)
	if err != nil {
		return Started{}, err
	}
	elsewhere := ID("") // a replaced session that Create cannot reach
	if old, err := ParseID(string(s.Replaces)); err == nil {
		if old.Bucket() == c.ID.Bucket() {
			c.Replaces = old
		} else {
			elsewhere = old
		}
	}
	entry, err := m.enlist(ctx, c, s.Identity)
	if err != nil {
		return Started{}, fmt.Errorf("starting a session: %w", err)
	}
	started, err := m.begin(ctx, c)
	if errors.Is(err, ErrLimit) { // sessions that are over by now may fill the places
		if over, failed := m.enforce(ctx, s.Identity.Person, ""); failed == nil && over > 0 {
			started, err = m.begin(ctx, c)
		}
	}
	if err != nil {
		m.delist(ctx, entry)
		return Started{}, err
	}
	if err := m.settle(ctx, entry, elsewhere, &started); err != nil {
		// Nobody will hear of the new session: it must not hold a place.
		_, undo := m.store.End(ctx, c.ID, ReasonReplaced)
		m.delist(ctx, entry)
		return Started{}, errors.Join(err, undo)
	}
	m.foretell(ctx, started.Session, c.Epochs)
	return started, nil
}

// begin creates the session of c.
func (m *Manager) begin(ctx context.Context, c Create) (Started, error) {
	asked := m.now()
	created, err := m.store.Create(ctx, c)
	if err != nil {
		return Started{}, fmt.Errorf("starting a session: %w", err)
	}
	session, err := m.session(created.Row, asked)
	if err != nil {
		return Started{}, fmt.Errorf("starting a session: %w", err)
	}
	return Started{Session: session, Evicted: m.tell(ctx, created.Ended, session.Client.Agent)}, nil
}

// settle makes sure that no logout missed the new session, and ends the one that
// it replaces elsewhere, if any.
func (m *Manager) settle(ctx context.Context, entry *enlistment, elsewhere ID, started *Started) error {
	if err := m.confirm(ctx, entry); err != nil {
		return err
	}
	if elsewhere == "" {
		return nil
	}
	rows, err := m.end(ctx, elsewhere, ReasonReplaced)
	if err != nil {
		return fmt.Errorf("ending the replaced session: %w", err)
	}
	started.Evicted = append(started.Evicted, rows...)
	return nil
}

// create turns a sign-in into what the store adds.
func (m *Manager) create(s Start) (Create, error) {
	person := s.Identity.Person
	if person == "" {
		return Create{}, fmt.Errorf("starting a session: %w", identity.ErrNobody)
	}
	if !utf8.ValidString(string(person)) { // the record could not tell it apart from others
		return Create{}, errors.New("starting a session: the person is not valid UTF-8")
	}
	if err := s.Limits.check(); err != nil {
		return Create{}, fmt.Errorf("starting a session: %w", err)
	}
	if s.Epochs.of != person.Hash() {
		return Create{}, fmt.Errorf("starting a session with the epochs of somebody else: %w", ErrEpochMoved)
	}
	life := s.Limits.Lifetime
	// SAML Core §2.7.2: SessionNotOnOrAfter ends our session too.
	if end := s.Identity.Authn.NotOnOrAfter; !end.IsZero() {
		life = min(life, end.Sub(m.now()))
	}
	if life < time.Millisecond {
		return Create{}, fmt.Errorf("starting a session: %w", ErrOver)
	}
	id, err := NewID(person)
	if err != nil {
		return Create{}, err
	}
	idle := min(s.Limits.Idle, life)
	c := Create{ID: id, Person: person.Hash(), Epochs: s.Epochs, Idle: idle, Interval: Interval(idle), Lifetime: life,
		MaxConcurrent: s.Limits.MaxConcurrent, OnLimit: s.Limits.OnLimit}
	if frees, err := ParseID(string(s.Frees)); err == nil && frees.Bucket() == id.Bucket() {
		c.Frees = frees
	}
	c.Body, err = m.sealBody(c, s)
	return c, err
}

// Get returns a live session: [ErrNotFound], [ErrUnavailable], [ErrFormat].
func (m *Manager) Get(ctx context.Context, id ID) (*Session, error) {
	id, err := ParseID(string(id))
	if err != nil {
		return nil, ErrNotFound
	}
	asked := m.now()
	row, err := m.store.Load(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("loading session %s: %w", id.Hash(), err)
	}
	s, err := m.session(row, asked)
	if err == nil {
		err = m.review(ctx, s, row, asked)
	}
	if err != nil {
		return nil, fmt.Errorf("loading session %s: %w", id.Hash(), err)
	}
	return s, nil
}

// Touch notes that s is used now. Call it on every request that counts as
// use; nearly always it costs no round trip.
//
// A use is written through once the recorded one is an interval old,
// min(30 s, idle/20), and not before. So the record is never more than one
// interval behind the last use, on however many replicas and even if this
// one is killed right now, since nothing waits in memory. Records live idle +
// interval past the recorded use. Together: a session never ends before it was
// idle for its limit, and at the latest one interval after that.
//
// ErrNotFound says that it ended meanwhile. On [ErrUnavailable] the next Touch
// tries again.
func (m *Manager) Touch(ctx context.Context, s *Session) error {
	now := m.now()
	s.use(now)
	interval := Interval(s.Idle)
	recorded := s.LastSeen.UnixMilli()
	if s.recorded != nil {
		recorded = s.recorded.Load()
	}
	// Times are cut to milliseconds, so the recorded use may be one younger.
	// One that lies far ahead is from before our clock was set back.
	if age := now.UnixMilli() - recorded + 1; age < interval.Milliseconds() && age > -interval.Milliseconds() {
		return nil
	}
	// Of several goroutines one writes; the others have been spoken for.
	if s.recorded != nil && !s.recorded.CompareAndSwap(recorded, now.UnixMilli()) {
		return nil
	}
	// On the store's clock the use is as old as the call has been waiting.
	if err := m.store.Touch(ctx, s.ID, max(0, m.now().Sub(now))); err != nil {
		if s.recorded != nil {
			s.recorded.CompareAndSwap(now.UnixMilli(), recorded)
		}
		return fmt.Errorf("touching session %s: %w", s.ID.Hash(), err)
	}
	return nil
}

// List returns the live sessions of p, oldest first, at most [MaxRows].
func (m *Manager) List(ctx context.Context, p identity.Person) ([]*Session, error) {
	held, err := m.held(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("listing sessions: %w", err)
	}
	sessions := make([]*Session, 0, len(held))
	for _, h := range held {
		if h.over == ReasonUnknown {
			sessions = append(sessions, h.session)
		}
	}
	return sessions, nil
}

// Watch calls told for every end that any replica makes; see [Store.Watch].
func (m *Manager) Watch(ctx context.Context, told func(Invalidation)) error {
	return m.store.Watch(ctx, told)
}

// Ping reports whether the store can be reached and takes writes.
func (m *Manager) Ping(ctx context.Context) error { return m.store.Ping(ctx) }

// session opens a row that was asked for at asked, and puts its times on the
// local clock. The store looked at its clock after we asked: what we take for
// the last use and the end is early by the way there, never late.
func (m *Manager) session(row Row, asked time.Time) (*Session, error) {
	body, err := m.openBody(row)
	if err != nil {
		return nil, err
	}
	local := func(t time.Time) time.Time { return asked.Add(t.Sub(row.Now)) }
	s := &Session{ID: row.ID, Identity: body.Identity, Client: body.Client, Idle: row.Idle, Created: local(row.Created),
		LastSeen: local(row.LastUse), Expires: local(row.Expires), epochs: row.Epochs, recorded: new(atomic.Int64), used: new(atomic.Int64)}
	s.recorded.Store(s.LastSeen.UnixMilli())
	return s, nil
}
