package gateway

import (
	"context"
	"errors"
	"slices"

	"github.com/samlgate/samlgate/admin"
	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// users introduces people and their limits to the admin API.
type users struct{ operators }

// List implements admin.Users.
func (u users) List(ctx context.Context, after string, limit int) (list admin.UserList, err error) {
	t, err := u.tree()
	if err != nil {
		return list, err
	}
	from, err := uncursor(after)
	if err != nil {
		return list, err
	}
	page, err := t.sessions.People(ctx, from, limit)
	if err != nil {
		return list, err
	}
	for _, p := range page.People {
		one, err := t.user(ctx, p.Person, p.Sessions)
		if err != nil {
			return list, err
		}
		list.Users = append(list.Users, one)
	}
	list.Cursor = cursor(page.Next)
	return list, nil
}

// Show implements admin.Users.
func (u users) Show(ctx context.Context, name string) (admin.User, error) {
	t, err := u.tree()
	if err != nil {
		return admin.User{}, err
	}
	p, err := personOf(name)
	if err != nil {
		return admin.User{}, err
	}
	return t.present(ctx, p)
}

func (t *tree) present(ctx context.Context, p identity.Person) (admin.User, error) {
	all, err := t.sessions.List(ctx, p)
	if err != nil {
		return admin.User{}, err
	}
	return t.user(ctx, p, all)
}

func (t *tree) user(ctx context.Context, p identity.Person, sessions []*sessionstore.Session) (admin.User, error) {
	prefs, err := t.sessions.Preferences(ctx, p)
	if err != nil {
		return admin.User{}, err
	}
	u := admin.User{ID: p.Subject(), Sessions: len(sessions), IDPs: []string{}, Operator: chosen(prefs.Operator), Own: chosen(prefs.Own)}
	for _, s := range sessions {
		if used := s.LastUse().UTC(); u.LastUsed == nil || used.After(*u.LastUsed) {
			u.LastUsed = &used
		}
		u.IDPs = append(u.IDPs, s.Identity.IDP)
	}
	slices.Sort(u.IDPs)
	u.IDPs = slices.Compact(u.IDPs)
	return u, nil
}

func chosen(c sessionstore.Choice) (l admin.UserLimits) {
	if c.Idle != nil {
		idle := c.Idle.String()
		l.IdleTimeout = &idle
	}
	l.MaxConcurrent = c.MaxConcurrent
	return l
}

// Set implements admin.Users.
func (u users) Set(ctx context.Context, name string, change admin.UserChange, by admin.Operation) (admin.User, error) {
	t, err := u.tree()
	if err != nil {
		return admin.User{}, err
	}
	p, err := personOf(name)
	if err != nil {
		return admin.User{}, err
	}
	ctx = acting(ctx, by)
	_, err = t.sessions.SetPreferences(ctx, p, func(prefs *sessionstore.Preferences) error {
		set(&prefs.Operator, change)
		return nil
	})
	if errors.Is(err, sessionstore.ErrPreference) {
		return admin.User{}, admin.ErrLimits
	}
	if err != nil {
		return admin.User{}, err
	}
	u.record(ctx, audit.Event{Type: audit.OperatorLimits, Person: p, Reason: changed(change)})
	return t.present(ctx, p)
}

func set(c *sessionstore.Choice, change admin.UserChange) {
	if change.UnsetIdle {
		c.Idle = nil
	}
	if change.UnsetMany {
		c.MaxConcurrent = nil
	}
	if change.Idle != nil {
		c.Idle = change.Idle
	}
	if change.MaxConcurrent != nil {
		c.MaxConcurrent = change.MaxConcurrent
	}
}

// changed names what was set, for the audit record.
func changed(c admin.UserChange) string {
	idle, most := c.Idle != nil || c.UnsetIdle, c.MaxConcurrent != nil || c.UnsetMany
	switch {
	case idle && most:
		return "idle_timeout max_concurrent"
	case idle:
		return "idle_timeout"
	}
	return "max_concurrent"
}

var _ admin.Users = users{}
