package signin

import (
	"net/http"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

// A session cookie's value is one mark and the session id.
const (
	markSeen  = '.' // the app on this host has seen the session
	markFirst = '!' // it has not: cookies that the person before left are still to go
)

// Session returns the session id in the cookie of this host. first is true
// until [Jar.Seen] was called.
func (j *Jar) Session(r *http.Request, host string) (id sessionstore.ID, first, ok bool) {
	cookie, ok := one(r, j.session)
	if !ok {
		return "", false, false
	}
	return j.openSession(cookie, host)
}

// openSession is [Jar.Session] of a cookie as it came.
func (j *Jar) openSession(cookie, host string) (id sessionstore.ID, first, ok bool) {
	value, ok := decode(cookie, j.sessionRing, j.session, host)
	if !ok || len(value) < 2 || (value[0] != markSeen && value[0] != markFirst) {
		return "", false, false
	}
	id, err := sessionstore.ParseID(string(value[1:]))
	return id, value[0] == markFirst, err == nil
}

// SetSession gives the browser the session on this host until its absolute end.
func (j *Jar) SetSession(w http.ResponseWriter, host string, s *sessionstore.Session, now time.Time) error {
	return j.setSession(w, host, markFirst, s, now)
}

// Seen replaces the cookie of [Jar.SetSession] once the app's old cookies were
// expired.
func (j *Jar) Seen(w http.ResponseWriter, host string, s *sessionstore.Session, now time.Time) error {
	return j.setSession(w, host, markSeen, s, now)
}

func (j *Jar) setSession(w http.ResponseWriter, host string, mark byte, s *sessionstore.Session, now time.Time) error {
	sealed, err := j.seal(j.sessionRing, j.session, host, append([]byte{mark}, s.ID...))
	if err != nil {
		return err
	}
	j.set(w, j.session, sealed, http.SameSiteLaxMode, s.Expires.Sub(now))
	return nil
}

// ClearSession takes the cookie away.
func (j *Jar) ClearSession(w http.ResponseWriter) { j.expire(w, j.session, http.SameSiteLaxMode) }
