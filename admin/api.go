package admin

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/samlgate/samlgate/admin/logins"
)

// API is what the administration API works on. The zero value has nothing to
// tell; tokens are asked for all the same.
type API struct {
	Logins   *logins.Book
	Trials   Trials
	LogLevel LogLevel
	Sessions Sessions
	Users    Users
	Backups  Backups
}

// Trials begins dry runs of a sign-in and knows how they ended.
type Trials interface {
	// Begin returns the address to open and the id to ask by. sp is a further SP
	// identity, empty for the gateway's own. ErrUnknownIDP,
	// ErrUnknownServiceProvider, or an error when the store is away.
	Begin(ctx context.Context, idp, sp string) (TrialBegun, error)
	// Verdict returns how it ended. One that nobody has tried yet, and one that
	// is too long ago, is not Done.
	Verdict(ctx context.Context, id string) (logins.Trial, error)
}

// TrialBegun is a dry run that waits for its browser.
type TrialBegun struct {
	ID      string    `json:"id"`
	URL     string    `json:"url"`
	Expires time.Time `json:"expires"`
}

// LogLevel raises the level of the log for a while.
type LogLevel interface {
	// Raise returns when the level falls back: ErrUnknownIDP.
	Raise(LevelChange) (until time.Time, err error)
}

// LevelChange is a wish to see more, or less, for a while.
type LevelChange struct {
	Level string        // debug, info, warn or error
	IDP   string        // its sign-ins alone; empty = all that is logged
	For   time.Duration // up to [MaxLevelTime]
	Addr  string        // who asks, for the record
}

// MaxLevelTime is how long a log level may last.
const MaxLevelTime = 24 * time.Hour

// What a request named and the configuration has not.
var (
	ErrUnknownIDP             = errors.New("no identity provider has this name")
	ErrUnknownServiceProvider = errors.New("no service provider has this name")
)

//go:embed openapi.json
var documents embed.FS

// resource is one thing that the API serves. The OpenAPI document lists the same.
type resource struct {
	method, path string
	operator     bool // a viewer's token does not do
	serve        http.HandlerFunc
}

func (cfg Config) resources() []resource {
	return []resource{
		{"GET", "/api/v1/openapi.json", false, cfg.openAPI},
		{"GET", "/api/v1/logins", false, cfg.listLogins},
		{"GET", "/api/v1/logins/{request_id}", false, cfg.showLogin},
		{"POST", "/api/v1/tries", true, cfg.beginTry},
		{"GET", "/api/v1/tries/{id}", true, cfg.showTry},
		{"PUT", "/api/v1/log/level", true, cfg.setLogLevel},
		{"GET", "/api/v1/sessions", false, cfg.listSessions},
		{"DELETE", "/api/v1/sessions", true, cfg.endSessions},
		{"GET", "/api/v1/sessions/{id}", false, cfg.showSession},
		{"DELETE", "/api/v1/sessions/{id}", true, cfg.endSession},
		{"GET", "/api/v1/users", false, cfg.listUsers},
		{"GET", "/api/v1/users/{id}", false, cfg.showUser},
		{"PATCH", "/api/v1/users/{id}", true, cfg.changeUser},
		{"POST", "/api/v1/backup", true, cfg.backup},
		{"POST", "/api/v1/restore", true, cfg.restore},
	}
}

// apiHandler serves the resources to whoever has a token.
func (cfg Config) apiHandler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range cfg.resources() {
		mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, q *http.Request) {
			if role, _ := cfg.role(q); r.operator && role != Operator {
				refuse(w, http.StatusForbidden, "forbidden", "this needs a token with the role operator")
				return
			}
			r.serve(w, q)
		})
	}
	failures := newBrake()
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if _, ok := cfg.role(q); !ok {
			if !failures.allow() {
				w.Header().Set("Retry-After", "1")
				refuse(w, http.StatusTooManyRequests, "too_many", "too many wrong tokens")
				return
			}
			w.Header().Set("WWW-Authenticate", `Bearer realm="samlgate"`)
			refuse(w, http.StatusUnauthorized, "unauthorized", "a token of server.admin_tokens is needed")
			return
		}
		if _, pattern := mux.Handler(q); pattern == "" {
			mux.ServeHTTP(&jsonRefusal{ResponseWriter: w}, q)
			return
		}
		mux.ServeHTTP(w, q)
	})
}

// jsonRefusal puts what the mux says (404, 405) into the shape of our errors.
type jsonRefusal struct{ http.ResponseWriter }

// WriteHeader answers with our own body.
func (j *jsonRefusal) WriteHeader(status int) {
	if status == http.StatusMethodNotAllowed {
		refuse(j.ResponseWriter, status, "method_not_allowed", "this resource has other methods")
		return
	}
	refuse(j.ResponseWriter, http.StatusNotFound, "not_found", "no such resource")
}

// Write drops the body of the mux.
func (j *jsonRefusal) Write(p []byte) (int, error) { return len(p), nil }

func (cfg Config) openAPI(w http.ResponseWriter, _ *http.Request) {
	doc, err := documents.ReadFile("openapi.json")
	if err != nil {
		refuse(w, http.StatusInternalServerError, "internal", "the document is missing")
		return
	}
	headers(w)
	_, _ = w.Write(doc)
}

// problem is the body of every refusal.
type problem struct {
	Error   string `json:"error"`
	Message string `json:"message"`
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	reply(w, status, problem{code, message})
}

func reply(w http.ResponseWriter, status int, body any) {
	b, err := json.MarshalIndent(body, "", "  ")
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"error": "internal", "message": "the answer could not be written"}`)
	}
	headers(w)
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}

func headers(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
}

// body reads a JSON object of the request into v, or answers.
func body(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		refuse(w, http.StatusBadRequest, "bad_request", "the body is not the JSON object that openapi.json describes")
		return false
	}
	return true
}
