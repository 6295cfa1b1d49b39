package access

import "slices"

// Unknown says what becomes of a role value that no rule names.
type Unknown string

// The policies for unknown role values (idps[].roles.unknown).
const (
	PassUnknown Unknown = "pass"
	DropUnknown Unknown = "drop"
	DenyUnknown Unknown = "deny"
)

// Sync says when roles are taken over from an identity provider.
type Sync string

// When roles are taken over (idps[].roles.sync).
const (
	EveryLogin Sync = "every_login" // empty means this too
	FirstLogin Sync = "first_login"
	NeverSync  Sync = "never"
)

// RoleMap turns the role values of one identity provider into roles here.
type RoleMap struct {
	Map     map[string]string // value sent → role here; values are case-sensitive
	Default []string          // roles of a person who is left without any
	Unknown Unknown           // empty = pass
	Deny    []string          // values, as sent or as mapped, that shut the door
}

// Apply returns the roles for the values sent, each once and in their order,
// or, as denied, the value that shuts the door.
func (m RoleMap) Apply(values []string) (roles []string, denied string) {
	for _, v := range values {
		role, known := m.Map[v]
		if !known {
			role = v
		}
		if slices.Contains(m.Deny, v) || slices.Contains(m.Deny, role) {
			return nil, v
		}
		switch {
		case known || m.Unknown == PassUnknown || m.Unknown == "":
		case m.Unknown == DropUnknown:
			continue
		default: // deny, and whatever we do not know
			return nil, v
		}
		if role != "" && !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	if len(roles) == 0 {
		return slices.Clone(m.Default), ""
	}
	return roles, ""
}
