package sessionstore

import (
	"context"

	"github.com/samlgate/samlgate/identity"
)

// Notes is the part of [Store] that remembers one small value of a person. It has
// no end: it says how that person's sessions are to be treated, the next ones
// too.
type Notes interface {
	// Note returns what is noted of p, nil where nothing is.
	Note(ctx context.Context, p identity.PersonHash) ([]byte, error)

	// SetNote notes value of p if old is what is noted until now (empty: nothing),
	// and reports whether; an empty value takes the note away. A value that is
	// noted already is a repetition and done: values are never equal otherwise.
	// Watchers are told with [ScopeReview], even of a repetition.
	SetNote(ctx context.Context, p identity.PersonHash, old, value []byte) (bool, error)
}
