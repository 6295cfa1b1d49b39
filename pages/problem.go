package pages

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Problem is why a request is answered by an error page.
type Problem struct {
	Status     int               // 400 to 599; otherwise the usual one of Code
	Code       Code              // an unknown one gets the words of its status
	RequestID  string            // the "support id" by which operators find the log line
	Args       map[string]string // see the Codes; text, never markup
	Actions    []Action          // what the person may do; nil = what usually helps
	RetryAfter time.Duration     // Retry-After header and a sentence; 0 = none
	LoginURL   string            // login_url of the 401 JSON
	Reason     string            // of the JSON: why the session ended; an enum value, empty = not known
	Allow      []string          // the Allow header of a 405 (RFC 9110 §15.5.6)
}

// Error answers a request with the page of e, or with its JSON twin where the
// caller is a program. The 401 page offers LoginURL when there are no Actions.
func (p *Pages) Error(w http.ResponseWriter, r *http.Request, e Problem) {
	code, k, status := settle(e.Code, e.Status)
	e.Code, e.Status = code, status
	errorHeaders(w.Header(), e)
	c := p.pick(r)
	if !readsPage(r) {
		p.writeTwin(w, r, c, e)
		return
	}
	words := c.Problems[code]
	page := p.page(c, words.Title, k.glyph)
	page.What, page.Next = c.fill(words.What, e.Args), c.fill(words.Next, e.Args)
	if words.Detail != "" && hasAll(words.Detail, e.Args) {
		page.Detail = c.fill(words.Detail, e.Args)
	}
	page.Status, page.RequestID, page.Time = status, clean(e.RequestID), p.moment(c, p.now())
	if e.RetryAfter > 0 {
		page.Retry = c.fill(c.Words.RetryAfter, map[string]string{"when": c.relative(seconds(e.RetryAfter))})
	}
	page.offer(c, p.usual(e, k, r))
	page.Support = p.help(page.RequestID)
	p.write(w, r, c, status, "error", page)
}

// usual returns the actions of e, or else the one that its code implies.
func (p *Pages) usual(e Problem, k kind, r *http.Request) []Action {
	login := p.prefix + "/login"
	switch {
	case e.Actions != nil:
		return e.Actions
	case e.Code == NotSignedIn && e.LoginURL != "":
		return []Action{{Kind: SignIn, URL: e.LoginURL}}
	case k.next == Retry && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		return []Action{{Kind: Retry, URL: r.URL.RequestURI()}}
	case k.next == SignIn || k.next == StartAgain:
		return []Action{{Kind: k.next, URL: login}}
	}
	return nil
}

// errorHeaders sets what a status asks for beside the page.
func errorHeaders(h http.Header, e Problem) {
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(seconds(e.RetryAfter)/time.Second))) // RFC 9110 §10.2.3
	}
	if e.Status == http.StatusMethodNotAllowed {
		h.Set("Allow", strings.Join(e.Allow, ", ")) // RFC 9110 §10.2.1; an empty list is allowed
	}
	if e.Status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", "Samlgate") // RFC 9110 §11.6.1: a 401 names a scheme; browsers ask nobody for this one
	}
}

// seconds rounds up to whole seconds: nobody is asked back too early.
func seconds(d time.Duration) time.Duration { return (d + time.Second - 1).Truncate(time.Second) }
