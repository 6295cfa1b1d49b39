package hot

import (
	"context"
	"errors"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// Own returns store with one thing more: this feed hears the ends that are made
// through it before the call returns, so that whoever signs out here is signed
// out here at once. It hears of those too whose answer was lost.
func (f *Feed) Own(store sessionstore.Store) sessionstore.Store { return &own{store, f} }

type own struct {
	sessionstore.Store
	feed *Feed
}

func (o *own) session(id sessionstore.ID, why sessionstore.Reason) {
	o.feed.hear(sessionstore.Invalidation{Scope: sessionstore.ScopeSession, ID: id, Reason: why})
}

// Create tells of whom it ended, which is nobody when it was refused.
func (o *own) Create(ctx context.Context, c sessionstore.Create) (sessionstore.Created, error) {
	created, err := o.Store.Create(ctx, c)
	for _, e := range created.Ended {
		o.session(e.ID, e.Reason)
	}
	if errors.Is(err, sessionstore.ErrUnavailable) { // whom it ended, if it did, is not known
		o.feed.hear(sessionstore.Invalidation{Scope: sessionstore.ScopeReview, Person: c.Person})
	}
	return created, err
}

// End tells of the end.
func (o *own) End(ctx context.Context, id sessionstore.ID, why sessionstore.Reason) (sessionstore.Row, error) {
	row, err := o.Store.End(ctx, id, why)
	o.session(id, why)
	return row, err
}

// EndAll tells of the person.
func (o *own) EndAll(ctx context.Context, p identity.PersonHash, why sessionstore.Reason) ([]sessionstore.Row, error) {
	rows, err := o.Store.EndAll(ctx, p, why)
	o.feed.hear(sessionstore.Invalidation{Scope: sessionstore.ScopePerson, Person: p, Reason: why, Epoch: o.epochs(ctx, p, err).Person})
	return rows, err
}

// EndBucket tells of the bucket.
func (o *own) EndBucket(ctx context.Context, b sessionstore.Bucket, why sessionstore.Reason) error {
	err := o.Store.EndBucket(ctx, b, why)
	o.feed.hear(sessionstore.Invalidation{Scope: sessionstore.ScopeBucket, Bucket: b, Reason: why, Epoch: o.epochs(ctx, someone(b), err).Bucket})
	return err
}

// epochs are those after an end of all, unless that failed; zero if they are not
// known.
func (o *own) epochs(ctx context.Context, p identity.PersonHash, failed error) (e sessionstore.Epochs) {
	if failed == nil {
		e, _ = o.Store.Epochs(ctx, p)
	}
	return e
}

// someone is one of the persons of a bucket.
func someone(b sessionstore.Bucket) (p identity.PersonHash) {
	p[len(p)-1] = byte(b)
	return p
}

// SetNote tells that the sessions of the person are to be looked at again.
func (o *own) SetNote(ctx context.Context, p identity.PersonHash, old, value []byte) (bool, error) {
	done, err := o.Store.SetNote(ctx, p, old, value)
	o.feed.hear(sessionstore.Invalidation{Scope: sessionstore.ScopeReview, Person: p})
	return done, err
}
