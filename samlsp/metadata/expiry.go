package metadata

import (
	"crypto/x509"
	"time"
)

// Notice is how long before its end a certificate is worth a warning.
const Notice = 30 * 24 * time.Hour

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
