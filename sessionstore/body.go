package sessionstore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// body is the sealed part of a record. Beside whom it is about it repeats what
// the header says and no touch changes: who can write to the store can read
// and change the header, and must not lengthen a life with it, nor bring back
// what ended with an epoch.
type body struct {
	Identity                 identity.Identity
	Client                   Client `json:",omitzero"`
	Idle, Interval, Lifetime time.Duration
	Epochs                   Epochs    `json:",omitzero"`
	Started                  time.Time // on the clock of the gateway that sealed it
}

// clocksApart is how far the clocks of two gateways may differ here. SAML
// itself needs them closer: assertions live for minutes.
const clocksApart = 10 * time.Minute

func (m *Manager) sealBody(c Create, s Start) ([]byte, error) {
	plain, err := json.Marshal(body{Identity: s.Identity, Client: s.Client, Idle: c.Idle, Interval: c.Interval,
		Lifetime: c.Lifetime, Epochs: c.Epochs, Started: m.now()})
	if err != nil {
		return nil, fmt.Errorf("sealing a session: %w", err)
	}
	return m.keys.seal(purposeSession, string(c.ID), plain), nil
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
	if !b.fits(row) || m.now().After(b.Started.Add(b.Lifetime+clocksApart)) {
		return body{}, ErrNotFound
	}
	return b, nil
}

// fits reports whether the header says what was sealed. Created alone is not
// known when sealing, but how far it is from the end.
func (b body) fits(r Row) bool {
	same := func(x, y time.Duration) bool { return x.Milliseconds() == y.Milliseconds() }
	return b.Identity.Person.Hash() == r.Person && b.Epochs.Person == r.Epochs.Person && b.Epochs.Bucket == r.Epochs.Bucket &&
		same(b.Idle, r.Idle) && same(b.Interval, r.Interval) && same(b.Lifetime, r.Expires.Sub(r.Created))
}
