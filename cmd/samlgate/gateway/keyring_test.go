package gateway_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// A replica whose keys nobody else has is no place for people: it would take each
// of their sessions for none. Keys that overlap, as in a rotation, are well.
func TestStrangerAtTheStore(t *testing.T) {
	redis := testenv.StartRedis(t)
	sum := sha256.Sum256([]byte("another"))
	another := hex.EncodeToString(sum[:])
	ring := func(keys string) *site {
		t.Helper()
		s := prepare(t)
		s.change("audit:", "store: {driver: redis, redis: {addresses: [\""+redis.Addr+"\"]}}\naudit:")
		return s.change("cookie_keys: ["+cookieKey+"]", "cookie_keys: ["+keys+"]").run()
	}
	ready := func(s *site, want int, why string) {
		t.Helper()
		if a := s.get(s.adminURL("/readyz")); a.status != want || !strings.Contains(a.body, why) {
			t.Errorf("readyz: %d %q", a.status, a.body)
		}
	}
	ready(ring(cookieKey), 200, "ok")
	stranger := ring(another)
	ready(stranger, 503, "session.cookie_keys is known")
	if strings.Contains(stranger.log.String(), another) || strings.Contains(stranger.log.String(), cookieKey) {
		t.Error("a key is logged")
	}
	ready(ring(another+", "+cookieKey), 200, "ok")
	stranger.reloads("reloaded") // by now somebody shares its key
	ready(stranger, 200, "ok")
}
