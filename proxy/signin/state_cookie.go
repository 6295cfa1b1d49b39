package signin

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// errTooLong names a cookie that cannot be made to fit.
func errTooLong(err error) error {
	if err != nil {
		return fmt.Errorf("sealing a cookie: %w", err)
	}
	return errors.New("sealing a cookie: too long for a browser")
}

// journey is one place that somebody of this browser is on the way to.
type journey struct {
	Nonce string `json:"n"`
	URL   string `json:"u"` // path and query on this host, checked before it was sealed
	Began int64  `json:"t"` // Unix seconds
	Round int    `json:"r"` // which way round this is, see [travels.round]
	Since int64  `json:"s"` // when the first of them began
}

// travels is what the state cookie holds: the journeys of this browser that
// have not ended, and where the others ended lately.
type travels struct {
	Open    []journey `json:"j,omitempty"`
	Arrived []arrival `json:"a,omitempty"`
}

func (j journey) expired(now time.Time) bool {
	return now.Sub(time.Unix(j.Began, 0)) > pendingLife
}

// nonce returns 256 random bits.
func nonce() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b)
}

// stateOf is what the gateway origin learns of a nonce.
func stateOf(nonce string) string {
	sum := sha256.Sum256([]byte(nonce))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// validState reports whether s could be a hash that stateOf made.
func validState(s string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == sha256.Size
}

func (j *Jar) readTravels(r *http.Request, host string) (t travels) {
	value, ok := open(r, j.loginRing, j.state, host)
	if !ok || json.Unmarshal(value, &t) != nil {
		return travels{}
	}
	return t
}

// beginJourney remembers url in the state cookie of this host and returns the
// state that finds it again. The oldest journeys go when the cookie is full; an
// address too long for a cookie by itself is remembered as "/". nobody says that
// nobody is signed in on this host: only then it may be another round.
func (j *Jar) beginJourney(w http.ResponseWriter, r *http.Request, host, url string, nobody bool, now time.Time) (string, error) {
	t := j.readTravels(r, host)
	t.Open = slices.DeleteFunc(t.Open, func(o journey) bool { return o.expired(now) })
	t.forget(now)
	mine := journey{Nonce: nonce(), URL: url, Began: now.Unix(), Round: 1, Since: now.Unix()}
	if nobody {
		mine.Round, mine.Since = t.round(url, now)
	}
	t.Open = append(t.Open, mine)
	if over := len(t.Open) - maxPending; over > 0 {
		t.Open = t.Open[over:]
	}
	for {
		err := j.writeTravels(w, host, t)
		switch {
		case err == nil:
			return stateOf(mine.Nonce), nil
		case len(t.Open) > 1:
			t.Open = t.Open[1:]
		case len(t.Arrived) > 0: // what they counted is in the journey
			t.Arrived = t.Arrived[1:]
		case t.Open[0].URL != "/":
			t.Open[0].URL = "/"
		default:
			return "", err
		}
	}
}

// findJourney returns the journey of this state, and the travels without it,
// which are what to write once it has ended.
func (j *Jar) findJourney(r *http.Request, host, state string, now time.Time) (found journey, rest travels, ok bool) {
	t := j.readTravels(r, host)
	i := slices.IndexFunc(t.Open, func(o journey) bool { return stateOf(o.Nonce) == state })
	if i < 0 || t.Open[i].expired(now) {
		return journey{}, travels{}, false
	}
	found = t.Open[i]
	t.Open = slices.Delete(t.Open, i, i+1)
	return found, t, true
}

// compact writes JSON in which "&" stays one byte: [json.Marshal] makes six of
// it, for pages, and addresses have many.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func (j *Jar) writeTravels(w http.ResponseWriter, host string, t travels) error {
	if len(t.Open) == 0 && len(t.Arrived) == 0 {
		j.expire(w, j.state, http.SameSiteLaxMode)
		return nil
	}
	value, err := compact(t)
	if err != nil {
		return err
	}
	sealed, err := j.seal(j.loginRing, j.state, host, value)
	if err != nil || len(j.state)+len(sealed) > maxCookie {
		return errTooLong(err)
	}
	j.set(w, j.state, sealed, http.SameSiteLaxMode, pendingLife)
	return nil
}
