package signin

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

const maxPending = 8

// logins is what the login cookie holds: the logins this browser began, and
// the session it had then or has got since. The session cookie itself is not
// sent with the IdP's cross-site POST, and a new sign-in must end that session.
type logins struct {
	Session sessionstore.ID `json:"s,omitempty"`
	Pending []pending       `json:"p,omitempty"`
	Waiting []string        `json:"w,omitempty"` // hashes of codes that are good in this browser alone
}

const maxWaiting = 3 // codes of one browser

// await remembers the hash of a code; the oldest go when there are too many.
func (l *logins) await(hash string) {
	l.Waiting = append(l.Waiting, hash)
	if over := len(l.Waiting) - maxWaiting; over > 0 {
		l.Waiting = slices.Delete(l.Waiting, 0, over)
	}
}

// arrive forgets the hash of a code and reports whether it was remembered.
func (l *logins) arrive(hash string) bool {
	i := slices.Index(l.Waiting, hash)
	if i >= 0 {
		l.Waiting = slices.Delete(l.Waiting, i, i+1)
	}
	return i >= 0
}

// pending is one login, or logout, that waits for its answer.
type pending struct {
	Request string `json:"i"`           // ID of the AuthnRequest
	IDP     string `json:"d"`           // the one that must answer
	Host    string `json:"h"`           // where the person wanted to go
	Route   string `json:"r,omitempty"` // and the route there
	State   string `json:"n,omitempty"` // hash of the nonce in that host's state cookie
	Began   int64  `json:"t"`           // Unix seconds
	Person  string `json:"u,omitempty"` // mark of the only one who may come back; empty = anybody
	Trial   string `json:"x,omitempty"` // where the verdict of a dry run goes; it signs nobody in

	ServiceProvider string `json:"e,omitempty"` // the SP identity of ours that asked
	Logout          bool   `json:"l,omitempty"` // a LogoutRequest
	Target          string `json:"o,omitempty"` // where to go after the logout; empty = where the route says
}

func (p pending) expired(now time.Time) bool {
	return now.Sub(time.Unix(p.Began, 0)) > pendingLife
}

// rounds counts the logins at idp that began lately and have no answer yet.
func (l *logins) rounds(idp string, now time.Time) (n int) {
	for _, p := range l.Pending {
		if p.IDP == idp && !p.Logout && now.Sub(time.Unix(p.Began, 0)) <= roundTime {
			n++
		}
	}
	return n
}

// trial returns the dry run at idp that this browser began last.
func (l *logins) trial(idp string, now time.Time) (pending, bool) {
	for _, p := range slices.Backward(l.Pending) {
		if p.Trial != "" && p.IDP == idp && !p.expired(now) {
			return p, true
		}
	}
	return pending{}, false
}

// readLogins opens the login cookie. ok is false when there is none that opens.
func (j *Jar) readLogins(r *http.Request, host string) (l logins, ok bool) {
	value, ok := open(r, j.loginRing, j.login, host)
	if !ok || json.Unmarshal(value, &l) != nil {
		return logins{}, false
	}
	return l, true
}

// take removes and returns the login that request began.
func (l *logins) take(request string, now time.Time) (pending, bool) {
	return l.takeWhere(func(p pending) bool { return p.Request == request && !p.Logout }, now)
}

// takeLogout removes and returns the logout that request began.
func (l *logins) takeLogout(request string, now time.Time) (pending, bool) {
	return l.takeWhere(func(p pending) bool { return p.Request == request && p.Logout }, now)
}

func (l *logins) takeWhere(fits func(pending) bool, now time.Time) (pending, bool) {
	i := slices.IndexFunc(l.Pending, fits)
	if i < 0 {
		return pending{}, false
	}
	p := l.Pending[i]
	l.Pending = slices.Delete(l.Pending, i, i+1)
	return p, !p.expired(now)
}

// add remembers a login; the oldest go when there are too many.
func (l *logins) add(p pending, now time.Time) {
	l.Pending = slices.DeleteFunc(l.Pending, func(p pending) bool { return p.expired(now) })
	l.Pending = append(l.Pending, p)
	if over := len(l.Pending) - maxPending; over > 0 {
		l.Pending = slices.Delete(l.Pending, 0, over)
	}
}

// writeLogins seals the cookie, dropping the oldest logins until it fits.
func (j *Jar) writeLogins(w http.ResponseWriter, host string, l logins) error {
	for {
		value, err := json.Marshal(l)
		if err != nil {
			return err
		}
		sealed, err := j.seal(j.loginRing, j.login, host, value)
		if err == nil && len(j.login)+len(sealed) <= maxCookie {
			j.set(w, j.login, sealed, j.crossSite(), pendingLife)
			return nil
		}
		if len(l.Pending) <= 1 {
			return errTooLong(err)
		}
		l.Pending = l.Pending[1:]
	}
}

// crossSite lets the cookie come along with the IdP's POST. Browsers take
// SameSite=None only with Secure; on a loopback http origin the attribute stays
// away, and they send a young cookie with a top-level POST all the same.
func (j *Jar) crossSite() http.SameSite {
	if j.secure {
		return http.SameSiteNoneMode
	}
	return 0
}
