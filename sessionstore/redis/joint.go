package redis

import (
	"context"
	"fmt"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore"
)

const (
	jointMost   = 64              // loads that are sent together
	jointFlying = 4               // such groups that one master is asked at once: one whose connection died holds up a few
	jointLimit  = 2 * time.Second // of one group; whoever waits has a limit of his own
)

// joint sends together the loads that come while others are on their way to the
// same master: a gateway that asks for very many at once, as after a lost
// connection, takes few round trips. One that comes alone does not wait.
type joint struct {
	mu      sync.Mutex
	masters map[string]*waiting // guarded by mu: address → what waits for it
}

// waiting is what waits for one master. It is guarded by the lock of its joint.
type waiting struct {
	loads  []*load
	flying int
}

// load is one question and its answer.
type load struct {
	id   sessionstore.ID
	done chan struct{} // closed when row and err are there
	row  sessionstore.Row
	err  error
}

// loadJoint loads one record, perhaps together with others.
func (s *Store) loadJoint(ctx context.Context, id sessionstore.ID) (sessionstore.Row, error) {
	m, err := s.master(ctx, s.bucket(id.Bucket()))
	if err != nil {
		return sessionstore.Row{}, unavailable("loading a session", err)
	}
	l := &load{id: id, done: make(chan struct{})}
	if w := s.joint.add(m.Options().Addr, l); w != nil {
		go s.flyAll(context.WithoutCancel(ctx), w) // ends when nothing waits
	}
	select {
	case <-l.done:
		return l.row, l.err
	case <-ctx.Done():
		return sessionstore.Row{}, fmt.Errorf("%w: loading a session: %w", sessionstore.ErrUnavailable, ctx.Err())
	}
}

// add puts l where it waits, and returns that where somebody more may fly.
func (j *joint) add(master string, l *load) *waiting {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.masters == nil {
		j.masters = make(map[string]*waiting)
	}
	w := j.masters[master]
	if w == nil {
		w = new(waiting)
		j.masters[master] = w
	}
	w.loads = append(w.loads, l)
	if w.flying == jointFlying {
		return nil
	}
	w.flying++
	return w
}

// next takes the next group, or nothing, and then whoever asked flies no more.
func (j *joint) next(w *waiting) []*load {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := min(jointMost, len(w.loads))
	group := w.loads[:n:n]
	if w.loads = w.loads[n:]; n == 0 {
		w.loads = nil
		w.flying--
	}
	return group
}

func (s *Store) flyAll(ctx context.Context, w *waiting) {
	for group := s.joint.next(w); len(group) > 0; group = s.joint.next(w) {
		s.fly(ctx, group)
	}
}

// fly asks for a group.
func (s *Store) fly(ctx context.Context, group []*load) {
	ctx, cancel := context.WithTimeout(ctx, jointLimit)
	defer cancel()
	answers := make([]*goredis.Cmd, len(group))
	_, _ = s.client.Pipelined(ctx, func(p goredis.Pipeliner) error { // each has its own error
		for i, l := range group {
			keys, args := s.named(s.bucket(l.id.Bucket()), "x", []any{string(l.id)})
			answers[i] = s.scripts["load"].EvalSha(ctx, p, keys, args...)
		}
		return nil
	})
	for i, l := range group {
		if isNoScript(answers[i].Err()) { // the first at a server
			answers[i] = s.run(ctx, "load", l.id.Bucket(), string(l.id))
		}
		l.row, l.err = s.loaded(l.id, answers[i])
		if l.err == nil && l.row.Format != sessionstore.Format {
			l.err = sessionstore.ErrFormat
		}
		close(l.done)
	}
}
