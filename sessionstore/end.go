package sessionstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/samlgate/samlgate/identity"
)

// End ends a session. One that is no longer live, or an id that is none, is
// no error: whoever signs out twice is signed out.
func (m *Manager) End(ctx context.Context, id ID, why Reason) error {
	id, err := ParseID(string(id))
	if err != nil {
		return nil
	}
	_, err = m.end(ctx, id, why)
	return err
}

func (m *Manager) end(ctx context.Context, id ID, why Reason) ([]Ended, error) {
	row, err := m.store.End(ctx, id, why)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ending session %s: %w", id.Hash(), err)
	}
	return m.tell(ctx, []EndedRow{{Row: row, Reason: why}}, ""), nil
}

// EndAll ends every session of p and every sign-in of p that is under way,
// and returns how many sessions were live (counted up to [MaxRows]).
func (m *Manager) EndAll(ctx context.Context, p identity.Person, why Reason) (int, error) {
	rows, err := m.store.EndAll(ctx, p.Hash(), why)
	if err != nil {
		return 0, fmt.Errorf("ending all sessions of a person: %w", err)
	}
	ended := make([]EndedRow, 0, len(rows))
	for _, row := range rows {
		ended = append(ended, EndedRow{Row: row, Reason: why})
	}
	m.delistAll(ctx, m.report(ctx, ended, ""))
	return len(ended), nil
}

// EndEverything ends every session of everybody, and every sign-in that is
// under way. After an error some may have ended; repeat it.
func (m *Manager) EndEverything(ctx context.Context, why Reason) error {
	var errs [endsAtOnce]error
	var all sync.WaitGroup
	for first := range endsAtOnce {
		all.Go(func() {
			for b := first; b < Buckets && errs[first] == nil; b += endsAtOnce {
				if err := m.store.EndBucket(ctx, Bucket(b), why); err != nil {
					errs[first] = fmt.Errorf("ending all sessions of bucket %s: %w", Bucket(b), err)
				}
			}
		})
	}
	all.Wait()
	return cmp.Or(errs[:]...)
}

// tell reports rows that have just been ended to OnEnd, and takes them out of
// the index of single logout. agent is the browser whose sign-in ended them.
func (m *Manager) tell(ctx context.Context, rows []EndedRow, agent string) []Ended {
	all := m.report(ctx, rows, agent)
	m.unsay(ctx, all)
	m.delistAll(ctx, all)
	return all
}

func (m *Manager) report(ctx context.Context, rows []EndedRow, agent string) []Ended {
	all := make([]Ended, 0, len(rows))
	for _, row := range rows {
		e := Ended{ID: row.ID, Reason: row.Reason}
		if s, err := m.session(row.Row, m.now()); err == nil {
			e.Session = s
		}
		m.onEnd(ctx, e)
		all = append(all, e)
	}
	m.leaveWord(ctx, all, agent)
	return all
}
