package sessionstore

import "context"

// Index is the part of [Store] by which operators look through all sessions,
// bucket by bucket. Neither call promises one moment: what starts or ends
// meanwhile may be there or not. What lives all the time is.
type Index interface {
	// IDs returns the id of every session in these buckets, in no order, and
	// perhaps of some that are over.
	IDs(ctx context.Context, in []Bucket) ([]ID, error)

	// Rows returns the live records among ids, in their order; those of another
	// format are left out. Callers name at most [MaxRows].
	Rows(ctx context.Context, ids []ID) ([]Row, error)
}
