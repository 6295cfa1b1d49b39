package embedded

import (
	"context"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// Create adds a record, and returns when it will survive.
func (d *Durable) Create(ctx context.Context, c sessionstore.Create) (sessionstore.Created, error) {
	return remembered(ctx, d, func() (sessionstore.Created, error) { return d.Store.Create(ctx, c) })
}

// Take returns a single-use value when it will not come back.
func (d *Durable) Take(ctx context.Context, key string) ([]byte, error) {
	return remembered(ctx, d, func() ([]byte, error) { return d.Store.Take(ctx, key) })
}

// Keep returns what was kept first, when it will survive.
func (d *Durable) Keep(ctx context.Context, key string, value []byte, ttl time.Duration) ([]byte, error) {
	return remembered(ctx, d, func() ([]byte, error) { return d.Store.Keep(ctx, key, value, ttl) })
}

// Claim remembers the first claimant of key, over a restart too.
func (d *Durable) Claim(ctx context.Context, key, claimant string, ttl time.Duration) (bool, error) {
	return remembered(ctx, d, func() (bool, error) { return d.Store.Claim(ctx, key, claimant, ttl) })
}

// SetNote notes value of p, and returns when it will survive.
func (d *Durable) SetNote(ctx context.Context, p identity.PersonHash, old, value []byte) (bool, error) {
	return remembered(ctx, d, func() (bool, error) { return d.Store.SetNote(ctx, p, old, value) })
}

// End ends one record, and returns when it will not come back.
func (d *Durable) End(ctx context.Context, id sessionstore.ID, why sessionstore.Reason) (sessionstore.Row, error) {
	return settled(ctx, d, func() (sessionstore.Row, error) { return d.Store.End(ctx, id, why) })
}

// EndAll moves the epoch of p, for good.
func (d *Durable) EndAll(ctx context.Context, p identity.PersonHash, why sessionstore.Reason) ([]sessionstore.Row, error) {
	return settled(ctx, d, func() ([]sessionstore.Row, error) { return d.Store.EndAll(ctx, p, why) })
}

// EndBucket moves the epoch of b, for good.
func (d *Durable) EndBucket(ctx context.Context, b sessionstore.Bucket, why sessionstore.Reason) error {
	_, err := settled(ctx, d, func() (struct{}, error) { return struct{}{}, d.Store.EndBucket(ctx, b, why) })
	return err
}

// NoteLogout remembers logouts of n, over a restart too.
func (d *Durable) NoteLogout(ctx context.Context, n sessionstore.NameHash, logouts []sessionstore.Logout) error {
	_, err := settled(ctx, d, func() (struct{}, error) { return struct{}{}, d.Store.NoteLogout(ctx, n, logouts) })
	return err
}

// Ping reports whether the store is open and can write.
func (d *Durable) Ping(ctx context.Context) error {
	if err := d.Store.Ping(ctx); err != nil {
		return err
	}
	return d.writable()
}

// remembered does what only counts when it is remembered.
func remembered[T any](ctx context.Context, d *Durable, do func() (T, error)) (T, error) {
	if err := d.writable(); err != nil {
		var none T
		return none, err
	}
	return settled(ctx, d, do)
}

// settled does something and waits until it is on the disk. It waits after a
// refusal too: what refused may be a change that is not written yet, such as the
// end that a repeated End does not find.
func settled[T any](ctx context.Context, d *Durable, do func() (T, error)) (T, error) {
	value, err := do()
	if lost := d.written(ctx); lost != nil {
		var none T
		return none, lost
	}
	return value, err
}
