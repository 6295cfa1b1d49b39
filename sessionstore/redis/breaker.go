package redis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

var errBroken = errors.New("redis did not answer lately")

const (
	breakAfter = 5                      // failures in a row, without an answer between
	breakFor   = 500 * time.Millisecond // then a few calls may try again
	// A call over a new connection asks twice, for the greeting and for
	// itself, and all that again when it is retried.
	breakTries = 4
)

// breaker refuses calls at once while the server does not answer, so that a
// frozen server does not hold every request for a second. It is a
// [goredis.Limiter].
type breaker struct {
	now func() time.Time

	mu       sync.Mutex
	failures int       // in a row
	until    time.Time // when broken: the next tries
	tries    int       // how many of them are left
	last     string    // why the last call failed
}

// Allow returns an error while the breaker is open. Once in a while it lets a
// few calls through to find out.
func (b *breaker) Allow() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < breakAfter {
		return nil
	}
	if now := b.now(); !now.Before(b.until) {
		b.until, b.tries = now.Add(breakFor), breakTries
	}
	if b.tries == 0 {
		return fmt.Errorf("%w: %s", errBroken, b.last)
	}
	b.tries--
	return nil
}

// ReportResult counts failures of the network. Any answer, an error of the
// server too, shows that somebody is there.
func (b *breaker) ReportResult(err error) {
	var answered goredis.Error
	if errors.Is(err, context.Canceled) || errors.Is(err, goredis.ErrPoolTimeout) {
		return // says nothing about the server
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil || errors.As(err, &answered) {
		b.failures = 0
		return
	}
	b.failures++
	b.last = err.Error()
	if b.failures == breakAfter {
		b.until, b.tries = b.now().Add(breakFor), 0
	}
}
