package samlsp

import (
	"errors"
	"slices"
	"time"
)

// trial is one message before the verifier: which checks it has passed so far,
// and what came to light. A nil trial makes every check and keeps no record.
type trial struct {
	// off are checks that are not made. Tests fill it, to show that each check
	// refuses what nothing else would; no other code can (a test holds on to it).
	off map[Reason]bool

	passed [reasonCount]Reason // in the order in which they were made
	count  int
	seen   [reasonCount]bool
	report Report // but for its verdicts and names

	assertion *node // once it is proven
}

// makes says whether a check is made. It is asked only where one would refuse,
// so what is accepted anyway does not pay for it.
func (t *trial) makes(check Reason) bool { return t == nil || !t.off[check] }

// stands returns a refusal, unless its check is not made: then what was wrong is
// passed over.
func (t *trial) stands(r *Rejection) *Rejection {
	if r == nil || !t.makes(r.Reason) {
		return nil
	}
	return r
}

// pass notes checks that refused nothing. Some are made several times, of what
// was received and of what was signed.
func (t *trial) pass(checks ...Reason) {
	if t == nil {
		return
	}
	for _, c := range checks {
		if !t.seen[c] {
			t.seen[c] = true
			t.passed[t.count] = c
			t.count++
		}
	}
}

// signedWell notes that a signature of the identity provider held.
func (t *trial) signedWell() {
	if t != nil {
		t.report.Proven = true
	}
}

// Report tells how a response fared, whether it was accepted or refused. It
// holds names, sizes and times, never values of attributes.
type Report struct {
	// Verdicts are the checks in the order in which they were made, each once.
	// A refusal is the last.
	Verdicts  []Verdict
	IDP       string // who was asked, by the pending login
	Bytes     int    // of the XML; 0 when the form value was no base64
	Encrypted bool   // an EncryptedAssertion came, whoever sent it
	// Proven says that a signature of the identity provider held, over the
	// assertion at least: what is around it may still be somebody else's. Only
	// then is anything known of the fields below.
	Proven   bool
	UsedSHA1 bool      // a signature relied on SHA-1
	Issued   time.Time // when it was issued, by the clock of the identity provider
	// ClockOff is how far that is ahead of our clock: that its clock is ahead,
	// or, when negative, that it is behind or that the message was under way.
	ClockOff time.Duration
	// Attributes are the names that were sent, each once; at most 100, and none
	// that is longer than 128 bytes.
	Attributes []string
}

// Verdict is the outcome of one check.
type Verdict struct {
	Check  string // name of the [Reason] with which it refuses
	Passed bool
	Detail string // of a refusal, as in [Rejection]
}

// told returns the report on a trial that ended with that refusal; nil = none.
func (t *trial) told(refused *Rejection) Report {
	r := t.report
	r.Attributes = t.attributeNames()
	r.Verdicts = make([]Verdict, 0, t.count+1)
	for _, c := range t.passed[:t.count] {
		if refused == nil || c != refused.Reason { // passed the first time, and not the second
			r.Verdicts = append(r.Verdicts, Verdict{Check: c.String(), Passed: true})
		}
	}
	if refused != nil {
		r.Verdicts = append(r.Verdicts, Verdict{Check: refused.Reason.String(), Detail: refused.Detail})
	}
	return r
}

// WithPerson returns the report with the verdicts of [Assertion.Identity], given
// what that returned as its error.
func (r Report) WithPerson(err error) Report {
	var refused *Rejection
	errors.As(err, &refused)
	r.Verdicts = slices.Clone(r.Verdicts)
	for _, c := range []Reason{ReasonMissingAttribute, ReasonSeveralEmails, ReasonEmailInvalid, ReasonEmailDomain, ReasonNobody} {
		if refused != nil && refused.Reason == c {
			r.Verdicts = append(r.Verdicts, Verdict{Check: c.String(), Detail: refused.Detail})
			break
		}
		r.Verdicts = append(r.Verdicts, Verdict{Check: c.String(), Passed: true})
	}
	return r
}

const maxShownNames = 100 // of attributes, in a report

// attributeNames returns the names that the assertion holds.
func (t *trial) attributeNames() []string {
	var names []string
	for _, statement := range t.assertion.all(nsAssertion, "AttributeStatement") {
		for _, n := range statement.all(nsAssertion, "Attribute") {
			name := n.value("Name")
			if name != "" && len(names) < maxShownNames && len(name) <= maxShownName && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
