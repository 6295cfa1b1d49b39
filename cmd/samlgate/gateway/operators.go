package gateway

import (
	"context"
	"encoding/base64"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/samlgate/samlgate/access"
	"github.com/samlgate/samlgate/admin"
	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/proxy"
	"github.com/samlgate/samlgate/sessionstore"
)

// operators introduces the sessions to the admin API.
type operators struct{ r *Runner }

// tree is the current one, or the store counts as away: it is not there yet.
func (o operators) tree() (*tree, error) {
	if t := o.r.current.Load(); t != nil {
		return t, nil
	}
	return nil, sessionstore.ErrUnavailable
}

// operated is who ends sessions, on its way to their audit records.
type operated struct{}

func acting(ctx context.Context, by admin.Operation) context.Context {
	return context.WithValue(ctx, operated{}, by)
}

// actor says who ended a session, where an operator did, and why.
func actor(ctx context.Context) (by, addr, note string) {
	o, ok := ctx.Value(operated{}).(admin.Operation)
	if !ok {
		return "", "", ""
	}
	return "operator " + o.Token, o.Addr, o.Reason
}

// record writes that an operator acted.
func (o operators) record(ctx context.Context, e audit.Event) {
	e.By, e.Addr, e.Note = actor(ctx)
	o.r.audit.Record(e)
}

// List implements admin.Sessions.
func (o operators) List(ctx context.Context, q admin.SessionQuery) (list admin.SessionList, err error) {
	t, err := o.tree()
	if err != nil {
		return list, err
	}
	want, err := t.wanted(q, o.r)
	if err != nil {
		return list, err
	}
	after, err := cursorHandle(q.Cursor)
	if err != nil {
		return list, err
	}
	var page sessionstore.Page
	if q.User != "" {
		var p identity.Person
		if p, err = personOf(q.User); err == nil {
			page, err = t.sessions.BrowseOf(ctx, p, after, q.Limit, want)
		}
	} else {
		page, err = t.sessions.Browse(ctx, after, q.Limit, want)
	}
	for _, s := range page.Sessions {
		list.Sessions = append(list.Sessions, shownSession(s))
	}
	list.Cursor = cursor(string(page.Next))
	return list, err
}

// wanted tells which sessions a query is about, nil for all.
func (t *tree) wanted(q admin.SessionQuery, r *Runner) (func(*sessionstore.Session) bool, error) {
	var rt *proxy.Route
	if q.Route != "" {
		i := slices.IndexFunc(t.routes, func(rt *proxy.Route) bool { return rt.Name == q.Route })
		if i < 0 {
			return nil, admin.ErrUnknownRoute
		}
		rt = t.routes[i]
	}
	if rt == nil && q.IDP == "" {
		return nil, nil
	}
	return func(s *sessionstore.Session) bool {
		return (q.IDP == "" || s.Identity.IDP == q.IDP) && (rt == nil || r.mayEnter(rt, s))
	}, nil
}

// mayEnter reports whether a route would let a session in now, if it came from
// the address of its sign-in.
func (r *Runner) mayEnter(rt *proxy.Route, s *sessionstore.Session) bool {
	addr, _ := netip.ParseAddr(s.Client.Addr)
	return (len(rt.IDPs) == 0 || slices.Contains(rt.IDPs, s.Identity.IDP)) && rt.Demand.Met(s.Identity.Authn, r.now()) &&
		rt.Rules.Decide(s.Identity, addr) == access.Allowed
}

// Show implements admin.Sessions.
func (o operators) Show(ctx context.Context, id string) (admin.Session, error) {
	s, err := o.find(ctx, id)
	if err != nil {
		return admin.Session{}, err
	}
	return shownSession(s), nil
}

func (o operators) find(ctx context.Context, id string) (*sessionstore.Session, error) {
	t, err := o.tree()
	if err != nil {
		return nil, err
	}
	s, err := t.sessions.Find(ctx, sessionstore.Handle(id))
	if errors.Is(err, sessionstore.ErrNotFound) {
		return nil, admin.ErrNoSession
	}
	return s, err
}

// End implements admin.Sessions.
func (o operators) End(ctx context.Context, id string, by admin.Operation) error {
	s, err := o.find(ctx, id)
	if err != nil {
		return err
	}
	t, err := o.tree()
	if err != nil {
		return err
	}
	ctx = acting(ctx, by)
	if err := t.sessions.End(ctx, s.ID, sessionstore.ReasonOperator); err != nil {
		return err
	}
	o.record(ctx, audit.Event{Type: audit.OperatorEnded, Reason: "session", Session: s.ID.Hash(), Person: s.Identity.Person, IDP: s.Identity.IDP})
	return nil
}

// EndMany implements admin.Sessions.
func (o operators) EndMany(ctx context.Context, q admin.EndQuery, by admin.Operation) (ended admin.SessionsEnded, err error) {
	t, err := o.tree()
	if err != nil {
		return ended, err
	}
	ctx = acting(ctx, by)
	switch {
	case q.All:
		o.record(ctx, audit.Event{Type: audit.OperatorEnded, Reason: "all"}) // before: what fails half-way has ended much
		return ended, t.sessions.EndEverything(ctx, sessionstore.ReasonOperator)
	case q.User != "":
		p, err := personOf(q.User)
		if err != nil {
			return ended, err
		}
		n, err := t.sessions.EndAll(ctx, p, sessionstore.ReasonOperator)
		if err == nil {
			o.record(ctx, audit.Event{Type: audit.OperatorEnded, Reason: "user", Person: p})
		}
		return admin.SessionsEnded{Ended: &n}, err
	}
	return o.endAt(ctx, t, q)
}

// endAt ends some of the sessions of an identity provider, so many that a request
// lasts no longer than one should.
func (o operators) endAt(ctx context.Context, t *tree, q admin.EndQuery) (ended admin.SessionsEnded, err error) {
	after, err := cursorHandle(q.Cursor)
	if err != nil {
		return ended, err
	}
	if q.Cursor == "" {
		o.record(ctx, audit.Event{Type: audit.OperatorEnded, Reason: "idp", IDP: q.IDP})
	}
	page, err := t.sessions.Browse(ctx, after, sessionstore.MaxRows, func(s *sessionstore.Session) bool { return s.Identity.IDP == q.IDP })
	if err != nil {
		return ended, err
	}
	for _, s := range page.Sessions {
		if err := t.sessions.End(ctx, s.ID, sessionstore.ReasonOperator); err != nil {
			return ended, err
		}
	}
	n := len(page.Sessions)
	return admin.SessionsEnded{Ended: &n, Cursor: cursor(string(page.Next))}, nil
}

func shownSession(s *sessionstore.Session) admin.Session {
	roles := s.Identity.Roles
	if roles == nil {
		roles = []string{}
	}
	return admin.Session{
		ID: string(s.ID.Handle()), User: s.Identity.Person.Subject(), IDP: s.Identity.IDP, ServiceProvider: s.Identity.Authn.ServiceProvider,
		Address: s.Client.Addr, Browser: s.Client.Agent, Roles: roles, Created: s.Created.UTC(), LastUsed: s.LastUse().UTC(),
		Expires: s.Expires.UTC(), IdleTimeout: s.Idle.String(),
	}
}

// personOf reads a person as operators write them: an e-mail address in any
// spelling, or what [identity.Person.Subject] writes of who has none. An address
// has no bar, so neither is taken for the other.
func personOf(s string) (identity.Person, error) {
	if idp, key, ok := strings.Cut(s, "|"); ok {
		p, err := identity.PersonOf("", idp, key)
		if err != nil {
			return "", admin.ErrUser
		}
		return p, nil
	}
	email, err := identity.NormalizeEmail(s)
	if err != nil {
		email, err = identity.NormalizeUnicodeEmail(s)
	}
	if err != nil {
		return "", admin.ErrUser
	}
	return identity.Person(email), nil
}

// cursor hides where a page ends, so that nobody relies on what it is made of.
func cursor(after string) string { return base64.RawURLEncoding.EncodeToString([]byte(after)) }

func uncursor(s string) (string, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return "", admin.ErrCursor
	}
	return string(b), nil
}

func cursorHandle(s string) (sessionstore.Handle, error) {
	after, err := uncursor(s)
	if err != nil || after == "" {
		return "", err
	}
	h, err := sessionstore.ParseHandle(after)
	if err != nil || !strings.Contains(after, ".") {
		return "", admin.ErrCursor
	}
	return h, nil
}
