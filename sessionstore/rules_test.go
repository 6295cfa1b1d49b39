package sessionstore

import (
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
)

const minute = time.Minute

// A row of "Which limit holds", in minutes and sessions.
type limitRow struct {
	name     string
	override []Override
	bounds   Bounds
	ceiling  Ceiling
	own, op  Choice
	idle     time.Duration // wanted
	count    int           // wanted
}

func TestWhichLimitHolds(t *testing.T) {
	idle := func(m time.Duration) Choice { d := m * minute; return Choice{Idle: &d} }
	count := func(n int) Choice { return Choice{MaxConcurrent: &n} }
	span := func(m time.Duration) *time.Duration { d := m * minute; return &d }
	whole := func(n int) *int { return &n }
	forRole := func(o Override) []Override { o.Roles = []string{"contractor"}; return []Override{o} }
	may := Bounds{Idle: &Range[time.Duration]{5 * minute, 60 * minute}, MaxConcurrent: &Range[int]{1, 5}}
	for _, row := range []limitRow{
		{name: "nobody said anything", idle: 30, count: 3},
		{name: "an override", override: forRole(Override{Idle: span(10), MaxConcurrent: whole(1)}), idle: 10, count: 1},
		{name: "an override may loosen", override: forRole(Override{Idle: span(90), MaxConcurrent: whole(0)}), idle: 90, count: 0},
		{name: "an override of one thing", override: forRole(Override{Idle: span(10)}), idle: 10, count: 3},
		{name: "the first match alone", override: append(forRole(Override{Idle: span(10)}), forRole(Override{Idle: span(5), MaxConcurrent: whole(1)})...), idle: 10, count: 3},
		{name: "a role that is not there", override: []Override{{Roles: []string{"admin"}, Idle: span(90)}}, idle: 30, count: 3},
		{name: "another provider", override: []Override{{Roles: []string{"contractor"}, IDPs: []string{"hr"}, Idle: span(90)}}, idle: 30, count: 3},
		{name: "an address or a domain", override: []Override{{Emails: []identity.Email{"x@example.com"}, EmailDomains: []string{"example.com"}, Idle: span(7)}}, idle: 7, count: 3},
		{name: "not by suffix", override: []Override{{EmailDomains: []string{"ample.com"}, Idle: span(90)}}, idle: 30, count: 3},
		{name: "about nobody", override: []Override{{Idle: span(90)}}, idle: 30, count: 3},
		{name: "an operator loosens", op: Choice{Idle: span(120), MaxConcurrent: whole(0)}, idle: 120, count: 0},
		{name: "an operator before an override", override: forRole(Override{Idle: span(10), MaxConcurrent: whole(1)}), op: idle(45), idle: 45, count: 1},
		{name: "people may not choose", own: Choice{Idle: span(10), MaxConcurrent: whole(1)}, idle: 30, count: 3},
		{name: "a choice tightens", bounds: may, own: Choice{Idle: span(10), MaxConcurrent: whole(1)}, idle: 10, count: 1},
		{name: "a choice loosens", bounds: may, own: Choice{Idle: span(45), MaxConcurrent: whole(5)}, idle: 45, count: 5},
		{name: "a choice above the bounds", bounds: may, own: Choice{Idle: span(600), MaxConcurrent: whole(9)}, idle: 60, count: 5},
		{name: "a choice below the bounds", bounds: Bounds{may.Idle, &Range[int]{2, 5}}, own: Choice{Idle: span(1), MaxConcurrent: whole(1)}, idle: 5, count: 2},
		{name: "a choice of no limit", bounds: may, own: count(0), idle: 30, count: 5},
		{name: "a choice of no limit where that may be", bounds: Bounds{MaxConcurrent: &Range[int]{1, 0}}, own: count(0), idle: 30, count: 0},
		{name: "a choice cannot loosen an override", bounds: may, override: forRole(Override{Idle: span(10), MaxConcurrent: whole(1)}), own: Choice{Idle: span(60), MaxConcurrent: whole(5)}, idle: 10, count: 1},
		{name: "a choice tightens an override", bounds: may, override: forRole(Override{Idle: span(50), MaxConcurrent: whole(4)}), own: Choice{Idle: span(10), MaxConcurrent: whole(2)}, idle: 10, count: 2},
		{name: "a choice tightens an override of no limit", bounds: may, override: forRole(Override{MaxConcurrent: whole(0)}), own: count(2), idle: 30, count: 2},
		{name: "the bounds do not loosen an override", bounds: may, override: forRole(Override{Idle: span(2)}), own: idle(1), idle: 2, count: 3},
		{name: "a choice cannot loosen what an operator set", bounds: may, op: Choice{Idle: span(10), MaxConcurrent: whole(2)}, own: Choice{Idle: span(60), MaxConcurrent: whole(5)}, idle: 10, count: 2},
		{name: "a choice of one thing where another was set", bounds: may, op: idle(10), own: Choice{Idle: span(60), MaxConcurrent: whole(5)}, idle: 10, count: 5},
		{name: "the ceiling over an operator", ceiling: Ceiling{Idle: 15 * minute, MaxConcurrent: 2}, op: Choice{Idle: span(120), MaxConcurrent: whole(0)}, idle: 15, count: 2},
		{name: "idle never longer than life", op: idle(10000), idle: 720, count: 3},
	} {
		r := Rules{Base: Limits{Idle: 30 * minute, Lifetime: 12 * time.Hour, MaxConcurrent: 3}, Overrides: row.override, Choice: row.bounds, Ceiling: row.ceiling}
		id := identity.Identity{IDP: "corp", Email: "ana@example.com", Roles: []string{"staff", "contractor"}}
		got := r.For(id, Preferences{Own: row.own, Operator: row.op})
		if got.Idle != row.idle*minute || got.MaxConcurrent != row.count || got.Lifetime != 12*time.Hour {
			t.Errorf("%s: idle %v, %d sessions; want %v, %d", row.name, got.Idle, got.MaxConcurrent, row.idle*minute, row.count)
		}
	}
}

func TestOverridesOfPolicyAndLifetime(t *testing.T) {
	deny, hour := Deny, time.Hour
	r := Rules{Base: Limits{Idle: 30 * minute, Lifetime: 12 * time.Hour}, Overrides: []Override{{IDPs: []string{"hr"}, OnLimit: &deny, Lifetime: &hour}}}
	if l := r.For(identity.Identity{IDP: "hr"}, Preferences{}); l.OnLimit != Deny || l.Lifetime != hour {
		t.Errorf("%+v", l)
	}
	if l := r.For(identity.Identity{IDP: "corp"}, Preferences{}); l.OnLimit != EvictOldest || l.Lifetime != 12*time.Hour {
		t.Errorf("%+v", l)
	}
	r.Ceiling = Ceiling{Lifetime: 20 * minute}
	if l := r.For(identity.Identity{IDP: "hr"}, Preferences{}); l.Lifetime != 20*minute || l.Idle != 20*minute {
		t.Errorf("%+v", l)
	}
}

func TestPoliciesHaveNames(t *testing.T) {
	for _, o := range []OnLimit{EvictOldest, Deny, EvictIdle, Ask} {
		if got, ok := ParseOnLimit(o.String()); !ok || got != o {
			t.Errorf("%v: %v, %v", o, got, ok)
		}
	}
	if _, ok := ParseOnLimit("evict_all"); ok {
		t.Error("a policy that nobody knows")
	}
	if o := OnLimit(200); !o.Refuses() || o.String() != "deny" || (Limits{Idle: 1e9, Lifetime: 1e9, OnLimit: o}).check() == nil {
		t.Error("a policy that nobody knows evicts")
	}
}
