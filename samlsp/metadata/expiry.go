package metadata

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// Notice is how long before its end a certificate is worth a warning.
const Notice = 30 * 24 * time.Hour

// ErrEndless is wrapped when a document must say when it ends, and does not, or
// not soon enough.
var ErrEndless = errors.New("the metadata stays valid for too long")

// EndsWithin refuses a document without validUntil, or with one that is more
// than most from now: somebody could hold on to it, with a key that was stolen
// since (IIP-MD04). 0 refuses nothing.
func (d *Descriptor) EndsWithin(most time.Duration, now time.Time) error {
	switch {
	case most <= 0:
		return nil
	case d.ValidUntil.IsZero():
		return fmt.Errorf("%w: it has no validUntil, and must have one at most %v ahead", ErrEndless, most)
	case d.ValidUntil.After(now.Add(most)):
		return fmt.Errorf("%w: until %s, which is more than %v ahead", ErrEndless, d.ValidUntil.Format(time.RFC3339), most)
	}
	return nil
}

// Expiring returns a sentence for each certificate that expires within
// [Notice]. Those that have expired are the business of [Usable].
func Expiring(certs []*x509.Certificate, now time.Time) (warnings []string) {
	for _, c := range certs {
		if left := c.NotAfter.Sub(now); left >= 0 && left <= Notice {
			warnings = append(warnings, "the certificate "+Fingerprint(c)+" expires within 30 days")
		}
	}
	return warnings
}
