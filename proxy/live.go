package proxy

import (
	"context"
	"errors"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

const (
	guardEvery = time.Second      // how often a long exchange asks whether its session still lives
	guardLost  = 10 * time.Second // how long it goes on while the store cannot tell
)

// Why an exchange was cut.
var (
	errEnded = errors.New("the session ended meanwhile")
	errLost  = errors.New("the session store cannot tell whether the session still lives")
)

// guard cuts a long exchange (a WebSocket, an event stream, a transfer) when
// its session ends. The goroutine begins after a second, since most exchanges
// are over by then, and ends with ctx; stop keeps it from beginning.
func (g *Gateway) guard(ctx context.Context, cut context.CancelCauseFunc, id sessionstore.ID) (stop func() bool) {
	return time.AfterFunc(guardEvery, func() {
		tick := time.NewTicker(guardEvery)
		defer tick.Stop()
		for known := time.Now(); ; {
			switch _, err := g.Sessions.Get(ctx, id); {
			case errors.Is(err, sessionstore.ErrNotFound):
				cut(errEnded)
			case err == nil:
				known = time.Now()
			case time.Since(known) > guardLost:
				cut(errLost)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}).Stop
}
