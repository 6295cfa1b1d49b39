package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/samlgate/samlgate/admin"
	"github.com/samlgate/samlgate/admin/logins"
	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// Attempt implements signin.Attempts: for the operators' list, and for the log
// while somebody wants to see.
func (b *base) Attempt(v visit.Visit) {
	a := attempt(v)
	if b.book != nil {
		b.book.Add(a)
	}
	if b.verbose != nil {
		b.verbose.attempt(a)
	}
}

// attempt leaves out everything that is not for operators' eyes: there is no
// place for it.
func attempt(v visit.Visit) logins.Attempt {
	l := v.Login
	a := logins.Attempt{
		RequestID: v.ID, Time: v.Start.UTC(), IDP: v.IDP, ServiceProvider: v.ServiceProvider, Route: v.Route, Client: v.Client(), StartedBy: "gateway", Trial: l.Trial,
		Result: l.Result, Reason: l.Reason, Detail: l.Detail, Session: v.Session, Known: l.Known, Signed: l.Report.Proven,
		Encrypted: l.Report.Encrypted, SHA1: l.Report.SHA1, Bytes: l.Report.Bytes, ClockOff: l.Report.ClockOff.Seconds(),
		Attributes: l.Report.Attributes, Sources: l.Report.Sources,
	}
	if l.Unsolicited {
		a.StartedBy = "idp"
	}
	for _, c := range l.Report.Checks {
		a.Checks = append(a.Checks, logins.Check(c))
	}
	return a
}

const (
	verdictKind = "trial verdict"
	verdictLife = 10 * time.Minute
)

// keptVerdict is how the verdict of a trial waits in the store.
type keptVerdict struct {
	Trial logins.Trial `json:"t"`
	Until time.Time    `json:"u"`
}

// verdicts keeps the outcome of trials, sealed, for minutes.
type verdicts struct {
	sessions *sessionstore.Manager
	now      func() time.Time
}

// Verdict implements signin.Trials.
func (d verdicts) Verdict(ctx context.Context, id string, v visit.Visit, who *identity.Identity) error {
	a := logins.Clean(attempt(v))
	t := logins.Trial{Done: true, Attempt: &a}
	if who != nil {
		t.Person = &logins.Person{
			Email: string(who.Email), FirstName: who.FirstName, LastName: who.LastName, Username: who.Username,
			EmployeeID: who.EmployeeID, Roles: who.Roles, Attributes: who.Attributes,
		}
	}
	return d.put(ctx, id, keptVerdict{t, d.now().Add(verdictLife)})
}

func (d verdicts) put(ctx context.Context, id string, k keptVerdict) error {
	value, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return d.sessions.PutOnce(ctx, verdictKind, id, value, k.Until.Sub(d.now()))
}

// get returns the verdict, and leaves it for whoever lost the answer.
func (d verdicts) get(ctx context.Context, id string) (logins.Trial, error) {
	value, err := d.sessions.TakeOnce(ctx, verdictKind, id)
	if errors.Is(err, sessionstore.ErrNotFound) {
		return logins.Trial{}, nil
	}
	var k keptVerdict
	if err == nil {
		err = json.Unmarshal(value, &k)
	}
	if err != nil {
		return logins.Trial{}, err
	}
	_ = d.put(ctx, id, k) // in doubt it cannot be read again
	return k.Trial, nil
}

// api is what the admin listener works on.
func (r *Runner) api() admin.API {
	return admin.API{Logins: r.book, Trials: trials{r}, LogLevel: r.verbose, Sessions: operators{r}, Users: users{operators{r}}, Backups: backups{r.base}}
}

// knows reports whether an identity provider of the configuration has this name.
func (r *Runner) knows(idp string) bool {
	t := r.current.Load()
	return t != nil && slices.ContainsFunc(t.cfg.SAML.IDPs, func(i config.IDP) bool { return i.Name == idp })
}

// trials introduces the dry runs of the sign-in to the admin API.
type trials struct{ r *Runner }

// Begin implements admin.Trials.
func (t trials) Begin(ctx context.Context, idp, sp string) (admin.TrialBegun, error) {
	tree := t.r.current.Load()
	if tree == nil {
		return admin.TrialBegun{}, sessionstore.ErrUnavailable
	}
	begun, err := tree.gateway.SignIn.BeginTrial(ctx, idp, sp)
	switch {
	case errors.Is(err, signin.ErrUnknownIDP):
		err = admin.ErrUnknownIDP
	case errors.Is(err, signin.ErrUnknownServiceProvider):
		err = admin.ErrUnknownServiceProvider
	}
	return admin.TrialBegun{ID: begun.ID, URL: begun.URL, Expires: begun.Until.UTC()}, err
}

// Verdict implements admin.Trials.
func (t trials) Verdict(ctx context.Context, id string) (logins.Trial, error) {
	tree := t.r.current.Load()
	if tree == nil {
		return logins.Trial{}, sessionstore.ErrUnavailable
	}
	return verdicts{tree.sessions, t.r.now}.get(ctx, id)
}

// shared is the list of attempts in the current store.
type shared struct{ r *Runner }

// Append implements logins.Shared.
func (s shared) Append(ctx context.Context, name string, value []byte, keep int, ttl time.Duration) error {
	if t := s.r.current.Load(); t != nil {
		return t.sessions.Append(ctx, name, value, keep, ttl)
	}
	return sessionstore.ErrUnavailable
}

// Recent implements logins.Shared.
func (s shared) Recent(ctx context.Context, name string) ([][]byte, error) {
	if t := s.r.current.Load(); t != nil {
		return t.sessions.Recent(ctx, name)
	}
	return nil, sessionstore.ErrUnavailable
}
