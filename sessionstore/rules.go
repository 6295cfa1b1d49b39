package sessionstore

import (
	"slices"
	"time"

	"github.com/samlgate/samlgate/identity"
)

// Rules say which limits hold for whom. The zero Rules say nothing: sessions go on
// as they were started.
type Rules struct {
	Base      Limits
	Overrides []Override // the first that matches counts
	Choice    Bounds     // of what people may choose
	Ceiling   Ceiling    // nobody is above it
}

// Override changes the base for some people. Within a list any value is enough;
// all lists that are given must match, where emails and email domains count as
// one. Nil fields change nothing.
type Override struct {
	Roles        []string // as the session carries them
	Emails       []identity.Email
	EmailDomains []string // A-labels in lower case, compared for equality
	IDPs         []string

	Idle, Lifetime *time.Duration
	MaxConcurrent  *int
	OnLimit        *OnLimit
}

// Bounds are what people may choose from; nil where they may not choose.
type Bounds struct {
	Idle          *Range[time.Duration]
	MaxConcurrent *Range[int] // 0 = no limit, as in Limits
}

// Range is both ends, included.
type Range[T any] struct{ Min, Max T }

// Ceiling bounds the limits of everybody; zero fields bound nothing.
type Ceiling struct {
	Idle, Lifetime time.Duration
	MaxConcurrent  int
}

// For returns the limits that hold for a session of id. The base of each is what
// an operator gave this person, else what the first matching override says, else
// [Rules.Base]. The person's own choice is brought inside the bounds, and loosens
// a limit only where nobody set one for them. The ceiling comes last.
func (r Rules) For(id identity.Identity, p Preferences) Limits {
	l := r.Base
	o := r.override(id)
	setIdle, setCount := take(&l.Idle, o.Idle, p.Operator.Idle), take(&l.MaxConcurrent, o.MaxConcurrent, p.Operator.MaxConcurrent)
	take(&l.Lifetime, o.Lifetime)
	take(&l.OnLimit, o.OnLimit)
	if b := r.Choice.Idle; b != nil && p.Own.Idle != nil {
		own := max(b.Min, min(b.Max, *p.Own.Idle))
		if setIdle {
			own = min(own, l.Idle)
		}
		l.Idle = own
	}
	if b := r.Choice.MaxConcurrent; b != nil && p.Own.MaxConcurrent != nil {
		own := within(*p.Own.MaxConcurrent, *b)
		if setCount {
			own = fewer(own, l.MaxConcurrent)
		}
		l.MaxConcurrent = own
	}
	if c := r.Ceiling; c != (Ceiling{}) {
		l.Idle, l.Lifetime = shorter(l.Idle, c.Idle), shorter(l.Lifetime, c.Lifetime)
		l.MaxConcurrent = fewer(l.MaxConcurrent, c.MaxConcurrent)
	}
	l.Idle = min(l.Idle, l.Lifetime)
	return l
}

func (r Rules) set() bool { return r.Base != (Limits{}) }

func (r Rules) override(id identity.Identity) Override {
	for _, o := range r.Overrides {
		if o.matches(id) {
			return o
		}
	}
	return Override{}
}

// matches reports whether o is about id. One that is about nobody in particular
// is about nobody.
func (o Override) matches(id identity.Identity) bool {
	byEmail := len(o.Emails)+len(o.EmailDomains) > 0
	if !byEmail && len(o.Roles)+len(o.IDPs) == 0 {
		return false
	}
	switch {
	case len(o.Roles) > 0 && !slices.ContainsFunc(id.Roles, func(role string) bool { return slices.Contains(o.Roles, role) }):
		return false
	case len(o.IDPs) > 0 && !slices.Contains(o.IDPs, id.IDP):
		return false
	case byEmail:
		return id.Email != "" && (slices.Contains(o.Emails, id.Email) || slices.Contains(o.EmailDomains, id.Email.Domain()))
	}
	return true
}

// take puts the last of values that is given into to, and reports whether any is.
func take[T any](to *T, values ...*T) (given bool) {
	for _, v := range values {
		if v != nil {
			*to, given = *v, true
		}
	}
	return given
}

// within brings n inside b, where 0 is more than everything.
func within(n int, b Range[int]) int {
	if n != 0 {
		n = max(n, b.Min)
	}
	return fewer(n, b.Max)
}

// fewer returns the stricter of two counts, of which 0 is infinite.
func fewer(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// shorter returns the stricter of a and a bound, of which 0 bounds nothing.
func shorter(a, bound time.Duration) time.Duration {
	if bound > 0 {
		return min(a, bound)
	}
	return a
}
