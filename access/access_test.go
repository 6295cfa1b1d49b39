package access

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/samlgate/samlgate/identity"
)

func TestRules(t *testing.T) {
	ana := identity.Identity{Person: "ana@example.com", Email: "ana@example.com", Roles: []string{"staff", "editor"}}
	nameless := identity.Identity{Person: "corp\x00n1", Roles: []string{"staff"}}
	office, home := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("198.51.100.1")

	want := func(name string, r Policy, id identity.Identity, from netip.Addr, d Decision) {
		t.Helper()
		if got := r.Decide(id, from); got != d {
			t.Errorf("%s: %q, want %q", name, got, d)
		}
	}
	allow := func(name string, r Policy, id identity.Identity, from netip.Addr) {
		t.Helper()
		want(name, r, id, from, Allowed)
	}

	allow("no rules", Policy{}, ana, home)
	allow("one role of two", Policy{Roles: []string{"admin", "editor"}}, ana, home)
	want("role in another case", Policy{Roles: []string{"Staff"}}, ana, home, DeniedRole)
	allow("her address", Policy{Emails: []identity.Email{"ana@example.com"}}, ana, home)
	allow("her domain", Policy{EmailDomains: []string{"example.com"}}, ana, home)
	want("a suffix of her domain", Policy{EmailDomains: []string{"ample.com"}}, ana, home, DeniedEmail)
	want("the parent domain", Policy{EmailDomains: []string{"com"}}, ana, home, DeniedEmail)
	allow("address or domain: one is enough", Policy{Emails: []identity.Email{"bob@example.org"}, EmailDomains: []string{"example.com"}}, ana, home)
	want("role holds, address does not", Policy{Roles: []string{"staff"}, Emails: []identity.Email{"bob@example.com"}}, ana, home, DeniedEmail)
	want("no address at all", Policy{EmailDomains: []string{""}}, nameless, home, DeniedEmail)
	nets := Policy{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}
	allow("the office", nets, ana, office)
	allow("the office, mapped", nets, ana, netip.MustParseAddr("::ffff:192.0.2.7"))
	want("from home", nets, ana, home, DeniedNetwork)
	want("from nowhere", nets, ana, netip.Addr{}, DeniedNetwork)
}

func TestRoleMap(t *testing.T) {
	want := func(name string, m RoleMap, values []string, roles []string, denied string) {
		t.Helper()
		r, d := m.Apply(values)
		if !slices.Equal(r, roles) || d != denied {
			t.Errorf("%s: %q, %q; want %q, %q", name, r, d, roles, denied)
		}
	}
	m := RoleMap{Map: map[string]string{"CN=Editors": "editor", "CN=Out": "Restricted", "CN=None": ""}, Deny: []string{"Restricted"}}
	want("mapped and passed", m, []string{"CN=Editors", "staff", "staff"}, []string{"editor", "staff"}, "")
	want("denied as sent", m, []string{"staff", "Restricted"}, nil, "Restricted")
	want("denied as mapped", m, []string{"CN=Out"}, nil, "CN=Out")
	want("mapped to nothing", m, []string{"CN=None"}, nil, "")
	m.Unknown, m.Default = DropUnknown, []string{"guest"}
	want("dropped, default", m, []string{"staff"}, []string{"guest"}, "")
	want("denied though unknown", m, []string{"Restricted"}, nil, "Restricted")
	m.Unknown = DenyUnknown
	want("unknown is denied", m, []string{"CN=Editors", "staff"}, nil, "staff")
	want("nobody sent anything", m, nil, []string{"guest"}, "")
	m.Unknown = "typo"
	want("an unknown policy denies", m, []string{"staff"}, nil, "staff")
}
