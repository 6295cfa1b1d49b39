package sessionstore

import (
	"encoding/json"
	"fmt"

	"github.com/samlgate/samlgate/identity"
)

// body is the sealed part of a record.
type body struct {
	Identity identity.Identity
	Client   Client
}

func (m *Manager) sealBody(id ID, who identity.Identity, client Client) ([]byte, error) {
	plain, err := json.Marshal(body{who, client})
	if err != nil {
		return nil, fmt.Errorf("sealing a session: %w", err)
	}
	return m.keys.seal(purposeSession, string(id), plain), nil
}

// openBody opens the sealed part of a row and checks that the parts around it
// belong to it. Whatever does not fit is no session: [ErrNotFound].
func (m *Manager) openBody(row Row) (body, error) {
	if row.Format != Format {
		return body{}, ErrFormat
	}
	plain, ok := m.keys.open(purposeSession, string(row.ID), row.Body)
	if !ok {
		return body{}, ErrNotFound
	}
	var b body
	if err := json.Unmarshal(plain, &b); err != nil {
		return body{}, ErrNotFound
	}
	// The header is not sealed. Whose limit and epoch a record goes by must
	// not be changed by who can write to the store.
	if p := b.Identity.Person.Hash(); p != row.Person || BucketOf(p) != row.ID.Bucket() {
		return body{}, ErrNotFound
	}
	return b, nil
}
