package logins

import (
	"strings"
	"time"
	"unicode"
)

// Results of an attempt.
const (
	Accepted = "accepted"
	Refused  = "refused"
	Failed   = "error" // we could not tell
)

// Attempt is one attempt to sign in, as it is kept and as the admin API tells it.
type Attempt struct {
	RequestID string    `json:"request_id"` // the support id on the page
	Time      time.Time `json:"time"`
	IDP       string    `json:"idp"` // configured name; empty: not known
	// ServiceProvider is the SP identity of ours that the answer came to, empty for the gateway's own.
	ServiceProvider string `json:"service_provider,omitempty"`
	Route           string `json:"route,omitempty"`  // where the person wanted to go, where known
	Client          string `json:"client,omitempty"` // address
	StartedBy       string `json:"started_by"`       // "gateway" or "idp"
	Trial           bool   `json:"trial"`            // a dry run
	Result          string `json:"result"`
	Reason          string `json:"reason,omitempty"`
	Detail          string `json:"detail,omitempty"`
	Session         string `json:"session,omitempty"` // hash of the id, as in the audit record
	Known           bool   `json:"known"`             // this browser had begun it
	Signed          bool   `json:"signed"`            // a signature of the identity provider held
	Encrypted       bool   `json:"encrypted"`
	SHA1            bool   `json:"sha1"`
	Bytes           int    `json:"bytes"`
	// ClockOff is how many seconds the identity provider's clock is ahead, where Signed.
	ClockOff   float64           `json:"clock_off_seconds"`
	Checks     []Check           `json:"checks"`
	Attributes []string          `json:"attributes"`        // names, never values
	Sources    map[string]string `json:"sources,omitempty"` // field → the attribute it was read from
}

// Check is the outcome of one check.
type Check struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Detail string `json:"detail,omitempty"`
}

// Trial is the verdict of a dry run. Unlike an [Attempt] it holds what was read
// of the person, for whoever asked for the trial, and for minutes only.
type Trial struct {
	Done    bool     `json:"done"` // false: nobody has come back yet
	Attempt *Attempt `json:"attempt,omitempty"`
	Person  *Person  `json:"person,omitempty"` // absent where nobody was proven
}

// Person is what the mapping made of an assertion.
type Person struct {
	Email      string              `json:"email,omitempty"`
	FirstName  string              `json:"first_name,omitempty"`
	LastName   string              `json:"last_name,omitempty"`
	Username   string              `json:"username,omitempty"`
	EmployeeID string              `json:"employee_id,omitempty"`
	Roles      []string            `json:"roles,omitempty"`
	Attributes map[string][]string `json:"attributes,omitempty"`
}

const (
	maxText   = 300 // bytes of one text that is kept
	maxChecks = 120
	maxNames  = 100
)

// Clean returns a with everything cut to a size that a list of a thousand can
// bear, and without characters that a terminal would obey.
func Clean(a Attempt) Attempt {
	for _, text := range []*string{
		&a.RequestID, &a.IDP, &a.ServiceProvider, &a.Route, &a.Client, &a.StartedBy, &a.Result, &a.Reason, &a.Detail, &a.Session,
	} {
		*text = Printable(*text)
	}
	checks := make([]Check, 0, len(a.Checks))
	for _, c := range a.Checks[:min(len(a.Checks), maxChecks)] {
		checks = append(checks, Check{Printable(c.Name), c.Passed, Printable(c.Detail)})
	}
	names := make([]string, 0, len(a.Attributes))
	for _, n := range a.Attributes[:min(len(a.Attributes), maxNames)] {
		names = append(names, Printable(n))
	}
	a.Checks, a.Attributes = checks, names
	return a
}

// Obeyed reports whether a terminal does something on r, or shows it where it
// does not stand.
func Obeyed(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}

// Printable returns s without control and format characters, cut to 300 bytes.
func Printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if Obeyed(r) {
			return '.'
		}
		return r
	}, strings.ToValidUTF8(s, "."))
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return s
}
