package signin

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestVisitorsShareOneQuestionToTheStore(t *testing.T) {
	var p pulse
	var asked atomic.Int32
	now := time.Unix(1_800_000_000, 0)
	clock := func() time.Time { return now }
	away := errors.New("away")
	var answer error
	ping := func(ctx context.Context) error {
		asked.Add(1)
		return errors.Join(ctx.Err(), answer)
	}
	gone, leave := context.WithCancel(t.Context())
	leave() // whoever has left spoils nothing for the others
	var visitors sync.WaitGroup
	for range 100 {
		visitors.Go(func() {
			if err := p.feel(gone, clock, ping); err != nil {
				t.Error(err)
			}
		})
	}
	visitors.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("the store was asked %d times", n)
	}
	answer, now = away, now.Add(pulseLife)
	if err := p.feel(t.Context(), clock, ping); !errors.Is(err, away) || asked.Load() != 2 {
		t.Errorf("%v after %d questions", err, asked.Load())
	}
	answer, now = nil, now.Add(-time.Hour) // a clock that was set back
	if err := p.feel(t.Context(), clock, ping); err != nil {
		t.Error(err)
	}
}
