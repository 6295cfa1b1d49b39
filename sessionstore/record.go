package sessionstore

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// Format is the format byte of the records that this release writes.
const Format byte = 1

// Epochs count how often all sessions of a person, and of its bucket, were
// ended. A session holds those it began under and lives while they are equal.
type Epochs struct {
	Person, Bucket uint64
	of             identity.PersonHash // whose they are; set by Manager.Epochs only
}

// Record is a session as stores keep it.
//
// Stored as bytes it is one fixed-width header and the body:
//
//	 0  format byte
//	 1  created                 Unix milliseconds on the store's clock,
//	 9  last use                eight bytes, big endian, like all numbers here
//	17  idle limit              milliseconds
//	25  interval                milliseconds
//	33  absolute end            Unix milliseconds
//	41  epoch of the person
//	49  epoch of the bucket
//	57  hash of the person      43 characters of base64url
//	100 body
type Record struct {
	Format   byte
	Created  time.Time // on the store's clock, as are all times here
	LastUse  time.Time
	Idle     time.Duration
	Interval time.Duration
	Expires  time.Time // the absolute end
	Epochs   Epochs
	Person   identity.PersonHash
	Body     []byte // sealed; stores do not look inside
}

// HeaderTimes is the length of the part of a stored record that depends on the
// store's clock: a store may write it anew and append the rest as it is.
const HeaderTimes = 41

const (
	headerLen = 100     // where the body begins
	maxMillis = 1 << 42 // the year 2109: no time or span of ours, and sums stay exact
)

// End returns when the record is over, on the store's clock: one interval
// past its idle limit, as the true last use may be one interval past the
// recorded one, and never past its absolute end.
func (r Record) End() time.Time {
	end := r.LastUse.Add(r.Idle + r.Interval)
	if r.Expires.Before(end) {
		return r.Expires
	}
	return end
}

// AppendBinary appends the stored form of r to b.
func (r Record) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, r.Format)
	for _, n := range []int64{r.Created.UnixMilli(), r.LastUse.UnixMilli(), r.Idle.Milliseconds(),
		r.Interval.Milliseconds(), r.Expires.UnixMilli(), int64(r.Epochs.Person), int64(r.Epochs.Bucket)} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = base64.RawURLEncoding.AppendEncode(b, r.Person[:])
	return append(b, r.Body...), nil
}

// ParseRecord reads what [Record.AppendBinary] wrote. The body shares memory
// with b. A format of another release gives [ErrFormat] and a Record with
// that Format alone; bytes that are no record at all give [ErrNotFound].
func ParseRecord(b []byte) (Record, error) {
	if len(b) == 0 {
		return Record{}, ErrNotFound
	}
	if b[0] != Format {
		return Record{Format: b[0]}, ErrFormat
	}
	if len(b) < headerLen {
		return Record{}, ErrNotFound
	}
	at := func(offset int) int64 { return int64(binary.BigEndian.Uint64(b[offset:])) }
	for offset := 1; offset < HeaderTimes; offset += 8 {
		if n := at(offset); n < 0 || n > maxMillis {
			return Record{}, ErrNotFound
		}
	}
	span := func(offset int) time.Duration { return time.Duration(at(offset)) * time.Millisecond }
	r := Record{
		Format:   b[0],
		Created:  time.UnixMilli(at(1)),
		LastUse:  time.UnixMilli(at(9)),
		Idle:     span(17),
		Interval: span(25),
		Expires:  time.UnixMilli(at(33)),
		Epochs:   Epochs{Person: uint64(at(HeaderTimes)), Bucket: uint64(at(HeaderTimes + 8))},
		Body:     b[headerLen:],
	}
	n, err := base64.RawURLEncoding.Strict().Decode(r.Person[:], b[57:headerLen])
	if err != nil || n != len(r.Person) {
		return Record{}, ErrNotFound
	}
	return r, nil
}
