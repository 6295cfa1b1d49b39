package sessionstore

import (
	"context"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// Store keeps records, tokens and claims. It neither makes ids nor looks into
// bodies. Implementations promise, and storetest checks:
//
//   - Atomic: each call happens at one moment or not at all. No other call on
//     any replica sees half of it.
//   - Concurrent: all methods may be called from any goroutine.
//   - Time: one clock, the store's. It comes back as [Row].Now; callers hand
//     in durations, never times. Milliseconds; finer parts are cut off.
//   - Live: a record lives until [Record.End] and while both its epochs are
//     the current ones. What is not live is never returned and counts
//     nowhere; its bytes are freed later, a bounded number at a time.
//   - Errors: [ErrNotFound] and the others named here, or [ErrUnavailable]
//     (wrapped) when the store cannot tell. An unavailable store may or may
//     not have done what was asked. Every method may be repeated: a client
//     that lost the answer asks again and does no second harm.
//   - Formats: a record whose format byte is not [Format] is kept as it is,
//     counts as live, and loads as [ErrFormat].
//   - Ends are heard: everything that ends a live record tells every
//     [Store.Watch] of every replica, before the call returns or at once
//     after; expiry alone tells nobody.
//
// IDs handed in have passed [ParseID].
type Store interface {
	Names
	Notes
	Index
	// Epochs returns the current epochs of a person, zero where never moved.
	Epochs(ctx context.Context, p identity.PersonHash) (Epochs, error)

	// Create adds a record, in this order in one step: if the id is live, this
	// is a repetition and done; if the epochs given are not the current
	// ones, ErrEpochMoved; live records of the person are counted, without
	// the replaced and the freed one; at the limit [Deny] and [Ask] give ErrLimit
	// and change nothing, [EvictOldest] ends those created first until there is
	// room, and [EvictIdle] those used least lately, by their records (of another
	// format, and of equals, those created first); the replaced and the freed
	// record are ended; the record is written.
	Create(ctx context.Context, c Create) (Created, error)

	// Load returns a live record: ErrNotFound, ErrFormat.
	Load(ctx context.Context, id ID) (Row, error)

	// Touch records that the session was used ago before now, or now where ago
	// is negative. The recorded last use only ever grows, and a record is never created: one that is
	// not live or has another format stays what it is, with ErrNotFound.
	Touch(ctx context.Context, id ID, ago time.Duration) error

	// End ends one record and returns it, or ErrNotFound where nothing was
	// live. Watchers are told even then, since a repetition finds nothing.
	// A record of another format is ended too.
	End(ctx context.Context, id ID, why Reason) (Row, error)

	// EndAll moves the epoch of a person: every session of theirs is over, as
	// is every Create that holds earlier epochs. It returns the records that
	// were live, at most [MaxRows]; those beyond end as well.
	EndAll(ctx context.Context, p identity.PersonHash, why Reason) ([]Row, error)

	// EndBucket does for all persons of a bucket what EndAll does for one.
	// It takes the same time however many there are.
	EndBucket(ctx context.Context, b Bucket, why Reason) error

	// List returns the live records of a person, oldest first, at most
	// [MaxRows]; those of another format are left out.
	List(ctx context.Context, p identity.PersonHash) ([]Row, error)

	// Put keeps value under key for ttl, replacing what was there.
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error

	// Take returns and removes the value: of several callers one gets it and
	// the others ErrNotFound. When the answer is lost, so is the value.
	Take(ctx context.Context, key string) ([]byte, error)

	// Peek returns the value that Take would, or ErrNotFound, and leaves it there.
	Peek(ctx context.Context, key string) ([]byte, error)

	// Keep returns what is kept under key; where nothing is, it keeps value and
	// returns that. In both cases it is kept for ttl from now. Nothing replaces
	// it before.
	Keep(ctx context.Context, key string, value []byte, ttl time.Duration) ([]byte, error)

	// Claim reports whether claimant is the first to claim key within ttl of
	// the first claim. The same claimant may ask again and hears the same.
	Claim(ctx context.Context, key, claimant string, ttl time.Duration) (bool, error)

	// Claimed reports whether anybody has claimed key, and claims nothing.
	Claimed(ctx context.Context, key string) (bool, error)

	// Append puts value in front of the list called key, which keeps at most
	// keep values, the newest; the whole list lives for ttl from its last
	// value on. A value that is among the first 64 already is a repetition and
	// done. Values are never equal unless they are repetitions.
	Append(ctx context.Context, key string, value []byte, keep int, ttl time.Duration) error

	// Recent returns the values of a list, newest first; none is no error.
	Recent(ctx context.Context, key string) ([][]byte, error)

	// Watch calls told for every end, one at a time, until ctx is done or the
	// connection is lost, and returns why (ctx.Err(), or ErrUnavailable). The
	// first call has [ScopeReady]: in its buckets, what ended before it may not
	// be told, what ends after it is. [ScopeBeat] follows now and then: in its
	// buckets all that ended before its time has been told. A store of several
	// servers says so for the buckets of each; one that it has lost is
	// [ScopeLost], and ready again later. A cache forgets what is in a bucket
	// that was lost, and everything when Watch returns.
	Watch(ctx context.Context, told func(Invalidation)) error

	// Ping reports whether the store can be reached and takes writes.
	Ping(ctx context.Context) error

	// Close frees what the store holds. Calls after it give ErrUnavailable.
	Close() error
}

// MaxRows bounds how many records one call returns.
const MaxRows = 1000

// Create is what [Store.Create] adds.
type Create struct {
	ID             ID
	Person         identity.PersonHash
	Epochs         Epochs // as read before the decision to create
	Idle, Interval time.Duration
	Lifetime       time.Duration // from now, on the store's clock, to the absolute end
	MaxConcurrent  int           // 0 = no limit
	OnLimit        OnLimit
	Replaces       ID     // same bucket, any person, or empty; need not be live
	Frees          ID     // of the same person, or empty; one of anybody else is left alone
	Body           []byte // sealed
}

// Created is what [Store.Create] did.
type Created struct {
	Row   Row        // as written; of a repetition, as it is now
	Ended []EndedRow // none for a repetition
}

// Row is a record as found.
type Row struct {
	ID ID
	Record
	Now time.Time // the store's clock at that moment

	// Both of [Store.Load] alone.
	Note  []byte // what is noted of its person
	Later int    // sessions of the person created after it; some may be over
}

// EndedRow is a record that has just been ended. When it had another format,
// only ID and Format are known.
type EndedRow struct {
	Row
	Reason Reason
}
