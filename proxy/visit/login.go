package visit

import "time"

// Login is what a request was for that ended an attempt to sign in. It holds
// names, sizes and times; nothing of it is an attribute of a person.
type Login struct {
	Result      string // accepted, refused or error; empty: no attempt ended here
	Reason      string // why, where it was not accepted: an enum value
	Detail      string // more of it, for operators
	Known       bool   // this browser began it
	Unsolicited bool   // the identity provider began it
	Trial       bool   // a dry run
	Report      Report
}

// Report tells how the answer of an identity provider fared.
type Report struct {
	Checks     []Check       // in the order in which they were made; a refusal is the last
	Bytes      int           // of the message
	Proven     bool          // a signature of the identity provider held
	Encrypted  bool          // the assertion came encrypted
	SHA1       bool          // a signature relied on SHA-1
	ClockOff   time.Duration // how far the identity provider's clock is ahead, where Proven
	Attributes []string      // names that were sent
	// Sources says which attribute each field was read from.
	Sources map[string]string
}

// Check is the outcome of one check.
type Check struct {
	Name   string // enum value
	Passed bool
	Detail string // of a refusal
}
