package redis

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore"
)

// name is the prefix of the keys of a NameID: a hash tag of its own, since the
// sessions of one NameID may be those of several persons.
func (s *Store) name(n sessionstore.NameHash) string {
	return s.prefix + ":{n" + base64.RawURLEncoding.EncodeToString(n[:]) + "}:"
}

// runNamed is run for the scripts of a name.
func (s *Store) runNamed(ctx context.Context, script string, n sessionstore.NameHash, args ...any) *goredis.Cmd {
	keys, args := s.named(s.name(n), "s", args)
	return s.scripts[script].Run(ctx, s.client, keys, args...)
}

// Enlist adds an entry to the index of n.
func (s *Store) Enlist(ctx context.Context, n sessionstore.NameHash, e sessionstore.Entry, ttl time.Duration) ([]sessionstore.Logout, error) {
	own, err := packEntry(e)
	if err != nil {
		return nil, err
	}
	answer, err := s.runNamed(ctx, "enlist", n, own, ttl.Milliseconds(), sessionstore.LogoutMemory.Milliseconds()).Slice()
	if err != nil {
		return nil, unavailable("enlisting a session", err)
	}
	r := reader{parts: answer}
	var all []sessionstore.Logout
	for r.more() {
		number, text := r.text(), r.text()
		if l, ok := parseLogout(number, text); ok {
			all = append(all, l)
		} else {
			r.bad = true
		}
	}
	return all, r.failed("enlisting a session")
}

// Delist removes entries from the index of n.
func (s *Store) Delist(ctx context.Context, n sessionstore.NameHash, entries []sessionstore.Entry) error {
	args := make([]any, 0, len(entries))
	for _, e := range entries {
		own, err := packEntry(e)
		if err != nil {
			return err
		}
		args = append(args, own)
	}
	if err := s.runNamed(ctx, "delist", n, args...).Err(); err != nil {
		return unavailable("delisting sessions", err)
	}
	return nil
}

// NoteLogout remembers logouts of n.
func (s *Store) NoteLogout(ctx context.Context, n sessionstore.NameHash, logouts []sessionstore.Logout) error {
	args := []any{sessionstore.LogoutMemory.Milliseconds(), sessionstore.MaxLogouts}
	for _, l := range logouts {
		args = append(args, packLogout(l))
	}
	keys, args := s.named(s.name(n), "s", args)
	cmd, lone := s.runLasting(ctx, "notelogout", keys, args)
	if err := cmd.Err(); err != nil {
		return unavailable("noting a logout", err)
	}
	s.confirm(ctx, lone, cmd, Unconfirmed{Operation: "note_logout"})
	return nil
}

// Listed returns entries of n, in the order of their bytes.
func (s *Store) Listed(ctx context.Context, n sessionstore.NameHash, index *sessionstore.IndexHash, after sessionstore.Entry) ([]sessionstore.Entry, error) {
	q := goredis.ZRangeArgs{Key: s.name(n) + "s", Start: "-", Stop: "+", ByLex: true, Count: sessionstore.MaxRows}
	if index != nil {
		q.Start, q.Stop = "["+string(index[:]), "["+string(index[:])+behind
	}
	if after.ID != "" {
		own, err := packEntry(after)
		if err != nil {
			return nil, err
		}
		q.Start = "(" + string(own) + behind
	}
	found, err := s.client.ZRangeArgs(ctx, q).Result()
	if err != nil {
		return nil, unavailable("looking for sessions of a NameID", err)
	}
	all := make([]sessionstore.Entry, 0, len(found))
	for _, text := range found {
		// What is no entry leads to no session. It keeps its place, as the
		// length of the answer tells whether there is more.
		all = append(all, parseEntry(text))
	}
	return all, nil
}

const (
	indexLen = len(sessionstore.IndexHash{})
	ownLen   = indexLen + 1 + 32 // an entry without its end
	entryLen = ownLen + 4
)

// behind sorts behind every entry that begins as what it is put to.
const behind = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"

// packEntry writes an entry without its end, which the server adds.
func packEntry(e sessionstore.Entry) ([]byte, error) {
	id, err := sessionstore.ParseID(string(e.ID))
	if err != nil {
		return nil, fmt.Errorf("an entry of %w", err)
	}
	b := append(make([]byte, 0, entryLen), e.Index[:]...)
	b = append(b, byte(id.Bucket()))
	return base64.RawURLEncoding.AppendDecode(b, []byte(id)[len("b000."):])
}

// parseEntry reads what the server keeps; what is no entry has the zero ID.
func parseEntry(text string) sessionstore.Entry {
	if len(text) != entryLen {
		return sessionstore.Entry{}
	}
	bucket := sessionstore.Bucket(text[indexLen])
	id := bucket.String() + "." + base64.RawURLEncoding.EncodeToString([]byte(text[indexLen+1:ownLen]))
	return sessionstore.Entry{ID: sessionstore.ID(id), Index: sessionstore.IndexHash([]byte(text[:indexLen]))}
}

// packLogout writes 'a', or 'i' and the index, then when it was issued.
func packLogout(l sessionstore.Logout) []byte {
	b := []byte("a")
	if !l.All {
		b = append([]byte("i"), l.Index[:]...)
	}
	issued := int64(0)
	if !l.Issued.IsZero() {
		issued = l.Issued.UnixMilli()
	}
	return binary.BigEndian.AppendUint64(b, uint64(issued))
}

func parseLogout(number, text string) (l sessionstore.Logout, ok bool) {
	rest := text[min(1, len(text)):]
	switch {
	case len(text) == 9 && text[0] == 'a':
		l.All = true
	case len(text) == 9+indexLen && text[0] == 'i':
		l.Index = sessionstore.IndexHash([]byte(rest[:indexLen]))
		rest = rest[indexLen:]
	default:
		return l, false
	}
	if issued := int64(binary.BigEndian.Uint64([]byte(rest))); issued != 0 {
		l.Issued = time.UnixMilli(issued)
	}
	n, err := strconv.ParseFloat(number, 64) // a score, exact below 2^53
	l.Seq = uint64(n)
	return l, err == nil && n > 0
}
