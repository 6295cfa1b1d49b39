package access

import (
	"net/netip"
	"slices"

	"github.com/samlgate/samlgate/identity"
)

// Policy says who may pass a route (routes[].allow). Within a key any value is
// enough; all keys present must hold, where emails and email domains count as
// one key. An empty policy admits any signed-in person.
type Policy struct {
	Roles        []string
	Emails       []identity.Email
	EmailDomains []string // A-labels in lower case, compared for equality
	Networks     []netip.Prefix
}

// Decision names the key that refused, for logs, metrics and the page.
type Decision string

// The ways to be refused. Allowed is the empty one.
const (
	Allowed       Decision = ""
	DeniedRole    Decision = "role"
	DeniedEmail   Decision = "email"
	DeniedNetwork Decision = "network"
)

// Decide judges a person who connects from addr.
func (r Policy) Decide(id identity.Identity, addr netip.Addr) Decision {
	switch {
	case len(r.Roles) > 0 && !slices.ContainsFunc(id.Roles, func(s string) bool { return slices.Contains(r.Roles, s) }):
		return DeniedRole
	case !r.allowEmail(id.Email):
		return DeniedEmail
	case len(r.Networks) > 0 && !within(r.Networks, addr):
		return DeniedNetwork
	}
	return Allowed
}

func (r Policy) allowEmail(e identity.Email) bool {
	if len(r.Emails) == 0 && len(r.EmailDomains) == 0 {
		return true
	}
	return e != "" && (slices.Contains(r.Emails, e) || slices.Contains(r.EmailDomains, e.Domain()))
}

func within(networks []netip.Prefix, addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}
