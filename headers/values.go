package headers

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Values are the facts about one person in one session that an app may be told.
type Values struct {
	Subject    string // the stable key of the person
	Email      string
	FirstName  string
	LastName   string
	Username   string
	EmployeeID string
	IDP        string              // name of the identity provider
	SessionID  string              // a hash, never the session id itself
	Roles      []string            // in order
	Attributes map[string][]string // what [Names.Extra] refers to
	AuthTime   time.Time           // when the person proved who they are
}

// MaxValue is the most bytes that the value of one identity header may have.
const MaxValue = 4096

// ErrTooLarge is returned for a value that would exceed a size limit. It is
// never cut: half a list of roles is another list of roles.
var ErrTooLarge = errors.New("value is too large for a header")

// Report tells what [Apply] could not send. A zero Report means that the app
// sees everything.
type Report struct {
	Absent  []string // headers left out: their encoding cannot carry the value
	Dropped int      // roles left out of the joined header
}

// Total returns how many values the app does not see.
func (r Report) Total() int { return len(r.Absent) + r.Dropped }

// Apply sets the headers that n names to the values in v, and fixed ones to
// theirs. An attribute that is absent gives no header, never an empty one. Of
// several values of an extra attribute the first counts. [Managed.Strip] must
// have run on h before. The token of n.JWT is the caller's to set.
//
// The only error wraps [ErrTooLarge] and names the header, not its value; then
// the request must not be forwarded.
func Apply(h http.Header, n Names, v Values) (Report, error) {
	w := writer{h: h, n: n, room: make([]string, 0, 6+len(n.Extra)+len(n.Set))}
	w.set(n.Email, v.Email)
	w.set(n.FirstName, v.FirstName)
	w.set(n.LastName, v.LastName)
	w.exact(n.Username, v.Username)
	w.exact(n.EmployeeID, v.EmployeeID)
	if n.Roles != "" {
		var roles string
		roles, w.report.Dropped = join(v.Roles, n.separator(), n.encoding(n.Roles))
		w.raw(n.Roles, roles)
	}
	for name, key := range n.Extra {
		w.exact(name, first(v.Attributes[key]))
	}
	for name, value := range n.Set {
		w.raw(name, strings.Trim(value, " "))
	}
	slices.Sort(w.report.Absent)
	return w.report, w.err
}

// writer sets header fields. Their one-element slices share room.
type writer struct {
	h      http.Header
	n      Names
	room   []string
	report Report
	err    error
}

// set encodes a value.
func (w *writer) set(name, value string) {
	if name == "" {
		return
	}
	if value, ok := w.n.encoding(name).encode(value); ok {
		w.raw(name, value)
	} else {
		w.absent(name)
	}
}

// exact sets a value by which an app may know somebody: with outer blanks it is
// absent, since what an app reads would be the name of somebody else.
func (w *writer) exact(name, value string) {
	if name != "" && blankEnds(value) && !w.n.encoding(name).escapes() {
		w.absent(name)
		return
	}
	w.set(name, value)
}

// raw sets a value as it travels.
func (w *writer) raw(name, value string) {
	key := http.CanonicalHeaderKey(name)
	delete(w.h, key)
	switch {
	case len(value) > MaxValue:
		if w.err == nil {
			w.err = fmt.Errorf("header %s: %w", name, ErrTooLarge)
		}
	case value != "":
		w.room = append(w.room, value)
		w.h[key] = w.room[len(w.room)-1 : len(w.room) : len(w.room)]
	}
}

func (w *writer) absent(name string) {
	delete(w.h, http.CanonicalHeaderKey(name))
	w.report.Absent = append(w.report.Absent, name)
}

// representable returns value without outer blanks, which no HTTP field can
// carry (RFC 9110 §5.5), and whether the rest can be sent as UTF-8.
func representable(value string) (string, bool) {
	for i := range len(value) {
		if value[i] < ' ' || value[i] == 0x7f {
			return "", false
		}
	}
	if !utf8.ValidString(value) {
		return "", false
	}
	return strings.Trim(value, " "), true
}

// blankEnds reports whether value begins or ends with what an app may trim: no
// field carries an outer blank, and most languages' trim knows those of Unicode,
// JavaScript's U+FEFF, too.
func blankEnds(value string) bool {
	blank := func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }
	first, _ := utf8.DecodeRuneInString(value)
	last, _ := utf8.DecodeLastRuneInString(value)
	return blank(first) || blank(last)
}

// join returns the values that can stand in a list with this separator, each
// encoded, and how many cannot: a value that holds the separator, before it is
// encoded or after, would be read as two roles.
func join(values []string, separator string, e Encoding) (list string, dropped int) {
	unfit := func(v string) bool {
		if _, ok := representable(v); !ok || v == "" || blankEnds(v) || splits(v, separator) {
			return true
		}
		encoded, ok := e.encode(v)
		return !ok || splits(encoded, separator)
	}
	if slices.ContainsFunc(values, unfit) {
		all := len(values)
		values = slices.DeleteFunc(slices.Clone(values), unfit)
		dropped = all - len(values)
	}
	if e.escapes() {
		values = slices.Clone(values)
		for i, v := range values {
			values[i], _ = e.encode(v)
		}
	}
	return strings.Join(values, separator), dropped
}

// splits reports whether a reader would find the separator inside v, or across
// its end: "a;" and ";;" is such a pair. Readers trim, so "a,b" is two roles
// even where the separator is ", ".
func splits(v, separator string) bool {
	if core := strings.Trim(separator, " "); core != "" {
		separator = core
	}
	if len(separator) == 1 {
		return strings.Contains(v, separator)
	}
	return strings.Index(v+separator, separator) != len(v)
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func (v Values) equal(w Values) bool {
	return v.Subject == w.Subject && v.Email == w.Email && v.FirstName == w.FirstName && v.LastName == w.LastName &&
		v.Username == w.Username && v.EmployeeID == w.EmployeeID && v.IDP == w.IDP && v.SessionID == w.SessionID &&
		v.AuthTime.Equal(w.AuthTime) && slices.Equal(v.Roles, w.Roles) &&
		maps.EqualFunc(v.Attributes, w.Attributes, slices.Equal[[]string])
}

// clone shares no slice or map with v.
func (v Values) clone() Values {
	v.Roles = slices.Clone(v.Roles)
	v.Attributes = maps.Clone(v.Attributes)
	for key, values := range v.Attributes {
		v.Attributes[key] = slices.Clone(values)
	}
	return v
}
