package logins

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
)

var noon = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)

// shelf is a book over a store that the test can take away.
type shelf struct {
	*Book
	*testing.T
	Shared
	down  bool
	alone int
	later time.Duration // than noon it is
}

func (s *shelf) Append(ctx context.Context, name string, value []byte, keep int, ttl time.Duration) error {
	if s.down {
		return errors.New("away")
	}
	return s.Shared.Append(ctx, name, value, keep, ttl)
}

func (s *shelf) Recent(ctx context.Context, name string) ([][]byte, error) {
	if s.down {
		return nil, errors.New("away")
	}
	return s.Shared.Recent(ctx, name)
}

func newShelf(t *testing.T) *shelf {
	m, err := sessionstore.NewManager(sessionstore.ManagerConfig{
		Store: embedded.New(func() time.Time { return noon }), Now: func() time.Time { return noon }, Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}})
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{T: t, Shared: m}
	s.Book = s.replica()
	return s
}

// replica is another process at the same store.
func (s *shelf) replica() *Book {
	return NewBook(func() Shared { return s }, func() { s.alone++ }, func() time.Time { return noon.Add(s.later) })
}

func (s *shelf) add(a Attempt) {
	s.Book.Add(a)
	for len(s.queue) > 0 {
		s.share(s.Context(), <-s.queue)
	}
}

func (s *shelf) lists(f Filter, want string) {
	s.Helper()
	all, _ := s.List(s.Context(), f)
	var ids []string
	for _, a := range all {
		ids = append(ids, a.RequestID)
	}
	if got := strings.Join(ids, " "); got != want {
		s.Errorf("%+v: %q, want %q", f, got, want)
	}
}

func TestListAndFind(t *testing.T) {
	s := newShelf(t)
	for i, a := range []Attempt{
		{RequestID: "a", IDP: "corp", Result: Accepted, Known: true},
		{RequestID: "b", IDP: "corp", Result: Refused, Known: true},
		{RequestID: "c", IDP: "partner", Result: Failed, Signed: true},
		{RequestID: "d", Result: Refused},
	} {
		a.Time = noon.Add(time.Duration(i) * time.Second)
		s.add(a)
	}
	s.lists(Filter{}, "d c b a")
	s.lists(Filter{Failed: true}, "d c b")
	s.lists(Filter{Failed: true, IDP: "corp"}, "b")
	s.lists(Filter{Limit: 2}, "d c")
	if a, err := s.Find(t.Context(), "b"); err != nil || a.IDP != "corp" {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := s.Find(t.Context(), "x"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	// Another replica sees what cost something to make.
	if all, err := s.replica().List(t.Context(), Filter{}); err != nil || len(all) != 3 {
		t.Errorf("%d, %v", len(all), err)
	}
}

// A stranger who posts nonsense ten thousand times costs the store nothing, and
// pushes nobody else's attempt out of it.
func TestStrangersCostTheStoreNothing(t *testing.T) {
	s := newShelf(t)
	s.add(Attempt{RequestID: "ours", Known: true, Time: noon})
	for i := range 3 * Most {
		s.add(Attempt{RequestID: fmt.Sprint(i), Result: Refused, Time: noon.Add(time.Second)})
	}
	if values, _ := s.Recent(t.Context(), begunList); len(values) != 1 {
		t.Errorf("%d in the store", len(values))
	}
	if len(s.ring) != Most {
		t.Errorf("%d in memory", len(s.ring))
	}
	if _, err := s.Find(t.Context(), "ours"); err != nil {
		t.Error(err)
	}
	for i := range Most + 5 {
		s.add(Attempt{RequestID: fmt.Sprint("k", i), Known: true, Time: noon.Add(2 * time.Second)})
	}
	if values, _ := s.Recent(t.Context(), begunList); len(values) != Most {
		t.Errorf("%d in the store", len(values))
	}
}

// Anybody can begin a login, and answer it with nonsense a thousand times. What
// an identity provider has signed stays.
func TestWhoeverBeganALoginPushesOutNothingSigned(t *testing.T) {
	s := newShelf(t)
	s.add(Attempt{RequestID: "ours", Known: true, Signed: true, Time: noon})
	for i := range Most + 5 {
		s.add(Attempt{RequestID: fmt.Sprint(i), Known: true, Time: noon.Add(time.Second)})
	}
	if _, err := s.Find(t.Context(), "ours"); err != nil {
		t.Error(err)
	}
}

// Each attempt is forgotten after a week, however long its list goes on.
func TestAttemptsAreForgotten(t *testing.T) {
	s := newShelf(t)
	day := 24 * time.Hour
	for i, a := range []Attempt{{RequestID: "signed", Signed: true}, {RequestID: "begun", Known: true}, {RequestID: "alone"}, {RequestID: "new", Signed: true}} {
		a.Time = noon.Add(time.Duration(i) * day)
		s.add(a)
	}
	for _, c := range []struct {
		later time.Duration
		want  string
	}{
		{7 * day, "new alone begun signed"}, {7*day + 1, "new alone begun"}, {8*day + 1, "new alone"}, {9*day + 1, "new"}, {10*day + 1, ""},
	} {
		s.later = c.later
		s.lists(Filter{}, c.want)
	}
	if _, err := s.Find(t.Context(), "signed"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// With the store away nobody waits, and this process still knows.
func TestStoreAway(t *testing.T) {
	s := newShelf(t)
	s.down = true
	s.add(Attempt{RequestID: "a", Known: true, Time: noon})
	s.lists(Filter{}, "a")
	if _, err := s.Find(t.Context(), "b"); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	for range queued + 3 { // nobody drains
		s.Book.Add(Attempt{Known: true})
	}
	if s.alone != 4 {
		t.Errorf("%d kept alone", s.alone)
	}
}

func TestRunEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(t)
		ctx, cancel := context.WithCancel(t.Context())
		go s.Book.Run(ctx)
		s.Book.Add(Attempt{RequestID: "a", Known: true, Time: noon})
		synctest.Wait()
		s.lists(Filter{}, "a")
		cancel()
		synctest.Wait()
	})
}

// What an identity provider calls its attributes must not command a terminal,
// nor fill the store.
func TestAttemptsAreBounded(t *testing.T) {
	a := Clean(Attempt{Detail: "\x1b[2J\u202e" + strings.Repeat("ä", 1000), Attributes: make([]string, 5000), Checks: make([]Check, 5000)})
	if strings.ContainsAny(a.Detail, "\x1b\u202e") || len(a.Detail) > maxText+3 || len(a.Attributes) > maxNames || len(a.Checks) > maxChecks {
		t.Errorf("%q, %d, %d", a.Detail, len(a.Attributes), len(a.Checks))
	}
}
