package admin

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/samlgate/samlgate/admin/logins"
)

// Sessions knows and ends the sessions of the gateway. Errors are those below, or
// mean that the store is away.
type Sessions interface {
	// List returns a part of the sessions: [ErrCursor], [ErrUnknownRoute], [ErrUser].
	List(context.Context, SessionQuery) (SessionList, error)
	// Show returns one session, by its id here or its hash in the audit record:
	// [ErrNoSession].
	Show(ctx context.Context, id string) (Session, error)
	// End ends one session: [ErrNoSession].
	End(ctx context.Context, id string, by Operation) error
	// EndMany ends some of the sessions, or all: [ErrCursor], [ErrUser].
	EndMany(context.Context, EndQuery, Operation) (SessionsEnded, error)
}

// What was asked for and is not there, or cannot be.
var (
	ErrNoSession    = errors.New("no such session")
	ErrUnknownRoute = errors.New("no route has this name")
	ErrUser         = errors.New("not somebody's e-mail address")
	ErrCursor       = errors.New("not a cursor of this list")
)

// Session is one browser that is signed in, as operators see it. Its id is none
// of the gateway's secrets: nobody can come in with it.
type Session struct {
	ID              string    `json:"id"`
	User            string    `json:"user"` // e-mail address, or IdP name, "|", NameID
	IDP             string    `json:"idp"`
	ServiceProvider string    `json:"service_provider,omitempty"`
	Address         string    `json:"address"` // at sign-in
	Browser         string    `json:"browser"` // at sign-in
	Roles           []string  `json:"roles"`
	Created         time.Time `json:"created"`
	LastUsed        time.Time `json:"last_used"` // up to half a minute behind
	Expires         time.Time `json:"expires"`   // the latest end
	IdleTimeout     string    `json:"idle_timeout"`
}

// SessionQuery says which sessions to list.
type SessionQuery struct {
	User, IDP, Route string // empty: any
	Limit            int    // 1 to MaxPage
	Cursor           string // of the page before; empty: the first
}

// SessionList is one page. Without Cursor it is the last; with one, there may be
// more, even if this page is short or empty.
type SessionList struct {
	Sessions []Session `json:"sessions"`
	Cursor   string    `json:"cursor,omitempty"`
}

// EndQuery says which sessions to end. One of User, IDP and All is set.
type EndQuery struct {
	User, IDP string
	All       bool
	Cursor    string // with IDP alone: where the call before came to
}

// SessionsEnded tells what was ended. With Cursor the call is to be repeated with
// it: there was more than one call ends.
type SessionsEnded struct {
	Ended  *int   `json:"ended,omitempty"` // nil: not counted
	Cursor string `json:"cursor,omitempty"`
}

// Operation says who acts and why, for the audit record.
type Operation struct {
	Token  string // the first characters of the SHA-256 of the token, never the token
	Addr   string
	Reason string // in the operator's words, at most maxReason bytes; may be empty
}

const (
	maxReason = 200
	// MaxPage is how many entries one page may have.
	MaxPage     = 1000
	defaultPage = 100
)

func (cfg Config) listSessions(w http.ResponseWriter, r *http.Request) {
	q := SessionQuery{Limit: defaultPage}
	if !parameters(r, map[string]*string{"user": &q.User, "idp": &q.IDP, "route": &q.Route, "cursor": &q.Cursor}, &q.Limit) {
		refuse(w, http.StatusBadRequest, "bad_request", "the parameters are user, idp, route, cursor and limit=1…1000, each once")
		return
	}
	list, err := cfg.API.Sessions.List(r.Context(), q)
	if unanswered(w, err) {
		return
	}
	if list.Sessions == nil {
		list.Sessions = []Session{}
	}
	reply(w, http.StatusOK, list)
}

func (cfg Config) showSession(w http.ResponseWriter, r *http.Request) {
	s, err := cfg.API.Sessions.Show(r.Context(), r.PathValue("id"))
	if unanswered(w, err) {
		return
	}
	reply(w, http.StatusOK, s)
}

func (cfg Config) endSession(w http.ResponseWriter, r *http.Request) {
	by := cfg.operation(r)
	if !parameters(r, map[string]*string{"reason": &by.Reason}, nil) || !plainReason(by.Reason) {
		refuse(w, http.StatusBadRequest, "bad_request", "the only parameter is reason: up to 200 bytes of text in one line")
		return
	}
	if unanswered(w, cfg.API.Sessions.End(r.Context(), r.PathValue("id"), by)) {
		return
	}
	one := 1
	reply(w, http.StatusOK, SessionsEnded{Ended: &one})
}

// endSessions ends many sessions, but never because a parameter was forgotten or
// left empty: everything is ended by all=true alone.
func (cfg Config) endSessions(w http.ResponseWriter, r *http.Request) {
	var q EndQuery
	var all string
	by := cfg.operation(r)
	ok := parameters(r, map[string]*string{"user": &q.User, "idp": &q.IDP, "all": &all, "cursor": &q.Cursor, "reason": &by.Reason}, nil)
	q.All = all == "true"
	named := 0
	for _, given := range []bool{q.User != "", q.IDP != "", q.All} {
		if given {
			named++
		}
	}
	if !ok || named != 1 || all != "" && !q.All || q.Cursor != "" && q.IDP == "" || !plainReason(by.Reason) {
		refuse(w, http.StatusBadRequest, "bad_request", "name one of user, idp and all=true; reason is up to 200 bytes of text in one line")
		return
	}
	ended, err := cfg.API.Sessions.EndMany(r.Context(), q, by)
	if unanswered(w, err) {
		return
	}
	reply(w, http.StatusOK, ended)
}

// parameters reads the query into what is given, and reports whether each is
// known, once and not empty. limit is read where it is not nil.
func parameters(r *http.Request, into map[string]*string, limit *int) bool {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return false
	}
	for name, values := range query {
		if len(values) != 1 || values[0] == "" || !utf8.ValidString(values[0]) {
			return false
		}
		if to, ok := into[name]; ok {
			*to = values[0]
			continue
		}
		n, err := strconv.Atoi(values[0])
		if name != "limit" || limit == nil || err != nil || n < 1 || n > MaxPage {
			return false
		}
		*limit = n
	}
	return true
}

func plainReason(s string) bool {
	return len(s) <= maxReason && utf8.ValidString(s) && !strings.ContainsFunc(s, logins.Obeyed)
}

// operation is who sends a request.
func (cfg Config) operation(r *http.Request) Operation {
	addr, _, _ := net.SplitHostPort(r.RemoteAddr)
	return Operation{Token: mark(r), Addr: addr}
}

// unanswered answers an error, and reports whether there was one.
func unanswered(w http.ResponseWriter, err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, ErrNoSession):
		refuse(w, http.StatusNotFound, "not_found", "no session has this id; it may have ended")
	case errors.Is(err, ErrUnknownRoute):
		refuse(w, http.StatusNotFound, "unknown_route", "no route of the configuration has this name")
	case errors.Is(err, ErrUser):
		refuse(w, http.StatusBadRequest, "bad_user", "a user is an e-mail address, or the name of an identity provider, a bar and the NameID")
	case errors.Is(err, ErrCursor):
		refuse(w, http.StatusBadRequest, "bad_cursor", "the cursor is not one that this list gave")
	case errors.Is(err, ErrLimits):
		refuse(w, http.StatusBadRequest, "bad_limits", "idle_timeout is 1s or more, such as 10m; max_concurrent is 0 (no limit) to 1000000")
	default:
		refuse(w, http.StatusServiceUnavailable, "store_down", "the session store does not answer")
	}
	return true
}
