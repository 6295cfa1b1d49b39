package embedded

import (
	"encoding/binary"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// kind is a sort of thing that a [Store] holds, and the name of its bucket in a
// file. The names are kept.
type kind string

const (
	kindSession kind = "sessions" // id → number by which it was created, record
	kindPerson  kind = "persons"  // hash of a person → epoch
	kindBucket  kind = "buckets"  // one byte → epoch
	kindOnce    kind = "once"     // key → end, value; so the next two
	kindKept    kind = "kept"
	kindClaim   kind = "claims"
	kindEntry   kind = "entries" // hash of a name, id → end, index
	kindLogouts kind = "logouts" // hash of a name → what was noted
	kindList    kind = "lists"   // key → end, number of the newest value
	kindValue   kind = "values"  // key of a list, number → value
	kindNote    kind = "notes"   // hash of a person → value
	kindSeq     kind = "seq"     // "logouts" → how many were noted
)

// kinds is every kind, a list before its values.
var kinds = []kind{kindSession, kindPerson, kindBucket, kindOnce, kindKept, kindClaim,
	kindEntry, kindLogouts, kindList, kindValue, kindNote, kindSeq}

const seqKey = "logouts"

// ref names one thing.
type ref struct {
	kind kind
	key  string
}

// changes are the things that differ from what a file holds. What they are now
// is looked up when they are written, so whatever is written together is the
// state of one moment.
type changes struct {
	refs   map[ref]struct{} // nil: there is no file
	urgent bool             // somebody waits until they are written

	order   map[sessionstore.ID]uint64 // id → number: creations within a millisecond have an order too
	created uint64                     // the last number
}

func newChanges() changes {
	return changes{refs: make(map[ref]struct{}), order: make(map[sessionstore.ID]uint64)}
}

// began notes a new session. The lock is held.
func (s *Store) began(id sessionstore.ID) {
	if s.changed.refs != nil {
		s.changed.created++
		s.changed.order[id] = s.changed.created
	}
	s.mark(kindSession, string(id))
}

// gone notes a session that is not kept any more. The lock is held.
func (s *Store) gone(id sessionstore.ID) {
	delete(s.changed.order, id)
	s.later(kindSession, string(id))
}

// mark notes a change that must not be lost once it is acknowledged. The lock is
// held.
func (s *Store) mark(k kind, key string) {
	s.later(k, key)
	s.changed.urgent = true
}

// later notes a change that may be lost with the last second. The lock is held.
func (s *Store) later(k kind, key string) {
	if s.changed.refs != nil {
		s.changed.refs[ref{k, key}] = struct{}{}
	}
}

// encode returns how r is written, nil where there is none. The lock is held.
func (s *Store) encode(r ref) ([]byte, error) {
	switch r.kind {
	case kindSession:
		if record, ok := s.sessions[sessionstore.ID(r.key)]; ok {
			return record.AppendBinary(number(s.changed.order[sessionstore.ID(r.key)]))
		}
	case kindPerson:
		if n, ok := s.moved[identity.PersonHash([]byte(r.key))]; ok {
			return number(n), nil
		}
	case kindBucket:
		return number(s.buckets[r.key[0]]), nil
	case kindOnce:
		return s.once[r.key].encode(), nil
	case kindKept:
		return s.kept[r.key].encode(), nil
	case kindClaim:
		return s.claims[r.key].encode(), nil
	case kindEntry, kindLogouts:
		return s.encodeName(r), nil
	case kindList, kindValue:
		return s.encodeList(r), nil
	case kindNote:
		return s.notes[identity.PersonHash([]byte(r.key))], nil
	case kindSeq:
		return number(s.seq), nil
	}
	return nil, nil
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// encode returns nil for the token that is none.
func (t token) encode() []byte {
	if t.end.IsZero() {
		return nil
	}
	return append(number(uint64(t.end.UnixMilli())), t.value...)
}

func (s *Store) encodeName(r ref) []byte {
	of, ok := s.names[sessionstore.NameHash([]byte(r.key[:hashLen]))]
	if !ok {
		return nil
	}
	if r.kind == kindEntry {
		e, ok := of.entries[sessionstore.ID(r.key[hashLen:])]
		if !ok {
			return nil
		}
		return append(number(uint64(e.end.UnixMilli())), e.index[:]...)
	}
	var b []byte
	for _, l := range of.logouts {
		b = l.append(b)
	}
	return b
}

const (
	hashLen  = len(sessionstore.NameHash{})
	indexLen = len(sessionstore.IndexHash{})
	notedLen = 1 + indexLen + 3*8
)

func (l noted) append(b []byte) []byte {
	all := byte(0)
	if l.All {
		all = 1
	}
	issued := int64(0)
	if !l.Issued.IsZero() {
		issued = l.Issued.UnixNano()
	}
	b = append(append(b, all), l.Index[:]...)
	for _, n := range []int64{issued, int64(l.Seq), l.end.UnixMilli()} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return b
}

func (s *Store) encodeList(r ref) []byte {
	if r.kind == kindList {
		l, ok := s.lists[r.key]
		if !ok {
			return nil
		}
		return append(number(uint64(l.end.UnixMilli())), number(l.newest)...)
	}
	border := len(r.key) - 8
	l := s.lists[r.key[:border]]
	back := l.newest - binary.BigEndian.Uint64([]byte(r.key[border:])) // wraps around where it is newer: there is none
	if back >= uint64(len(l.values)) {
		return nil
	}
	return present(l.values[back])
}

// present is b, never nil: an empty value is one.
func present(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// valueKey names the value of a list that has this number.
func valueKey(list string, n uint64) string { return list + string(number(n)) }
