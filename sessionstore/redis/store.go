package redis

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

var _ sessionstore.Store = (*Store)(nil)

// Store is a [sessionstore.Store] on a Redis server, or a cluster of them.
type Store struct {
	client      goredis.UniversalClient
	owned       bool    // Close closes the client
	options     Options // as given to New, else zero
	prefix      string
	now         func() time.Time
	scripts     scripts
	replicas    replicas
	joint       joint
	unconfirmed func(context.Context, Unconfirmed)
}

// Epochs returns the current epochs of p.
func (s *Store) Epochs(ctx context.Context, p identity.PersonHash) (sessionstore.Epochs, error) {
	prefix := s.bucket(sessionstore.BucketOf(p))
	counts := make([]uint64, 2)
	values, err := s.client.MGet(ctx, prefix+"e:"+encode(p), prefix+"e").Result()
	if err != nil {
		return sessionstore.Epochs{}, unavailable("reading epochs", err)
	}
	for i, v := range values {
		if v == nil {
			continue
		}
		if _, err := fmt.Sscan(fmt.Sprint(v), &counts[i]); err != nil {
			return sessionstore.Epochs{}, unavailable("reading epochs", errAnswer)
		}
	}
	return sessionstore.Epochs{Person: counts[0], Bucket: counts[1]}, nil
}

// Create adds a record and makes room for it.
func (s *Store) Create(ctx context.Context, c sessionstore.Create) (sessionstore.Created, error) {
	record, err := sessionstore.Record{Format: sessionstore.Format, Epochs: c.Epochs, Person: c.Person, Body: c.Body}.AppendBinary(nil)
	if err != nil {
		return sessionstore.Created{}, err
	}
	cmd, lone := s.runAndHold(ctx, "create", c.ID.Bucket(), string(c.ID), encode(c.Person), c.Epochs.Person, c.Epochs.Bucket,
		c.Idle.Milliseconds(), c.Interval.Milliseconds(), c.Lifetime.Milliseconds(), c.MaxConcurrent, c.OnLimit.String(),
		string(c.Replaces), record[sessionstore.HeaderTimes:], string(c.Frees))
	answer, err := cmd.Slice()
	if err != nil {
		return sessionstore.Created{}, unavailable("creating a session", err)
	}
	r := reader{parts: answer}
	switch r.text() {
	case "ok":
	case "limit":
		return sessionstore.Created{}, sessionstore.ErrLimit
	case "moved":
		return sessionstore.Created{}, sessionstore.ErrEpochMoved
	default:
		return sessionstore.Created{}, unavailable("creating a session", errAnswer)
	}
	now := r.time()
	created := sessionstore.Created{Row: r.row(string(c.ID), now)}
	for r.more() {
		id, why := r.text(), sessionstore.ParseReason(r.text())
		created.Ended = append(created.Ended, sessionstore.EndedRow{Row: r.row(id, now), Reason: why})
	}
	if len(created.Ended) > 0 {
		s.confirm(ctx, lone, cmd, Unconfirmed{Operation: "create", Session: c.ID})
	}
	return created, r.failed("creating a session")
}

// Load returns a live record. Those that are asked for at once go together.
func (s *Store) Load(ctx context.Context, id sessionstore.ID) (sessionstore.Row, error) {
	return s.loadJoint(ctx, id)
}

// Touch records a use that was ago before now.
func (s *Store) Touch(ctx context.Context, id sessionstore.ID, ago time.Duration) error {
	found, err := s.run(ctx, "touch", id.Bucket(), string(id), ago.Milliseconds()).Bool()
	if err != nil {
		return unavailable("touching a session", err)
	}
	if !found {
		return sessionstore.ErrNotFound
	}
	return nil
}

// End ends one record.
func (s *Store) End(ctx context.Context, id sessionstore.ID, why sessionstore.Reason) (sessionstore.Row, error) {
	cmd, lone := s.runAndHold(ctx, "end", id.Bucket(), string(id), why.String())
	s.confirm(ctx, lone, cmd, Unconfirmed{Operation: "end", Session: id})
	return s.one("ending a session", id, cmd)
}

// EndAll moves the epoch of p.
func (s *Store) EndAll(ctx context.Context, p identity.PersonHash, why sessionstore.Reason) ([]sessionstore.Row, error) {
	cmd, lone := s.runAndHold(ctx, "endall", sessionstore.BucketOf(p), encode(p), why.String(), sessionstore.MaxRows)
	s.confirm(ctx, lone, cmd, Unconfirmed{Operation: "end_all"})
	return many("ending the sessions of a person", cmd)
}

// EndBucket moves the epoch of b.
func (s *Store) EndBucket(ctx context.Context, b sessionstore.Bucket, why sessionstore.Reason) error {
	cmd, lone := s.runAndHold(ctx, "endbucket", b, b.String(), why.String())
	if err := cmd.Err(); err != nil {
		return unavailable("ending the sessions of a bucket", err)
	}
	s.confirm(ctx, lone, cmd, Unconfirmed{Operation: "end_bucket"})
	return nil
}

// List returns the live records of p, oldest first.
func (s *Store) List(ctx context.Context, p identity.PersonHash) ([]sessionstore.Row, error) {
	rows, err := many("listing sessions", s.run(ctx, "list", sessionstore.BucketOf(p), encode(p), sessionstore.MaxRows))
	known := rows[:0]
	for _, row := range rows {
		if row.Format == sessionstore.Format {
			known = append(known, row)
		}
	}
	return known, err
}

// Close closes the client if New made it.
func (s *Store) Close() error {
	if !s.owned {
		return nil
	}
	if err := s.client.Close(); err != nil && !errors.Is(err, goredis.ErrClosed) {
		return fmt.Errorf("closing the redis client: %w", err)
	}
	return nil
}

func encode(p identity.PersonHash) string { return base64.RawURLEncoding.EncodeToString(p[:]) }
