package samlsp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// minMemory is how long a used assertion is remembered beyond its end: clocks
// of replicas differ, and memory costs less than a replay.
const minMemory = 10 * time.Minute

// usableUntil is when the checked assertion could be accepted for the last
// time, skew left aside.
func (c *checker) usableUntil() time.Time {
	if end := c.issued.Add(maxAge); end.Before(c.confirmed) {
		return end
	}
	return c.confirmed
}

// claim uses an assertion up (Profiles §4.1.4.5). It comes last, so that only an
// assertion that would be accepted is ever spent.
func (sp *ServiceProvider) claim(ctx context.Context, t *trial, idp *IdentityProvider, id string, usable time.Time) error {
	until := usable.Add(max(2*sp.cfg.ClockSkew, minMemory))
	first, err := sp.cfg.Replay.Claim(ctx, replayKey(idp.EntityID, id), until)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if !first && t.makes(ReasonReplay) {
		return reject(ReasonReplay, "this assertion was used before")
	}
	t.pass(ReasonReplay)
	return nil
}

// replayKey names an assertion of one identity provider; another's may have the
// same ID. An ID holds no NUL and an entity id is printable, so the two cannot
// run into each other.
func replayKey(entityID, id string) string {
	sum := sha256.Sum256([]byte(entityID + "\x00" + id))
	return "assertion:" + hex.EncodeToString(sum[:])
}
