package gateway

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/samlgate/samlgate/admin"
	"github.com/samlgate/samlgate/admin/logins"
	"github.com/samlgate/samlgate/audit"
)

// verbosity is how much is logged now: as configured, or otherwise for a while.
type verbosity struct {
	log    *slog.Logger
	level  *slog.LevelVar // of log
	usual  slog.Level
	now    func() time.Time
	record func(audit.Event)
	known  func(idp string) bool

	mu    sync.Mutex
	timer *time.Timer          // guarded by mu: brings the usual level back
	idps  map[string]time.Time // guarded by mu: name → until when its sign-ins are told of
}

func newVerbosity(b *base, level *slog.LevelVar, known func(string) bool) *verbosity {
	if level == nil {
		level = new(slog.LevelVar) // nobody listens to it
	}
	return &verbosity{log: b.log, level: level, usual: level.Level(), now: b.now, record: b.audit.Record, known: known, idps: map[string]time.Time{}}
}

// Raise implements admin.LogLevel. A later wish replaces an earlier one.
func (v *verbosity) Raise(c admin.LevelChange) (time.Time, error) {
	if c.IDP != "" && !v.known(c.IDP) {
		return time.Time{}, admin.ErrUnknownIDP
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return time.Time{}, err
	}
	until := v.now().Add(c.For).UTC()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.log.Warn("the log level was changed for a while", "level", c.Level, "idp", c.IDP, "until", until) // before it may be too quiet for that
	if c.IDP != "" {
		v.idps[c.IDP] = until
	} else {
		v.set(level, c.For)
	}
	v.record(audit.Event{Type: audit.LogLevelChanged, IDP: c.IDP, Addr: c.Addr, Reason: c.Level, By: "operator"})
	return until, nil
}

// set changes the level and has it changed back. The lock is held.
func (v *verbosity) set(level slog.Level, span time.Duration) {
	if v.timer != nil {
		v.timer.Stop()
	}
	var mine *time.Timer
	mine = time.AfterFunc(span, func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.timer == mine { // no later wish has come meanwhile
			v.level.Set(v.usual)
		}
	})
	v.timer = mine
	v.level.Set(level)
}

// close stops the clock and brings the usual level back.
func (v *verbosity) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.timer != nil {
		v.timer.Stop()
		v.level.Set(v.usual)
	}
}

// watched reports whether somebody wants to see the sign-ins of idp.
func (v *verbosity) watched(idp string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now().Before(v.idps[idp])
}

// attempt logs one line about an attempt: names, sizes and verdicts. A handler
// does not ask again whether its level is enabled, so that the sign-ins of one
// identity provider can be told of alone.
func (v *verbosity) attempt(a logins.Attempt) {
	ctx := context.Background()
	if !v.log.Enabled(ctx, slog.LevelDebug) && !v.watched(a.IDP) {
		return
	}
	a = logins.Clean(a)
	var checks []string
	for _, c := range a.Checks {
		word := c.Name + "=passed"
		if !c.Passed {
			word = c.Name + "=refused"
		}
		checks = append(checks, word)
	}
	r := slog.NewRecord(v.now(), slog.LevelDebug, "sign-in attempt", 0)
	r.AddAttrs(slog.String("request_id", a.RequestID), slog.String("idp", a.IDP), slog.String("result", a.Result),
		slog.String("reason", a.Reason), slog.String("detail", a.Detail), slog.String("started_by", a.StartedBy),
		slog.Bool("signed", a.Signed), slog.Int("bytes", a.Bytes), slog.Float64("clock_off_seconds", a.ClockOff),
		slog.String("checks", strings.Join(checks, " ")), slog.String("attributes", strings.Join(a.Attributes, " ")))
	_ = v.log.Handler().Handle(ctx, r)
}
