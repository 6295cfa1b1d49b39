package sessionstore

import (
	"cmp"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
)

// Handle names a session to operators: its bucket, a dot, and the [ID.Hash],
// such as "b042.Zm9vYmFyYmF6cXV4". It finds the session and cannot be used as
// one: the id cannot be found from it. The hash alone, as logs and apps know
// it, is a Handle too; only the store must then look in every bucket.
type Handle string

const (
	handleHash = 16
	handleLen  = idDot + 1 + handleHash
)

var errHandle = errors.New("not the id of a session as operators know it")

// Handle returns the name of the session for operators. Like [ID.Bucket] it is
// for ids from [ParseID] or [NewID].
func (id ID) Handle() Handle { return Handle(string(id[:min(len(id), idDot+1)]) + id.Hash()) }

// ParseHandle checks that s is written like a [Handle], in full or the hash
// alone.
func ParseHandle(s string) (Handle, error) {
	hash := s
	if len(s) == handleLen && s[idDot] == '.' {
		if _, ok := ParseBucket(s[:idDot]); !ok {
			return "", errHandle
		}
		hash = s[idDot+1:]
	}
	if len(hash) != handleHash || strings.ContainsAny(hash, "\r\n") {
		return "", errHandle
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(hash); err != nil {
		return "", errHandle
	}
	return Handle(s), nil
}

// bucket returns the bucket that the handle names, if it names one.
func (h Handle) bucket() (Bucket, bool) {
	if len(h) != handleLen {
		return 0, false
	}
	return ParseBucket(string(h[:idDot]))
}

// names reports whether h names id.
func (h Handle) names(id ID) bool {
	if len(h) == handleHash {
		return string(h) == id.Hash()
	}
	return h == id.Handle()
}

// named is an id beside its name.
type named struct {
	handle Handle
	id     ID
}

// inOrder returns the ids whose handles are greater than after, by their handles:
// an order that no use of a session and no other session changes. What is no id
// is left out.
func inOrder(ids []ID, after Handle) []named {
	all := make([]named, 0, len(ids))
	for _, id := range ids {
		// Nearly what ParseID says: there are thousands, and nothing is found under
		// one that is none.
		if _, ok := ParseBucket(string(id[:min(len(id), idDot)])); !ok || len(id) != idLen || id[idDot] != '.' {
			continue
		}
		if h := id.Handle(); h > after {
			all = append(all, named{h, id})
		}
	}
	slices.SortFunc(all, func(a, b named) int { return cmp.Compare(a.handle, b.handle) })
	return all
}
