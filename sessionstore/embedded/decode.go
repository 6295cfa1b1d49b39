package embedded

import (
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

var errShape = errors.New("an entry is not what it should be")

// decode takes over what [Store.encode] wrote. When all is taken over,
// arrange must be called.
func (s *Store) decode(r ref, value []byte) error {
	value = bytes.Clone(value) // what a transaction lends
	switch r.kind {
	case kindSession:
		return s.decodeSession(r.key, value)
	case kindPerson, kindBucket, kindSeq:
		return s.decodeCount(r, value)
	case kindOnce, kindKept, kindClaim:
		return s.decodeToken(r, value)
	case kindEntry, kindLogouts:
		return s.decodeName(r, value)
	case kindList, kindValue:
		return s.decodeList(r, value)
	case kindNote:
		if len(r.key) != len(identity.PersonHash{}) {
			return errShape
		}
		s.notes[identity.PersonHash([]byte(r.key))] = value
	}
	return nil
}

func (s *Store) decodeSession(key string, value []byte) error {
	id, err := sessionstore.ParseID(key)
	if err != nil || len(value) < 8 {
		return errShape
	}
	n := binary.BigEndian.Uint64(value)
	s.changed.order[id] = n
	s.changed.created = max(s.changed.created, n)
	record, err := sessionstore.ParseRecord(value[8:])
	if err != nil {
		return fmt.Errorf("session %s: %w", id, err)
	}
	s.sessions[id] = &record
	s.persons[record.Person] = append(s.persons[record.Person], id)
	s.ends = append(s.ends, ending{at: record.End(), session: id})
	return nil
}

func (s *Store) decodeCount(r ref, value []byte) error {
	if len(value) != 8 {
		return errShape
	}
	n := binary.BigEndian.Uint64(value)
	switch {
	case r.kind == kindSeq && r.key == seqKey:
		s.seq = n
	case r.kind == kindBucket && len(r.key) == 1:
		s.buckets[r.key[0]] = n
	case r.kind == kindPerson && len(r.key) == len(identity.PersonHash{}):
		s.moved[identity.PersonHash([]byte(r.key))] = n
	default:
		return errShape
	}
	return nil
}

// endOf reads the time at the beginning of value, and returns the rest.
func endOf(value []byte) (time.Time, []byte, error) {
	if len(value) < 8 {
		return time.Time{}, nil, errShape
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(value))), value[8:], nil
}

func (s *Store) decodeToken(r ref, value []byte) error {
	end, rest, err := endOf(value)
	if err != nil {
		return err
	}
	switch t := (token{rest, end}); r.kind {
	case kindOnce:
		s.once[r.key] = t
		s.ends = append(s.ends, ending{at: end, once: r.key})
	case kindKept:
		s.kept[r.key] = t
		s.ends = append(s.ends, ending{at: end, kept: r.key})
	default:
		s.claims[r.key] = t
		s.ends = append(s.ends, ending{at: end, claim: r.key})
	}
	return nil
}

func (s *Store) decodeName(r ref, value []byte) error {
	if len(r.key) < hashLen {
		return errShape
	}
	n := sessionstore.NameHash([]byte(r.key[:hashLen]))
	if r.kind == kindLogouts {
		return s.decodeLogouts(n, value)
	}
	id, err := sessionstore.ParseID(r.key[hashLen:])
	end, rest, short := endOf(value)
	if err != nil || short != nil || len(rest) != indexLen {
		return errShape
	}
	s.named(n).entries[id] = entry{sessionstore.IndexHash(rest), end}
	s.ends = append(s.ends, ending{at: end, listing: &listing{n, id}})
	return nil
}

func (s *Store) decodeLogouts(n sessionstore.NameHash, value []byte) error {
	if len(value)%notedLen != 0 {
		return errShape
	}
	of := s.named(n)
	for b := range slices.Chunk(value, notedLen) {
		at := func(i int) int64 { return int64(binary.BigEndian.Uint64(b[1+indexLen+8*i:])) }
		l := noted{sessionstore.Logout{All: b[0] == 1, Index: sessionstore.IndexHash(b[1 : 1+indexLen]), Seq: uint64(at(1))}, time.UnixMilli(at(2))}
		if at(0) != 0 {
			l.Issued = time.Unix(0, at(0))
		}
		of.logouts = append(of.logouts, l)
		s.ends = append(s.ends, ending{at: l.end, listing: &listing{name: n}})
	}
	return nil
}

func (s *Store) decodeList(r ref, value []byte) error {
	if r.kind == kindList {
		end, rest, err := endOf(value)
		if err != nil || len(rest) != 8 {
			return errShape
		}
		s.lists[r.key] = list{end: end, newest: binary.BigEndian.Uint64(rest)}
		return nil
	}
	if len(r.key) < 8 {
		return errShape
	}
	key := r.key[:len(r.key)-8]
	l, ok := s.lists[key]
	if !ok {
		return errShape
	}
	l.values = append(l.values, value) // oldest first until all are there
	s.lists[key] = l
	return nil
}

// arrange puts what was taken over in order.
func (s *Store) arrange() {
	heap.Init(&s.ends)
	for _, l := range s.lists {
		slices.Reverse(l.values)
	}
	for _, ids := range s.persons {
		slices.SortFunc(ids, func(a, b sessionstore.ID) int {
			return cmp.Compare(s.changed.order[a], s.changed.order[b])
		})
	}
}
