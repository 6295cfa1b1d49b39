package metadata

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/samlgate/samlgate/samlsp"
)

// Changes returns what differs from the document before, as short sentences for
// the log: certificates by the head of their SHA-256 and their end, addresses,
// validity. There is none when nothing that matters has changed.
func (d *Descriptor) Changes(before *Descriptor) []string {
	var out []string
	for _, c := range d.Certificates {
		if !slices.ContainsFunc(before.Certificates, c.Equal) {
			out = append(out, "certificate added: "+Fingerprint(c))
		}
	}
	for _, c := range before.Certificates {
		if !slices.ContainsFunc(d.Certificates, c.Equal) {
			out = append(out, "certificate removed: "+Fingerprint(c))
		}
	}
	out = append(out, moved("sign-on", before.SSO, d.SSO)...)
	out = append(out, moved("logout", before.SLO, d.SLO)...)
	out = append(out, moved("logout response", before.SLOResponses, d.SLOResponses)...)
	if d.WantAuthnRequestsSigned != before.WantAuthnRequestsSigned {
		out = append(out, fmt.Sprintf("wants signed requests: %t", d.WantAuthnRequestsSigned))
	}
	if !d.ValidUntil.Equal(before.ValidUntil) {
		out = append(out, "valid until: "+day(before.ValidUntil)+" → "+day(d.ValidUntil))
	}
	return out
}

// Fingerprint names a certificate for people: the first 8 bytes of its SHA-256,
// and when it expires.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:8]) + " (expires " + c.NotAfter.UTC().Format(time.DateOnly) + ")"
}

func day(t time.Time) string {
	if t.IsZero() {
		return "always"
	}
	return t.UTC().Format(time.RFC3339)
}

func moved(what string, before, now map[samlsp.Binding]string) (out []string) {
	all := maps.Clone(before)
	if all == nil {
		all = map[samlsp.Binding]string{}
	}
	maps.Copy(all, now)
	for _, binding := range slices.Sorted(maps.Keys(all)) {
		from, had := before[binding]
		to, has := now[binding]
		if from == to && had == has {
			continue
		}
		name := string(binding)[strings.LastIndexByte(string(binding), ':')+1:]
		out = append(out, fmt.Sprintf("%s (%s): %.300s → %.300s", what, name, cmp.Or(from, "none"), cmp.Or(to, "none")))
	}
	return out
}
