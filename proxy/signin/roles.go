package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/samlgate/samlgate/access"
	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// rolesKept is how long the roles of a first sign-in are remembered after the
// last one.
const rolesKept = 400 * 24 * time.Hour

// withRoles gives a proven identity the roles that hold for its session, or
// answers the request and returns false. Whatever [access.Sync] says, a role that
// shuts the door is looked for in what the identity provider says now, and a
// role that the person lost ends their older sessions that carry it.
func (h *Handler) withRoles(w http.ResponseWriter, r *http.Request, v *visit.Visit, id identity.Identity) (identity.Identity, bool) {
	roles, denied, err := h.roles(r.Context(), id)
	if err == nil && denied {
		h.shutOut(w, r, v, id)
		return id, false
	}
	id.Roles = roles
	if err == nil {
		_, err = h.endOlder(r.Context(), id, "")
	}
	if err != nil {
		h.undecided(w, r, v, err)
		return id, false
	}
	return id, true
}

// roles are those of a sign-in, in our words.
func (h *Handler) roles(ctx context.Context, id identity.Identity) (roles []string, denied bool, err error) {
	idp := h.idps[id.IDP]
	roles, door := idp.Roles.Apply(id.Roles)
	switch {
	case door != "":
		return nil, true, nil
	case idp.Sync == access.NeverSync:
		return slices.Clone(idp.Roles.Default), false, nil
	case idp.Sync != access.FirstLogin:
		return roles, false, nil
	}
	first, err := h.firstRoles(ctx, id)
	if err != nil {
		return nil, false, err
	}
	// As the file maps them today. A role that was harmless then may shut the
	// door by now.
	roles, door = idp.Roles.Apply(first)
	return roles, door != "", nil
}

// firstRoles returns the role values with which the person signed in here first
// by way of this identity provider, which tells each SP identity of ours what it
// wants to: those of id if this is that time.
func (h *Handler) firstRoles(ctx context.Context, id identity.Identity) ([]string, error) {
	now, err := json.Marshal(id.Roles)
	if err != nil {
		return nil, fmt.Errorf("remembering roles: %w", err)
	}
	whose := []string{id.IDP, id.Authn.ServiceProvider, string(id.Person)}
	if id.NameID.FormatName() == "persistent" { // never given to anybody else, as an address may be (SAML Core §8.3.7)
		whose = append(whose, id.NameID.Value)
	}
	first, err := h.Sessions.Keep(ctx, "roles", strings.Join(whose, "\x00"), now, rolesKept)
	if err != nil {
		return nil, fmt.Errorf("remembering roles: %w", err)
	}
	var values []string
	if err := json.Unmarshal(first, &values); err != nil {
		return nil, fmt.Errorf("remembering roles: %w", err)
	}
	return values, nil
}

// outdated looks at the sessions of a person once more, now that s is one of
// them: of two sign-ins at the same time neither may have seen the other. It
// ends s and answers the request when a later sign-in lacks a role of s, as when
// somebody kept an answer of the identity provider back until the role was gone.
func (h *Handler) outdated(w http.ResponseWriter, r *http.Request, v *visit.Visit, s *sessionstore.Session) bool {
	late, err := h.endOlder(r.Context(), s.Identity, s.ID)
	if err == nil && !late {
		return false
	}
	err = errors.Join(err, h.Sessions.End(r.Context(), s.ID, sessionstore.ReasonRole))
	if err != nil {
		h.undecided(w, r, v, err)
		return true
	}
	h.denyLogin(w, r, v, s.Identity, "ended_meanwhile", pages.LoginExpired)
	return true
}

// endOlder ends the sessions of the person at the same identity provider that
// carry a role which id, asserted later, does not. It reports whether, the other
// way round, one of them was asserted later and lacks a role of id. own is the
// session of id, if it has begun.
//
// A role is lost at one provider, in what it tells one SP identity of ours; what
// was said elsewhere is not touched. Who takes roles away may also be the operator,
// with another map. Of more than [sessionstore.MaxRows] sessions of a person the
// oldest are looked at.
func (h *Handler) endOlder(ctx context.Context, id identity.Identity, own sessionstore.ID) (late bool, err error) {
	all, err := h.Sessions.List(ctx, id.Person)
	if err != nil {
		return false, err
	}
	for _, s := range all {
		switch {
		case s.ID == own || s.Identity.IDP != id.IDP || s.Identity.Authn.ServiceProvider != id.Authn.ServiceProvider:
		case s.Identity.Authn.Issued.After(id.Authn.Issued):
			late = late || lacks(s.Identity.Roles, id.Roles)
		case lacks(id.Roles, s.Identity.Roles):
			if err := h.Sessions.End(ctx, s.ID, sessionstore.ReasonRole); err != nil {
				return false, err
			}
		}
	}
	return late, nil
}

// lacks reports whether one of the roles in before is not in now.
func lacks(now, before []string) bool {
	return slices.ContainsFunc(before, func(role string) bool { return !slices.Contains(now, role) })
}
