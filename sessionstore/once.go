package sessionstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

// PutOnce keeps value for whoever first brings code, for ttl. kind separates
// uses ("handover", "limit"): a code of one kind is none of another. The store
// sees a hash of kind and code, and the value sealed.
func (m *Manager) PutOnce(ctx context.Context, kind, code string, value []byte, ttl time.Duration) error {
	if kind == "" || code == "" || ttl < time.Millisecond {
		return errors.New("a single-use token needs a kind, a code and a lifetime")
	}
	key := hashName(kind, code)
	sealed := m.keys.seal(purposeOnce, key, value)
	if err := m.store.Put(ctx, key, append([]byte{Format}, sealed...), ttl); err != nil {
		return fmt.Errorf("keeping a single-use token: %w", err)
	}
	return nil
}

// TakeOnce returns what [Manager.PutOnce] kept under kind and code, once:
// afterwards, and for whoever comes second, it is [ErrNotFound]. When the
// answer of the store is lost ([ErrUnavailable]) the token may be gone.
func (m *Manager) TakeOnce(ctx context.Context, kind, code string) ([]byte, error) {
	if kind == "" || code == "" {
		return nil, ErrNotFound
	}
	value, err := m.store.Take(ctx, hashName(kind, code))
	return m.openOnce(kind, code, value, err)
}

// Claim reports whether this call is the first to claim key; the memory of it
// lasts until the time given on the local clock. A past time claims nothing
// and gives false: nobody would remember.
func (m *Manager) Claim(ctx context.Context, key string, until time.Time) (bool, error) {
	ttl := until.Sub(m.now())
	if ttl < time.Millisecond {
		return false, nil
	}
	// Known to this call alone: the client's own retry within it counts as
	// the same claim, a second call never does.
	claimant := rand.Text()
	first, err := m.store.Claim(ctx, hashName("claim", key), claimant, ttl)
	if err != nil {
		return false, fmt.Errorf("claiming: %w", err)
	}
	return first, nil
}

// Claimed reports whether key has been claimed, for what must be known before
// the work is done that uses it up.
func (m *Manager) Claimed(ctx context.Context, key string) (bool, error) {
	claimed, err := m.store.Claimed(ctx, hashName("claim", key))
	if err != nil {
		return false, fmt.Errorf("looking for a claim: %w", err)
	}
	return claimed, nil
}

// hashName is the name under which kind and code are stored: SHA-256 of both,
// each hashed first so that the border between them cannot move.
func hashName(kind, code string) string {
	k, c := sha256.Sum256([]byte(kind)), sha256.Sum256([]byte(code))
	sum := sha256.Sum256(append(k[:], c[:]...))
	return encode(sum[:])
}
