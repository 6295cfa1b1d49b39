package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// Users knows people and the limits that were chosen for them.
type Users interface {
	// List returns a part of those who are signed in: [ErrCursor].
	List(ctx context.Context, cursor string, limit int) (UserList, error)
	// Show returns one person, who need not be known here: [ErrUser].
	Show(ctx context.Context, user string) (User, error)
	// Set changes the limits of one person and returns what holds then:
	// [ErrUser], [ErrLimits]. What lives against them ends.
	Set(ctx context.Context, user string, change UserChange, by Operation) (User, error)
}

// ErrLimits says that a value is none that can be chosen.
var ErrLimits = errors.New("no such limit can be chosen")

// User is one person, as operators see them.
type User struct {
	ID       string     `json:"id"` // e-mail address, or IdP name, "|", NameID
	Sessions int        `json:"sessions"`
	LastUsed *time.Time `json:"last_used,omitempty"` // nil: not signed in
	IDPs     []string   `json:"idps"`                // of the sessions
	Operator UserLimits `json:"operator"`            // set by an operator
	Own      UserLimits `json:"own"`                 // chosen by the person
}

// UserLimits are limits that were chosen for one person; nil ones were not.
type UserLimits struct {
	IdleTimeout   *string `json:"idle_timeout,omitempty"`
	MaxConcurrent *int    `json:"max_concurrent,omitempty"`
}

// UserList is one page. Without Cursor it is the last.
type UserList struct {
	Users  []User `json:"users"`
	Cursor string `json:"cursor,omitempty"`
}

// UserChange says what to set and what to take back; what is neither stays.
type UserChange struct {
	Idle                 *time.Duration
	MaxConcurrent        *int // 0 = no limit
	UnsetIdle, UnsetMany bool
}

func (cfg Config) listUsers(w http.ResponseWriter, r *http.Request) {
	limit, cursor := defaultPage, ""
	if !parameters(r, map[string]*string{"cursor": &cursor}, &limit) {
		refuse(w, http.StatusBadRequest, "bad_request", "the parameters are cursor and limit=1…1000, each once")
		return
	}
	list, err := cfg.API.Users.List(r.Context(), cursor, limit)
	if unanswered(w, err) {
		return
	}
	if list.Users == nil {
		list.Users = []User{}
	}
	reply(w, http.StatusOK, list)
}

func (cfg Config) showUser(w http.ResponseWriter, r *http.Request) {
	u, err := cfg.API.Users.Show(r.Context(), r.PathValue("id"))
	if unanswered(w, err) {
		return
	}
	reply(w, http.StatusOK, u)
}

// changeUser takes a JSON merge patch (RFC 7396): null takes a value back.
func (cfg Config) changeUser(w http.ResponseWriter, r *http.Request) {
	var in struct {
		IdleTimeout   json.RawMessage `json:"idle_timeout"`
		MaxConcurrent json.RawMessage `json:"max_concurrent"`
		Reason        string          `json:"reason"`
	}
	if !body(w, r, &in) {
		return
	}
	by := cfg.operation(r)
	by.Reason = in.Reason
	if !plainReason(by.Reason) || in.IdleTimeout == nil && in.MaxConcurrent == nil {
		refuse(w, http.StatusBadRequest, "bad_request", "idle_timeout or max_concurrent are needed, a value or null; reason is up to 200 bytes of text in one line")
		return
	}
	change, err := changeOf(in.IdleTimeout, in.MaxConcurrent)
	if unanswered(w, err) {
		return
	}
	u, err := cfg.API.Users.Set(r.Context(), r.PathValue("id"), change, by)
	if unanswered(w, err) {
		return
	}
	reply(w, http.StatusOK, u)
}

func changeOf(idle, most json.RawMessage) (c UserChange, err error) {
	switch {
	case idle == nil:
	case string(idle) == "null":
		c.UnsetIdle = true
	default:
		var text string
		err = json.Unmarshal(idle, &text)
		span, bad := time.ParseDuration(text)
		err = errors.Join(err, bad)
		c.Idle = &span
	}
	switch {
	case most == nil:
	case string(most) == "null":
		c.UnsetMany = true
	default:
		err = errors.Join(err, json.Unmarshal(most, &c.MaxConcurrent))
	}
	if err != nil {
		return UserChange{}, ErrLimits
	}
	return c, nil
}
