package redis

import (
	"context"
	"errors"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore"
)

// IDs returns the ids of the sessions in some buckets: one round trip.
func (s *Store) IDs(ctx context.Context, in []sessionstore.Bucket) ([]sessionstore.ID, error) {
	answers := make([]*goredis.StringSliceCmd, len(in))
	_, err := s.client.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for i, b := range in {
			answers[i] = p.ZRange(ctx, s.bucket(b)+"x", 0, -1)
		}
		return nil
	})
	if err != nil {
		return nil, unavailable("listing a bucket", err)
	}
	var ids []sessionstore.ID
	for _, a := range answers {
		for _, id := range a.Val() {
			ids = append(ids, sessionstore.ID(id))
		}
	}
	return ids, nil
}

// rowsAtOnce bounds how long one script keeps the server: about a millisecond.
const rowsAtOnce = 200

// Rows returns what is live of ids: one round trip.
func (s *Store) Rows(ctx context.Context, ids []sessionstore.ID) ([]sessionstore.Row, error) {
	var answers []*goredis.Cmd
	_, err := s.client.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for len(ids) > 0 {
			n := together(ids)
			answers = append(answers, s.pipe(ctx, p, "rows", ids[:n]))
			ids = ids[n:]
		}
		return nil
	})
	if err != nil && !errors.Is(err, goredis.Nil) {
		return nil, unavailable("reading sessions", err)
	}
	var rows []sessionstore.Row
	for _, answer := range answers {
		parts, err := answer.Slice()
		if err != nil {
			return nil, unavailable("reading sessions", err)
		}
		r := reader{parts: parts}
		for now := r.time(); r.more(); {
			row := r.row(r.text(), now)
			if note := r.text(); note != "" {
				row.Note = []byte(note)
			}
			rows = append(rows, row)
		}
		if err := r.failed("reading sessions"); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// together returns how many of the first ids one script can read: those of one
// bucket.
func together(ids []sessionstore.ID) int {
	n := 1
	for n < min(len(ids), rowsAtOnce) && ids[n].Bucket() == ids[0].Bucket() {
		n++
	}
	return n
}

// pipe adds a script on ids of one bucket to a pipeline, in full: nothing can be
// sent again there.
func (s *Store) pipe(ctx context.Context, p goredis.Pipeliner, name string, ids []sessionstore.ID) *goredis.Cmd {
	var args []any
	for _, id := range ids {
		args = append(args, string(id))
	}
	keys, args := s.named(s.bucket(ids[0].Bucket()), "x", args)
	return s.scripts[name].Eval(ctx, p, keys, args...)
}
