package signin

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

// arrival is the end of a journey, remembered so that a browser which comes back
// from there without a session is noticed. Tabs that are all opened at once
// begin their journeys before any has arrived: they are no rounds.
type arrival struct {
	At      string `json:"u"`           // what [mark] makes of the address
	Round   int    `json:"n"`           // which way round it was
	Since   int64  `json:"s"`           // when the first of them began
	Time    int64  `json:"t"`           // when it ended
	Left    int64  `json:"l,omitempty"` // seconds the session had left then; 0: not known
	Refused bool   `json:"x,omitempty"` // it brought no session
	Out     bool   `json:"o,omitempty"` // the person signed out since, or the app did for them
}

const (
	maxArrivals = 6
	maxRounds   = 5           // ways round that begin
	roundTime   = time.Minute // within this time
)

// of notes what is known of the session that the journey brought.
func (a *arrival) of(s *sessionstore.Session, now time.Time) {
	if s != nil {
		a.Refused, a.Left = false, int64(s.Expires.Sub(now)/time.Second)+1
	}
}

// mark is a short name of an address.
func mark(url string) string {
	sum := sha256.Sum256([]byte(url))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

func (t *travels) last(url string, now time.Time) (arrival, bool) {
	i := slices.IndexFunc(t.Arrived, func(a arrival) bool { return a.At == mark(url) })
	if i < 0 || now.Sub(time.Unix(t.Arrived[i].Since, 0)) > roundTime {
		return arrival{}, false
	}
	return t.Arrived[i], true
}

// round is which way round a journey to url would be that begins now, and when
// the first one began: somebody who arrived there is on the way there again.
func (t *travels) round(url string, now time.Time) (n int, since int64) {
	if a, ok := t.last(url, now); ok {
		return a.Round + 1, a.Since
	}
	return 1, now.Unix()
}

// arrive remembers that way has ended.
func (t *travels) arrive(way journey, end arrival, now time.Time) {
	end.At, end.Round, end.Since, end.Time = mark(way.URL), way.Round, way.Since, now.Unix()
	if a, ok := t.last(way.URL, now); ok && a.Round > end.Round {
		end.Round, end.Since = a.Round, a.Since
	}
	t.Arrived = slices.DeleteFunc(t.Arrived, func(a arrival) bool { return a.At == end.At })
	t.Arrived = append(t.Arrived, end)
	if over := len(t.Arrived) - maxArrivals; over > 0 {
		t.Arrived = t.Arrived[over:]
	}
}

// signedOut notes a sign-out on this host: whoever has no session cookie after
// it has lost none.
func (j *Jar) signedOut(w http.ResponseWriter, r *http.Request, host string) {
	t := j.readTravels(r, host)
	if len(t.Arrived) == 0 {
		return
	}
	for i := range t.Arrived {
		t.Arrived[i].Out = true
	}
	_ = j.writeTravels(w, host, t) // it has fitted before; without it the loop breaker tells less
}

// forget drops what is too long ago to count.
func (t *travels) forget(now time.Time) {
	t.Arrived = slices.DeleteFunc(t.Arrived, func(a arrival) bool { return now.Sub(time.Unix(a.Since, 0)) > roundTime })
}
