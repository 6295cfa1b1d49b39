package admin

import (
	"context"
	"errors"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// MeterStore returns s with the time and the failures of each operation
// counted. "Not found" and the other answers of a working store are no failures.
func (m *Metrics) MeterStore(s sessionstore.Store) sessionstore.Store { return &meter{Store: s, m: m} }

type meter struct {
	sessionstore.Store // Watch and Close go through as they are
	m                  *Metrics
}

func (t *meter) done(operation string, began time.Time, err error) {
	t.m.storeSeconds.WithLabelValues(operation).Observe(time.Since(began).Seconds())
	if errors.Is(err, sessionstore.ErrUnavailable) {
		t.m.storeErrors.WithLabelValues(operation).Inc()
	}
}

func (t *meter) Epochs(ctx context.Context, p identity.PersonHash) (e sessionstore.Epochs, err error) {
	defer func(began time.Time) { t.done("epochs", began, err) }(time.Now())
	return t.Store.Epochs(ctx, p)
}

func (t *meter) Create(ctx context.Context, c sessionstore.Create) (created sessionstore.Created, err error) {
	defer func(began time.Time) { t.done("create", began, err) }(time.Now())
	return t.Store.Create(ctx, c)
}

func (t *meter) Load(ctx context.Context, id sessionstore.ID) (row sessionstore.Row, err error) {
	began := time.Now() // the hot path: no closure
	row, err = t.Store.Load(ctx, id)
	t.done("load", began, err)
	return row, err
}

func (t *meter) Touch(ctx context.Context, id sessionstore.ID, ago time.Duration) (err error) {
	defer func(began time.Time) { t.done("touch", began, err) }(time.Now())
	return t.Store.Touch(ctx, id, ago)
}

func (t *meter) End(ctx context.Context, id sessionstore.ID, why sessionstore.Reason) (row sessionstore.Row, err error) {
	defer func(began time.Time) { t.done("end", began, err) }(time.Now())
	return t.Store.End(ctx, id, why)
}

func (t *meter) EndAll(ctx context.Context, p identity.PersonHash, why sessionstore.Reason) (rows []sessionstore.Row, err error) {
	defer func(began time.Time) { t.done("end_all", began, err) }(time.Now())
	return t.Store.EndAll(ctx, p, why)
}

func (t *meter) EndBucket(ctx context.Context, b sessionstore.Bucket, why sessionstore.Reason) (err error) {
	defer func(began time.Time) { t.done("end_bucket", began, err) }(time.Now())
	return t.Store.EndBucket(ctx, b, why)
}

func (t *meter) List(ctx context.Context, p identity.PersonHash) (rows []sessionstore.Row, err error) {
	defer func(began time.Time) { t.done("list", began, err) }(time.Now())
	return t.Store.List(ctx, p)
}

func (t *meter) IDs(ctx context.Context, in []sessionstore.Bucket) (ids []sessionstore.ID, err error) {
	defer func(began time.Time) { t.done("ids", began, err) }(time.Now())
	return t.Store.IDs(ctx, in)
}

func (t *meter) Rows(ctx context.Context, ids []sessionstore.ID) (rows []sessionstore.Row, err error) {
	defer func(began time.Time) { t.done("rows", began, err) }(time.Now())
	return t.Store.Rows(ctx, ids)
}

func (t *meter) Enlist(ctx context.Context, n sessionstore.NameHash, e sessionstore.Entry, ttl time.Duration) (all []sessionstore.Logout, err error) {
	defer func(began time.Time) { t.done("enlist", began, err) }(time.Now())
	return t.Store.Enlist(ctx, n, e, ttl)
}

func (t *meter) Delist(ctx context.Context, n sessionstore.NameHash, entries []sessionstore.Entry) (err error) {
	defer func(began time.Time) { t.done("delist", began, err) }(time.Now())
	return t.Store.Delist(ctx, n, entries)
}

func (t *meter) NoteLogout(ctx context.Context, n sessionstore.NameHash, logouts []sessionstore.Logout) (err error) {
	defer func(began time.Time) { t.done("note_logout", began, err) }(time.Now())
	return t.Store.NoteLogout(ctx, n, logouts)
}

func (t *meter) Listed(ctx context.Context, n sessionstore.NameHash, index *sessionstore.IndexHash, after sessionstore.Entry) (all []sessionstore.Entry, err error) {
	defer func(began time.Time) { t.done("listed", began, err) }(time.Now())
	return t.Store.Listed(ctx, n, index, after)
}

func (t *meter) Note(ctx context.Context, p identity.PersonHash) (note []byte, err error) {
	defer func(began time.Time) { t.done("note", began, err) }(time.Now())
	return t.Store.Note(ctx, p)
}

func (t *meter) SetNote(ctx context.Context, p identity.PersonHash, old, value []byte) (set bool, err error) {
	defer func(began time.Time) { t.done("set_note", began, err) }(time.Now())
	return t.Store.SetNote(ctx, p, old, value)
}

func (t *meter) Put(ctx context.Context, key string, value []byte, ttl time.Duration) (err error) {
	defer func(began time.Time) { t.done("put", began, err) }(time.Now())
	return t.Store.Put(ctx, key, value, ttl)
}

func (t *meter) Take(ctx context.Context, key string) (value []byte, err error) {
	defer func(began time.Time) { t.done("take", began, err) }(time.Now())
	return t.Store.Take(ctx, key)
}

func (t *meter) Peek(ctx context.Context, key string) (value []byte, err error) {
	defer func(began time.Time) { t.done("peek", began, err) }(time.Now())
	return t.Store.Peek(ctx, key)
}

func (t *meter) Keep(ctx context.Context, key string, value []byte, ttl time.Duration) (kept []byte, err error) {
	defer func(began time.Time) { t.done("keep", began, err) }(time.Now())
	return t.Store.Keep(ctx, key, value, ttl)
}

func (t *meter) Claim(ctx context.Context, key, claimant string, ttl time.Duration) (first bool, err error) {
	defer func(began time.Time) { t.done("claim", began, err) }(time.Now())
	return t.Store.Claim(ctx, key, claimant, ttl)
}

func (t *meter) Claimed(ctx context.Context, key string) (claimed bool, err error) {
	defer func(began time.Time) { t.done("claimed", began, err) }(time.Now())
	return t.Store.Claimed(ctx, key)
}

func (t *meter) Append(ctx context.Context, key string, value []byte, keep int, ttl time.Duration) (err error) {
	defer func(began time.Time) { t.done("append", began, err) }(time.Now())
	return t.Store.Append(ctx, key, value, keep, ttl)
}

func (t *meter) Recent(ctx context.Context, key string) (values [][]byte, err error) {
	defer func(began time.Time) { t.done("recent", began, err) }(time.Now())
	return t.Store.Recent(ctx, key)
}

func (t *meter) Ping(ctx context.Context) (err error) {
	defer func(began time.Time) { t.done("ping", began, err) }(time.Now())
	return t.Store.Ping(ctx)
}
