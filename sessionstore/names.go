package sessionstore

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// Names is the part of [Store] by which single logout finds sessions: an index
// from the NameID of a sign-in to its session. An [Entry] is written before the
// session is created and may outlive it, so the index is a hint and proves
// nothing; whoever ends by it looks at the record first.
type Names interface {
	// Enlist adds e to the index of n, for ttl, and returns the logouts that
	// concern e out of those noted within [LogoutMemory]. Where e is there
	// already its end stays as it is.
	Enlist(ctx context.Context, n NameHash, e Entry, ttl time.Duration) ([]Logout, error)

	// Delist removes entries, at most [MaxRows]. What is not there is no error.
	Delist(ctx context.Context, n NameHash, entries []Entry) error

	// NoteLogout remembers for [LogoutMemory] that n was logged out, at most
	// [MaxRows] logouts; of more than [MaxLogouts] the oldest are forgotten. It
	// works where the store has no memory left for sign-ins.
	NoteLogout(ctx context.Context, n NameHash, logouts []Logout) error

	// Listed returns the entries of n in a fixed order, at most [MaxRows]: those
	// of index, or all where index is nil, which come after the entry given;
	// with the zero Entry, from the first. Some may be over.
	Listed(ctx context.Context, n NameHash, index *IndexHash, after Entry) ([]Entry, error)
}

const (
	// LogoutMemory is how long a logout is held against sign-ins that were
	// asserted before it: an assertion is good for an hour at most, an IdP's clock
	// a quarter of one off, and who is to choose has five minutes.
	LogoutMemory = 90 * time.Minute
	// MaxLogouts is how many logouts are remembered of one name.
	MaxLogouts = 1000
)

// NameHash stands for a NameID at an identity provider in keys. Two names that
// should collide do no harm: the record says who it is.
type NameHash [16]byte

// IndexHash stands for a SessionIndex among those of one name.
type IndexHash [6]byte

// Entry is what the index of a name holds of a session.
type Entry struct {
	ID    ID
	Index IndexHash
}

// Logout is what is remembered of a logout.
type Logout struct {
	All    bool      // every session of the name; else those of Index
	Index  IndexHash // zero for All
	Issued time.Time // IssueInstant of the request, or zero
	Seq    uint64    // set by the store: grows with each NoteLogout of the name
}

// HashNameID returns the hash of the value at the IdP called idp. It leaves format
// and qualifiers out: what one message writes the other may leave out
// (SAML Core §8.3.7), so they are compared in the record.
func HashNameID(idp string, n identity.NameID) NameHash {
	sum := sha256.Sum256([]byte(hashName("nameid:"+idp, n.Value)))
	return NameHash(sum[:])
}

// HashIndex returns the hash of a SessionIndex, empty or not.
func HashIndex(sessionIndex string) IndexHash {
	sum := sha256.Sum256([]byte("index\x00" + sessionIndex))
	return IndexHash(sum[:])
}
