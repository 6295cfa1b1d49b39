package sessionstore

import (
	"time"

	"github.com/samlgate/samlgate/identity"
)

// Scope says what an [Invalidation] is about.
type Scope uint8

// The scopes. Readers pass over those they do not know.
const (
	ScopeReady   Scope = iota // no end: the watch of Buckets has begun
	ScopeSession              // the session ID ended
	ScopePerson               // every session of Person ended
	ScopeBucket               // every session in Bucket ended
	// ScopeReview ended nothing: what holds for the sessions of Person may have
	// changed, so they are to be loaded again.
	ScopeReview
	ScopeBeat // no end: whatever ended in Buckets before Sent was told
	ScopeLost // no end: Buckets are not watched any more
)

// Invalidation tells a replica what has ended, or how far it can rely on being
// told.
type Invalidation struct {
	Scope  Scope
	ID     ID
	Person identity.PersonHash
	Bucket Bucket
	Reason Reason
	// Epoch is what that of Person or Bucket is since an end of all of them, or
	// later; 0 where it is not known.
	Epoch   uint64
	Buckets BucketSet // of ScopeReady, ScopeBeat and ScopeLost
	// Sent is when the proof set out, on the local clock: at that moment or later
	// the server that owns Buckets took a write, and every end that it made before
	// has been told.
	Sent time.Time
	// Origin, of ScopeReady, names the server that owns Buckets and the history that
	// it continues. Another than before may have lost what was acknowledged last.
	// Empty where that cannot happen.
	Origin string
}

// BucketSet is a set of buckets. The zero value is empty.
type BucketSet [Buckets / 64]uint64

// AllBuckets is every bucket: what a store of one server watches.
func AllBuckets() (all BucketSet) {
	for i := range all {
		all[i] = ^uint64(0)
	}
	return all
}

// Add puts b into the set.
func (s *BucketSet) Add(b Bucket) { s[b/64] |= 1 << (b % 64) }

// Has reports whether b is in the set.
func (s BucketSet) Has(b Bucket) bool { return s[b/64]&(1<<(b%64)) != 0 }
