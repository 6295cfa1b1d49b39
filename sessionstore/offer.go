package sessionstore

import (
	"context"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// Offer is what somebody may choose for themselves.
type Offer struct {
	Own           Choice                // what they chose
	Default       Limits                // what holds when they choose nothing
	Idle          *Range[time.Duration] // nil: no idle time to choose
	MaxConcurrent *Range[int]           // nil: no number to choose; a Max of 0 is no limit
}

// Offer returns what id may choose from: the bounds of [Rules].Choice, without
// what would not hold for them. [ErrUnavailable], [ErrFormat].
func (m *Manager) Offer(ctx context.Context, id identity.Identity) (Offer, error) {
	p, err := m.Preferences(ctx, id.Person)
	if err != nil {
		return Offer{}, err
	}
	return m.rules.offer(id, p), nil
}

func (r Rules) offer(id identity.Identity, p Preferences) Offer {
	o := Offer{Own: p.Own, Default: r.For(id, Preferences{Operator: p.Operator})}
	if b := r.Choice.Idle; b != nil {
		low, high := b.Min, b.Max
		most := r.For(id, Preferences{Operator: p.Operator, Own: Choice{Idle: &high}}).Idle
		if most >= low {
			o.Idle = &Range[time.Duration]{Min: low, Max: most}
		}
	}
	if b := r.Choice.MaxConcurrent; b != nil {
		high := b.Max
		most := r.For(id, Preferences{Operator: p.Operator, Own: Choice{MaxConcurrent: &high}}).MaxConcurrent
		if most == 0 || most >= b.Min {
			o.MaxConcurrent = &Range[int]{Min: max(1, b.Min), Max: most}
		}
	}
	return o
}

// Allows reports whether c is among what is offered.
func (o Offer) Allows(c Choice) bool {
	if c.Idle != nil && (o.Idle == nil || *c.Idle < o.Idle.Min || *c.Idle > o.Idle.Max) {
		return false
	}
	if c.MaxConcurrent == nil {
		return true
	}
	n, b := *c.MaxConcurrent, o.MaxConcurrent
	return b != nil && (b.Max == 0 || n != 0 && n <= b.Max) && (n == 0 || n >= b.Min)
}
