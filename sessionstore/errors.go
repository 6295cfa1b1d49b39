package sessionstore

import "errors"

// The errors on which callers branch; test with errors.Is.
var (
	// ErrNotFound says that there is no such live session or token: never
	// made, ended, expired, from before an end of everything of its person,
	// already taken, or sealed with a key that we no longer have.
	ErrNotFound = errors.New("no such session")
	// ErrUnavailable says that the store could not be asked. It is neither a
	// yes nor a no: answer 503, never a login.
	ErrUnavailable = errors.New("session store unavailable")
	// ErrFormat says that a record was written by a release that we do not
	// know. The record is left alone; answer 503.
	ErrFormat = errors.New("session record has an unknown format")
	// ErrLimit says that the person has as many sessions as [Deny] allows.
	ErrLimit = errors.New("the person has reached the limit of sessions")
	// ErrEpochMoved says that sessions of the person were ended after the
	// epochs were read: what was decided meanwhile may no longer hold.
	ErrEpochMoved = errors.New("sessions of the person were ended during sign-in")
	// ErrOver says that the sign-in is older than the life it may have.
	ErrOver = errors.New("the session would already be over")
)
