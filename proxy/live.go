package proxy

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

// How often a connection that stays open asks whether its session still lives.
const guardEvery = time.Second

// open reports whether an answer may go on for as long as the session.
func open(res *http.Response) bool {
	if res.StatusCode == http.StatusSwitchingProtocols {
		return true
	}
	media, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return err == nil && media == "text/event-stream"
}

// guard cuts an open connection when its session ends. It ends with the
// request's context. A store that is away is no end.
func (g *Gateway) guard(ctx context.Context, cut context.CancelFunc, id sessionstore.ID) {
	tick := time.NewTicker(guardEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := g.Sessions.Get(ctx, id); errors.Is(err, sessionstore.ErrNotFound) {
				cut()
				return
			}
		}
	}
}
