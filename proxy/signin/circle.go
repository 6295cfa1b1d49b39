package signin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
)

// What was measured when somebody went round. Each has words in the catalogues
// (values.cause and values.remedy) and a row in docs/troubleshooting.md.
const (
	causeMissing     = "cookie_missing"    // the session cookie never came back
	causeTwice       = "cookie_twice"      // two of them did, so none counts
	causeUnreadable  = "cookie_unreadable" // it came back, and opens with none of our keys for this host
	causeEnded       = "session_ended"     // it came back, and its session was over
	causeSignedOut   = "signed_out"        // it is gone, since somebody or the app signed out here
	causeShort       = "session_short"     // the session was over within a minute of its start
	causeHost        = "wrong_host"        // asked at another address than external_url's scheme and port
	causeHTTP        = "plain_http"        // asked over http where external_url is https
	causeCode        = "code_refused"      // the hand-over code was not there any more
	causeLoginCookie = "login_cookie"      // the cookie of the login did not come back
	causeUnanswered  = "unanswered"        // the identity provider answers no request, it always starts anew
)

// circle is a login that was stopped, as the log tells it.
type circle struct {
	rounds int
	since  time.Duration // ago: when the first round began
	last   time.Duration // ago: when the last one ended
	cause  string
	seen   []string // everything that was measured
}

// Error says what was measured. Nothing in it comes from the request.
func (c *circle) Error() string {
	if c.rounds == 0 {
		return "a login went nowhere: " + c.cause
	}
	return fmt.Sprintf("%d rounds in %s, the last one ended %s ago: %s", c.rounds, c.since, c.last, strings.Join(append([]string{c.cause}, c.seen...), ", "))
}

// setOut begins a journey to target on the visited host. nobody says that nobody
// is signed in there. False means that the request was answered.
func (h *Handler) setOut(w http.ResponseWriter, r *http.Request, v *visit.Visit, target string, nobody bool) (state string, ok bool) {
	target = h.landing(v.Host, target)
	if nobody && h.goesRound(w, r, v, target) {
		return "", false
	}
	state, err := h.Jar.beginJourney(w, r, v.Host, target, nobody, h.Now())
	if err != nil {
		h.failed(w, r, v, err)
		return "", false
	}
	return state, true
}

// goesRound stops somebody without a session who has been sent to target and back
// more than [maxRounds] times within [roundTime]. It reports whether it answered.
func (h *Handler) goesRound(w http.ResponseWriter, r *http.Request, v *visit.Visit, target string) bool {
	now := h.Now()
	t := h.Jar.readTravels(r, v.Host)
	n, since := t.round(target, now)
	if n <= maxRounds {
		return false
	}
	a, _ := t.last(target, now)
	c := &circle{rounds: n - 1, since: now.Sub(time.Unix(since, 0)).Truncate(time.Second), last: now.Sub(time.Unix(a.Time, 0)).Truncate(time.Second)}
	c.cause, c.seen = h.measure(r, v, a)
	h.looped(w, r, v, c)
	return true
}

// measure finds out why a browser that was given a session comes without one.
// The first finding is the cause that people are told.
func (h *Handler) measure(r *http.Request, v *visit.Visit, a arrival) (cause string, seen []string) {
	cookie := h.Jar.sessionSign(r, v.Host)
	var all []string
	add := func(finding string, found bool) {
		if found {
			all = append(all, finding)
		}
	}
	add(causeCode, a.Refused)
	add(causeSignedOut, a.Out)
	add(causeShort, cookie == causeEnded && a.Left > 0 && time.Duration(a.Left)*time.Second <= roundTime)
	add(cookie, cookie != causeMissing)
	add(causeHTTP, h.External.Scheme == "https" && v.Proto == "http")
	add(causeHost, h.elsewhere(v))
	add(cookie, cookie == causeMissing)
	return all[0], all[1:]
}

// sessionSign tells what became of the session cookie.
func (j *Jar) sessionSign(r *http.Request, host string) string {
	switch found := r.CookiesNamed(j.session); {
	case len(found) == 0:
		return causeMissing
	case len(found) > 1:
		return causeTwice
	default:
		var value []byte
		if securecookie.DecodeMulti(j.session+"|"+host, found[0].Value, &value, j.sessionRing...) != nil {
			return causeUnreadable
		}
		return causeEnded
	}
}

// elsewhere reports whether the client wrote another port than external_url's:
// what it was given there may never reach us again.
func (h *Handler) elsewhere(v *visit.Visit) bool {
	return portOf(v.Authority) != portOf(h.External.Host)
}

// portOf is the port of an authority, empty for the usual ones.
func portOf(authority string) string {
	u := url.URL{Host: authority}
	if port := u.Port(); port != "443" && port != "80" {
		return port
	}
	return ""
}

// cookieless stops a login whose login cookie was set one step ago and has not
// come along: no count could be kept in it either.
func (h *Handler) cookieless(w http.ResponseWriter, r *http.Request, v *visit.Visit) bool {
	if _, ok := h.Jar.readLogins(r, h.Host); ok {
		return false
	}
	h.looped(w, r, v, &circle{cause: causeLoginCookie})
	return true
}

// looped says what was measured, to the person in a sentence and to the operator
// in the log.
func (h *Handler) looped(w http.ResponseWriter, r *http.Request, v *visit.Visit, c *circle) {
	v.Reason, v.Err = "login_loop_"+c.cause, c
	v.Login.Detail = c.Error()
	h.outcome(v, "refused", v.Reason)
	h.Audit.Record(audit.Event{Type: audit.LoginRefused, IDP: v.IDP, Route: v.Route, Addr: v.Client(), RequestID: v.ID, Reason: v.Reason})
	h.show(w, r, v, pages.Problem{
		Code: pages.LoginLoop, Actions: h.wayOut(v),
		Args: h.named(map[string]string{"cause": c.cause, "remedy": c.cause}, v.IDP),
	})
}
