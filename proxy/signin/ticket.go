package signin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// A ticket is the RelayState that goes out with a request: when, 12 random
// bytes, and a MAC over both, in 43 characters (SAML Bindings §3.4.3: at most 80
// bytes). Identity providers send it back, so that an answer which comes without
// the login cookie can still be told from one that nobody asked for.
const (
	ticketHead = 16 // time and random bytes
	ticketSize = 2 * ticketHead
)

func (j *Jar) ticket(now time.Time) string {
	b := make([]byte, ticketHead, ticketSize)
	_, _ = rand.Read(b) // never fails since Go 1.24
	binary.BigEndian.PutUint32(b, uint32(now.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(b, j.stamp(0, b)...))
}

// ticketValid reports whether we issued s, no longer ago than a login may take.
func (j *Jar) ticketValid(s string, now time.Time) bool {
	if len(s) != base64.RawURLEncoding.EncodedLen(ticketSize) {
		return false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return false
	}
	age := now.Sub(time.Unix(int64(binary.BigEndian.Uint32(b)), 0))
	if age < -time.Minute || age > pendingLife { // replicas may differ a little
		return false
	}
	for i := range j.ticketRing {
		if hmac.Equal(b[ticketHead:], j.stamp(i, b[:ticketHead])) {
			return true
		}
	}
	return false
}

func (j *Jar) stamp(key int, head []byte) []byte {
	h := hmac.New(sha256.New, j.ticketRing[key])
	h.Write(head)
	return h.Sum(nil)[:ticketSize-ticketHead]
}
