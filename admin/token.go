package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"

	"golang.org/x/time/rate"
)

// The roles of a token.
const (
	Viewer   = "viewer"   // reads
	Operator = "operator" // reads and acts
)

// role is that of the token which a request carries. All tokens are compared,
// each in constant time.
func (cfg Config) role(r *http.Request) (role string, ok bool) {
	scheme, token, found := strings.Cut(r.Header.Get("Authorization"), " ")
	if !found || !strings.EqualFold(scheme, "Bearer") { // RFC 9110 §11.1: a scheme has no case
		return "", false
	}
	sum := sha256.Sum256([]byte(token))
	for _, t := range cfg.Tokens() {
		if subtle.ConstantTimeCompare(sum[:], t.Hash[:]) == 1 && (!ok || t.Role == Operator) {
			role, ok = t.Role, true
		}
	}
	return role, ok
}

// mark tells tokens apart in the audit record: the first eight digits of the
// SHA-256 of the one that a request carries, from which it cannot be found.
func mark(r *http.Request) string {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:4])
}

// brake slows down whoever tries tokens. Right ones are never held up: nobody
// can lock an operator out.
type brake struct{ limit *rate.Limiter }

func newBrake() *brake { return &brake{rate.NewLimiter(5, 20)} } // a second; at once

func (b *brake) allow() bool { return b.limit.Allow() }
