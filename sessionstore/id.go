package sessionstore

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/samlgate/samlgate/identity"
)

// Buckets is the number of buckets that persons are spread over. A bucket is
// the unit that lives on one server of a cluster.
const Buckets = 256

// Bucket is the part of the store that holds a person.
type Bucket uint8

// BucketOf returns the bucket of a person: its hash modulo [Buckets].
func BucketOf(p identity.PersonHash) Bucket { return Bucket(p[len(p)-1]) }

// String returns "b" and three digits.
func (b Bucket) String() string { return fmt.Sprintf("b%03d", uint8(b)) }

// ParseBucket reads what [Bucket.String] writes, and nothing else.
func ParseBucket(s string) (Bucket, bool) {
	if len(s) != idDot || s[0] != 'b' {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s[1:]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return Bucket(n), n < Buckets
}

// ID names a session: its bucket, a dot, and 256 random bits in base64url
// without padding, such as "b042.Zm9v…". It is a secret of the gateway.
type ID string

const (
	idRandom = 32
	idDot    = len("b000")
	idLen    = idDot + 1 + 43
)

var errID = errors.New("not a session id")

// NewID returns a new id in the bucket of p.
func NewID(p identity.Person) (ID, error) {
	random := make([]byte, idRandom)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("making a session id: %w", err)
	}
	return ID(BucketOf(p.Hash()).String() + "." + encode(random)), nil
}

// ParseID checks that s is an id exactly as [NewID] writes it, and returns
// it. There is one spelling only: stray bits in the last digit are refused.
func ParseID(s string) (ID, error) {
	if len(s) != idLen || s[idDot] != '.' {
		return "", errID
	}
	_, ok := ParseBucket(s[:idDot])
	// The decoder ignores line breaks; the length of what comes out shows them.
	random, err := base64.RawURLEncoding.Strict().DecodeString(s[idDot+1:])
	if err != nil || !ok || len(random) != idRandom {
		return "", errID
	}
	return ID(s), nil
}

// Bucket returns the bucket in which the session lives. The id must come from
// [ParseID] or [NewID]; anything else lies in bucket 0.
func (id ID) Bucket() Bucket {
	name, _, _ := strings.Cut(string(id), ".")
	b, _ := ParseBucket(name)
	return b
}

// Hash returns 16 characters that name the session in logs and headers and
// from which the id cannot be found.
func (id ID) Hash() string {
	sum := sha256.Sum256([]byte(id))
	return encode(sum[:12])
}

// String returns the [ID.Hash] in angle brackets, so that an id which slips
// into a log line or an error text gives nothing away.
func (id ID) String() string { return "<" + id.Hash() + ">" }

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
