package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Append keeps value, sealed, in front of the shared list called name, of which
// the newest keep values stay; the list lives for ttl after its last value.
// Every gateway at this store sees it.
func (m *Manager) Append(ctx context.Context, name string, value []byte, keep int, ttl time.Duration) error {
	if name == "" || keep < 1 || ttl < time.Millisecond {
		return errors.New("a list needs a name, a length and a lifetime")
	}
	key := hashName("list", name)
	sealed := m.keys.seal(purposeList, key, value)
	if err := m.store.Append(ctx, key, append([]byte{Format}, sealed...), keep, ttl); err != nil {
		return fmt.Errorf("appending to a list: %w", err)
	}
	return nil
}

// Recent returns what [Manager.Append] kept, newest first. Values that no key
// of ours opens, or of another format, are left out.
func (m *Manager) Recent(ctx context.Context, name string) ([][]byte, error) {
	key := hashName("list", name)
	sealed, err := m.store.Recent(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("reading a list: %w", err)
	}
	var all [][]byte
	for _, s := range sealed {
		if len(s) == 0 || s[0] != Format {
			continue
		}
		if plain, ok := m.keys.open(purposeList, key, s[1:]); ok {
			all = append(all, plain)
		}
	}
	return all, nil
}
