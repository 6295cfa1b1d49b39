package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
)

// The test binary is also the process that is killed: see [worker].
const (
	workVariable = "SAMLGATE_TEST_WORK" // path of the file
	kindVariable = "SAMLGATE_TEST_KIND" // "", or "hasty": acknowledges before it is written; "small": a disk of 1 MiB
)

func TestMain(m *testing.M) {
	if path := os.Getenv(workVariable); path != "" {
		os.Exit(work(path, os.Getenv(kindVariable), os.Stdout))
	}
	os.Exit(m.Run())
}

// begin adds a session of an hour.
func begin(ctx context.Context, s sessionstore.Store, p identity.Person) (sessionstore.ID, error) {
	id, err := sessionstore.NewID(p)
	if err != nil {
		return "", err
	}
	epochs, err := s.Epochs(ctx, p.Hash())
	if err != nil {
		return "", err
	}
	_, err = s.Create(ctx, sessionstore.Create{ID: id, Person: p.Hash(), Epochs: epochs, Idle: time.Hour, Interval: time.Minute, Lifetime: time.Hour, Body: make([]byte, 400)})
	return id, err
}

// work signs people in and out until it is killed. It says what it is about to
// do, and then that it was acknowledged.
func work(path, kind string, out io.Writer) int {
	if kind == "small" {
		if err := limitFiles(1 << 20); err != nil {
			fmt.Fprintln(out, "error", err)
			return 1
		}
	}
	d, err := embedded.Open(embedded.Options{Path: path, Now: time.Now})
	if err != nil {
		fmt.Fprintln(out, "error", err)
		return 1
	}
	var s sessionstore.Store = d
	if kind == "hasty" {
		s = d.Store
	}
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() { (&worker{s: s, n: w, out: out}).run() })
	}
	all.Wait()
	if kind == "small" { // it stops when the disk is full
		return full(d, out)
	}
	return 0
}

// worker is one of the clients of the process.
type worker struct {
	s   sessionstore.Store
	n   int
	out io.Writer
}

// visitor is somebody whom only this worker of this process knows.
func visitor(worker, n int) identity.Person { return person((os.Getpid()*8+worker)*1000 + n) }

// did carries out one call. It ends the worker when the store fails.
func (w *worker) did(what, key string, do func() error) bool {
	fmt.Fprintf(w.out, "try %s %s\n", what, key)
	err := do()
	if errors.Is(err, sessionstore.ErrUnavailable) {
		return false
	}
	fmt.Fprintf(w.out, "did %s %s\n", what, key)
	return true
}

func (w *worker) run() {
	ctx := context.Background()
	var mine []sessionstore.ID
	for i := 0; ; i++ {
		p := visitor(w.n, i%50)
		id, err := sessionstore.NewID(p)
		if err != nil {
			return
		}
		ok := w.did("start", string(id), func() error {
			e, _ := w.s.Epochs(ctx, p.Hash())
			_, err := w.s.Create(ctx, sessionstore.Create{ID: id, Person: p.Hash(), Epochs: e, Idle: time.Hour, Interval: time.Minute, Lifetime: time.Hour, Body: make([]byte, 400)})
			return err
		})
		mine = append(mine, id)
		if ok && i%3 == 1 {
			at := rand.IntN(len(mine))
			ok = w.did("end", string(mine[at]), func() error { _, err := w.s.End(ctx, mine[at], sessionstore.ReasonLogout); return err })
		}
		if ok && i%4 == 1 {
			key := fmt.Sprintf("claim-%d-%s", w.n, id)
			ok = w.did("claim", key, func() error { _, err := w.s.Claim(ctx, key, "worker", time.Hour); return err })
			key = "code-" + string(id)
			ok = ok && w.s.Put(ctx, key, nil, time.Hour) == nil && w.did("take", key, func() error { _, err := w.s.Take(ctx, key); return err })
		}
		if ok && i%20 == 19 {
			q := visitor(w.n, rand.IntN(50))
			for _, id := range mine {
				if id.Bucket() == sessionstore.BucketOf(q.Hash()) {
					fmt.Fprintf(w.out, "try end %s\n", string(id)) // perhaps theirs
				}
			}
			ok = w.did("leave", string(q), func() error { _, err := w.s.EndAll(ctx, q.Hash(), sessionstore.ReasonSelf); return err })
		}
		if !ok {
			return
		}
	}
}

// ledger is what a process has said.
type ledger struct {
	tried, done map[string]map[string]bool
	problem     string
}

func (l *ledger) read(r io.Reader) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) != 3 {
			l.problem = lines.Text()
			continue
		}
		to := l.tried
		if words[0] == "did" {
			to = l.done
		}
		if to[words[1]] == nil {
			to[words[1]] = map[string]bool{}
		}
		to[words[1]][words[2]] = true
	}
}

// judge returns how often the file breaks what was acknowledged.
func (l *ledger) judge(t *testing.T, s sessionstore.Store) (lost, back int) {
	ctx := t.Context()
	live := func(id string) bool { _, err := s.Load(ctx, sessionstore.ID(id)); return err == nil }
	for id := range l.done["start"] {
		if !l.tried["end"][id] && !live(id) {
			lost++
		}
	}
	for id := range l.done["end"] {
		if live(id) {
			back++
		}
	}
	for key := range l.done["claim"] {
		if first, err := s.Claim(ctx, key, "thief", time.Hour); first || err != nil {
			back++
		}
	}
	for key := range l.done["take"] {
		if _, err := s.Take(ctx, key); err == nil {
			back++
		}
	}
	for p := range l.done["leave"] {
		if e, err := s.Epochs(ctx, identity.Person(p).Hash()); err != nil || e.Person == 0 {
			back++
		}
	}
	return lost, back
}

// hire starts a process that works on path, and kills it after a while.
func hire(t *testing.T, path, kind string, l *ledger, life time.Duration) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), life) // kills by SIGKILL
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), workVariable+"="+path, kindVariable+"="+kind)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	l.read(out)
	_ = cmd.Wait()
}

func newLedger() *ledger {
	return &ledger{tried: map[string]map[string]bool{}, done: map[string]map[string]bool{}}
}

// Killed again and again in the midst of work: what was acknowledged is there,
// and what was ended, claimed or taken stays so.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	l := newLedger()
	for range 8 {
		hire(t, path, "", l, 150*time.Millisecond+time.Duration(rand.IntN(300))*time.Millisecond)
		s := open(t, path, time.Now)
		if lost, back := l.judge(t, s); lost+back > 0 {
			t.Fatalf("%d acknowledged sessions are lost, %d ended things are back", lost, back)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d sign-ins, %d ends, %d ends of everything, %d claims, %d codes were acknowledged", len(l.done["start"]), len(l.done["end"]), len(l.done["leave"]), len(l.done["claim"]), len(l.done["take"]))
	if l.problem != "" || len(l.done["start"]) < 100 || len(l.done["end"]) < 10 {
		t.Errorf("the workers did too little: %q", l.problem)
	}
}

// The checker is checked: a store that acknowledges too early is caught.
func TestKilledTooEarly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	for range 20 {
		l := newLedger()
		hire(t, path, "hasty", l, 300*time.Millisecond)
		s := open(t, path, time.Now)
		lost, back := l.judge(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if lost > 0 && back > 0 {
			return
		}
	}
	t.Error("nobody notices a store that loses what it acknowledged")
}

// A full disk: nothing more is acknowledged, nothing that was is lost, and it
// goes on once there is room.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	l := newLedger()
	hire(t, path, "small", l, time.Minute)
	if !l.done["full"]["refused"] || !l.done["full"]["ended"] || !l.done["full"]["again"] || l.problem != "" {
		t.Fatalf("%v %q", l.done["full"], l.problem)
	}
	s := open(t, path, time.Now)
	if lost, back := l.judge(t, s); lost+back > 0 || len(l.done["start"]) < 100 {
		t.Errorf("of %d sign-ins %d are lost, %d ended things are back", len(l.done["start"]), lost, back)
	}
}

// full is the rest of a process whose disk is full: it refuses, it ends sessions
// all the same, and goes on when there is room.
func full(d *embedded.Durable, out io.Writer) int {
	ctx := context.Background()
	if _, err := begin(ctx, d, "late@example.com"); errors.Is(err, sessionstore.ErrUnavailable) && errors.Is(d.Ping(ctx), sessionstore.ErrUnavailable) {
		fmt.Fprintln(out, "did full refused")
	}
	p, rows := somebody(ctx, d)
	for _, row := range rows {
		fmt.Fprintf(out, "try end %s\n", string(row.ID))
	}
	_, err := d.EndAll(ctx, p.Hash(), sessionstore.ReasonSelf)
	if rows, left := d.List(ctx, p.Hash()); errors.Is(err, sessionstore.ErrUnavailable) && left == nil && len(rows) == 0 {
		fmt.Fprintln(out, "did full ended")
	}
	if err := limitFiles(roomy); err != nil {
		fmt.Fprintln(out, "error", err)
	}
	for d.Ping(ctx) != nil {
		<-time.After(10 * time.Millisecond)
	}
	id, err := begin(ctx, d, "late@example.com")
	if err != nil || d.Close() != nil {
		return 1
	}
	fmt.Fprintf(out, "did start %s\ndid leave %s\ndid full again\n", string(id), p)
	return 0
}

// somebody returns a visitor of this process who has sessions, and these.
func somebody(ctx context.Context, d *embedded.Durable) (identity.Person, []sessionstore.Row) {
	for n := range 50 {
		if rows, err := d.List(ctx, visitor(0, n).Hash()); err == nil && len(rows) > 0 {
			return visitor(0, n), rows
		}
	}
	return "", nil
}

const roomy = 1 << 30

// limitFiles bounds how long a file may get in this process.
func limitFiles(bytes uint64) error {
	signal.Ignore(syscall.SIGXFSZ)
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: roomy})
}
