package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Keep remembers value under kind and name unless something is remembered there
// already, and returns what is: whoever came first decided it. It is remembered
// for ttl from the last call. The store sees a hash of kind and name, and the
// value sealed.
//
// What no key of ours opens is [ErrFormat]. It is not replaced: a key that is
// missing by mistake must not make everybody a newcomer.
func (m *Manager) Keep(ctx context.Context, kind, name string, value []byte, ttl time.Duration) ([]byte, error) {
	if kind == "" || name == "" || ttl < time.Millisecond {
		return nil, errors.New("what is kept needs a kind, a name and a lifetime")
	}
	key := hashName(kind, name)
	sealed := append([]byte{Format}, m.keys.seal(purposeKept, key, value)...)
	kept, err := m.store.Keep(ctx, key, sealed, ttl)
	if err != nil {
		return nil, fmt.Errorf("keeping a value: %w", err)
	}
	if len(kept) == 0 || kept[0] != Format {
		return nil, fmt.Errorf("reading a kept value: %w", ErrFormat)
	}
	plain, ok := m.keys.open(purposeKept, key, kept[1:])
	if !ok {
		return nil, fmt.Errorf("opening a kept value; is the key it was sealed with still there? %w", ErrFormat)
	}
	return plain, nil
}
