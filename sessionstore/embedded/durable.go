package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

var _ sessionstore.Store = (*Durable)(nil)

// Durable is a [Store] that a file remembers. Memory answers; one goroutine
// writes what changed, all of it in one transaction, so that the file always
// holds the state of one moment, and calls whose effect must not be lost return
// when it is on the disk. Many calls share one transaction. The last use of a
// session, and what harms nobody when it is lost, follow within a second.
//
// While writing fails, ends still take effect, and every call that would have to
// be remembered gives ErrUnavailable.
type Durable struct {
	*Store
	at      place
	marker  *os.File // holds the lock
	file    *file
	trouble func(error)
	kick    chan struct{} // somebody waits
	stop    context.CancelFunc
	ended   chan struct{} // the writer is gone
	copying sync.Mutex
	tasks   sync.WaitGroup

	// Guarded by the lock of the Store.
	next    *round // will write what is marked now
	running *round // is being written, or nil
	failed  error  // the last round's, or nil
	lost    bool   // what the disk holds is not known any more
}

// round is one transaction. err is set before done is closed.
type round struct {
	done chan struct{}
	err  error
}

func newRound() *round { return &round{done: make(chan struct{})} }

// linger is how long a change that nobody waits for may wait.
const linger = time.Second

func newDurable(at place, marker *os.File, f *file, s *Store, o Options) *Durable {
	d := &Durable{Store: s, at: at, marker: marker, file: f, trouble: o.Trouble,
		kick: make(chan struct{}, 1), ended: make(chan struct{}), next: newRound()}
	if d.trouble == nil {
		d.trouble = func(error) {}
	}
	return d
}

// begin starts the writer and the maker of snapshots; Close ends both.
func (d *Durable) begin() {
	ctx, cancel := context.WithCancel(context.Background())
	d.stop = cancel
	go d.writing(ctx)
	d.tasks.Go(func() { d.snapshots(ctx) })
}

func (d *Durable) writing(ctx context.Context) {
	defer close(d.ended)
	tick := time.NewTicker(linger)
	defer tick.Stop()
	for {
		select {
		case <-d.kick:
		case <-tick.C:
		case <-ctx.Done():
			d.flush()
			return
		}
		d.flush()
	}
}

// flush writes everything that has changed.
func (d *Durable) flush() {
	d.mu.Lock()
	if len(d.changed.refs) == 0 {
		d.mu.Unlock()
		return
	}
	refs, before := d.changed.refs, d.failed
	batch, err := d.batch(refs)
	d.changed.refs, d.changed.urgent = make(map[ref]struct{}), false
	r := d.next
	d.running, d.next = r, newRound()
	lost := d.lost
	d.mu.Unlock()

	if err == nil && lost {
		err = errLost
	} else if err == nil {
		err = d.file.write(batch)
	}

	d.mu.Lock()
	d.running, d.failed = nil, err
	if err != nil {
		for ref := range refs {
			d.changed.refs[ref] = struct{}{}
		}
		d.changed.urgent = true
		d.lost = d.lost || !full(err)
	}
	d.mu.Unlock()
	r.err = err
	close(r.done)
	if (err == nil) != (before == nil) {
		d.tell(err)
	}
}

func (d *Durable) tell(err error) {
	if err != nil {
		err = fmt.Errorf("writing %s: %w", d.at.file, err)
	}
	d.trouble(err)
}

// errLost: what was written and not confirmed may be on the disk or not, and the
// system does not say so twice.
var errLost = errors.New("an earlier write failed; restart the gateway when the disk is well")

// full reports whether a write failed for want of space, which may be there
// later. Of some errors bbolt passes the words on and not the number.
func full(err error) bool {
	for _, n := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, n) || strings.Contains(err.Error(), n.Error()) {
			return true
		}
	}
	return false
}

// batch looks up what refs are now, in the order of the file, which bbolt takes
// many times faster. The lock is held.
func (d *Durable) batch(refs map[ref]struct{}) ([]change, error) {
	all := make([]change, 0, len(refs))
	for r := range refs {
		value, err := d.encode(r)
		if err != nil {
			return nil, err
		}
		all = append(all, change{r, value})
	}
	slices.SortFunc(all, func(a, b change) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.key, b.key)) })
	return all, nil
}

// written returns when what was changed until now is on the disk.
func (d *Durable) written(ctx context.Context) error {
	d.mu.Lock()
	r := d.running
	if d.changed.urgent {
		r = d.next
	}
	d.mu.Unlock()
	if r == nil {
		return nil
	}
	select {
	case d.kick <- struct{}{}:
	default: // somebody has
	}
	select {
	case <-r.done:
		return unavailable(r.err)
	case <-ctx.Done():
		return unavailable(ctx.Err())
	case <-d.ended:
		return unavailable(errors.New("closed"))
	}
}

func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", sessionstore.ErrUnavailable, err)
}

// writable is an error while nothing can be remembered: then nothing is begun
// either, or a sign-in that nobody hears of would take the place of another.
func (d *Durable) writable() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return unavailable(d.failed)
}

// Close writes what is left and gives the file free.
func (d *Durable) Close() error {
	d.mu.Lock()
	closed := d.closed
	d.mu.Unlock()
	if closed {
		return nil
	}
	d.stop()
	<-d.ended
	d.tasks.Wait()
	err := d.Store.Close()
	d.mu.Lock()
	failed := d.failed
	d.mu.Unlock()
	return errors.Join(err, failed, d.file.db.Close(), d.marker.Close())
}
