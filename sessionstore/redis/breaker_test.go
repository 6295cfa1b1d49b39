package redis

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

func TestBreaker(t *testing.T) {
	now := time.Unix(0, 0)
	b := &breaker{now: func() time.Time { return now }}
	lets := func(want bool) {
		t.Helper()
		if err := b.Allow(); (err == nil) != want {
			t.Errorf("Allow: %v", err)
		}
	}
	report := func(n int, err error) {
		for range n {
			b.ReportResult(err)
		}
	}
	report(breakAfter-1, io.EOF)
	report(1, nil) // an answer between starts the count anew
	report(breakAfter-1, io.EOF)
	report(1, errors.Join(goredis.Nil)) // so does an error of the server
	report(breakAfter-1, io.EOF)
	report(100, context.Canceled) // and who hangs up says nothing
	lets(true)
	report(1, io.EOF)
	lets(false)
	now = now.Add(breakFor)
	for range breakTries { // a few may try
		lets(true)
	}
	lets(false)
	report(1, io.EOF)
	lets(false)
	now = now.Add(breakFor)
	lets(true)
	report(1, nil)
	lets(true)
}
