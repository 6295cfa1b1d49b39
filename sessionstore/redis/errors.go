package redis

import (
	"errors"
	"fmt"
	"strings"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/samlgate/samlgate/sessionstore"
)

// Quiet silences what the Redis client prints to stderr by itself. It concerns
// the whole process, so it is for main to call, once and before [New]. Nothing
// is lost: what goes wrong comes back as an error.
func Quiet() { goredis.SetLogger(&logging.VoidLogger{}) }

// hints says what an operator can do about the error codes of Redis.
var hints = map[string]string{
	"WRONGPASS":   "user name and password are not those of a user of this redis",
	"NOAUTH":      "redis wants a user name and password",
	"NOPERM":      "the redis user lacks a right that sessions need, see docs/redis.md",
	"READONLY":    "this redis is a replica, sessions need the master",
	"NOREPLICAS":  "this redis has lost its replicas and takes no writes, see min-replicas-to-write",
	"CLUSTERDOWN": "the cluster has no master for a part of its keys",
	"TRYAGAIN":    "a slot of the cluster is being moved",
	"ASK":         "a slot of the cluster is being moved",
	"OOM":         "the memory of redis is full",
	"LOADING":     "redis reads its data after a start",
	"MISCONF":     "redis cannot write its snapshots and takes no writes",
	// What NOPERM is called inside a script, by one version or another.
	"ERR The user executing the script": "the redis user lacks a right that sessions need, see docs/redis.md",
	"ERR ACL failure in script:":        "the redis user lacks a right that sessions need, see docs/redis.md",
	"MASTERDOWN":                        "this redis is a replica without its master",
}

// unavailable wraps whatever keeps us from knowing: network, timeouts, an open
// breaker, and any error of the server. The text of the latter begins with a
// code; it never quotes our arguments.
func unavailable(doing string, err error) error {
	var answered goredis.Error
	if !errors.As(err, &answered) {
		return fmt.Errorf("%w: %s: %w", sessionstore.ErrUnavailable, doing, err)
	}
	text := answered.Error()
	for code, hint := range hints {
		if strings.HasPrefix(text, code+" ") {
			text += " (" + hint + ")"
			break
		}
	}
	// "ERR unknown command 'GETDEL', with args beginning with: …"
	text, _, _ = strings.Cut(text, ", with args")
	return fmt.Errorf("%w: %s: %s", sessionstore.ErrUnavailable, doing, text)
}
