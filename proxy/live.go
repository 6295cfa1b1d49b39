package proxy

import (
	"errors"
	"net/http"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/live"
	"github.com/samlgate/samlgate/proxy/visit"
)

// begin registers an exchange, so that the end of its session cuts it.
func (g *Gateway) begin(w http.ResponseWriter, r *http.Request, v *visit.Visit, p passage) (*live.Conn, http.ResponseWriter) {
	return g.Live.Begin(r.Context(), w, live.Exchange{
		Session: p.session, Ask: g.Hot.Ask, Sessions: g.Sessions, Patience: g.Hot.Grace,
		Active: !p.public && !p.route.LiveIgnored && !v.Passive,
	})
}

// verify looks at the session of a connection that will last once more, now that
// its end would be heard. Others are looked at when they have lasted a second.
func (g *Gateway) verify(r *http.Request, conn *live.Conn, p passage) error {
	if !upgrade(r) {
		return nil
	}
	err := conn.Verify(r.Context())
	if g.Hot.Tolerates(err, p.session) {
		return nil
	}
	return err
}

// cutOff answers for an exchange whose session ended, or could not be looked at,
// before its answer began.
func (g *Gateway) cutOff(w http.ResponseWriter, r *http.Request, v *visit.Visit, err error) {
	if errors.Is(err, live.ErrEnded) {
		v.Reason = "session_ended"
		g.problem(w, r, v, pages.NotSignedIn)
		return
	}
	g.unavailable(w, r, v, err)
}
