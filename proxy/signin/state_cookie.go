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

func (j *Jar) readJourneys(r *http.Request, host string) []journey {
	var all []journey
	value, ok := open(r, j.loginRing, j.state, host)
	if !ok || json.Unmarshal(value, &all) != nil {
		return nil
	}
	return all
}

// beginJourney remembers url in the state cookie of this host and returns the
// state that finds it again. The oldest journeys go when the cookie is full; an
// address too long for a cookie by itself is remembered as "/".
func (j *Jar) beginJourney(w http.ResponseWriter, r *http.Request, host, url string, now time.Time) (string, error) {
	all := slices.DeleteFunc(j.readJourneys(r, host), func(o journey) bool { return o.expired(now) })
	mine := journey{Nonce: nonce(), URL: url, Began: now.Unix()}
	all = append(all, mine)
	if over := len(all) - maxPending; over > 0 {
		all = all[over:]
	}
	for {
		err := j.writeJourneys(w, host, all)
		switch {
		case err == nil:
			return stateOf(mine.Nonce), nil
		case len(all) > 1:
			all = all[1:]
		case all[0].URL != "/":
			all[0].URL = "/"
		default:
			return "", err
		}
	}
}

// findJourney returns where the journey of this state leads, and the other
// journeys, which are what to write once it has ended.
func (j *Jar) findJourney(r *http.Request, host, state string, now time.Time) (url string, rest []journey, ok bool) {
	all := j.readJourneys(r, host)
	i := slices.IndexFunc(all, func(o journey) bool { return stateOf(o.Nonce) == state })
	if i < 0 || all[i].expired(now) {
		return "", nil, false
	}
	url = all[i].URL
	return url, slices.Delete(all, i, i+1), true
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

func (j *Jar) writeJourneys(w http.ResponseWriter, host string, all []journey) error {
	if len(all) == 0 {
		j.expire(w, j.state, http.SameSiteLaxMode)
		return nil
	}
	value, err := compact(all)
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
