package gateway

import (
	"fmt"
	"time"

	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/sessionstore"
)

// limitRules are the limits of sessions, for everybody and for some.
func limitRules(s config.Session) (sessionstore.Rules, error) {
	on, ok := sessionstore.ParseOnLimit(s.OnLimit)
	if !ok {
		return sessionstore.Rules{}, fmt.Errorf("on_limit: no policy is called %q", s.OnLimit)
	}
	r := sessionstore.Rules{Base: sessionstore.Limits{Idle: s.IdleTimeout, Lifetime: s.MaxLifetime, MaxConcurrent: s.MaxConcurrent, OnLimit: on}}
	for i, c := range s.Overrides {
		o, err := override(c)
		if err != nil {
			return r, fmt.Errorf("overrides[%d]: %w", i, err)
		}
		r.Overrides = append(r.Overrides, o)
	}
	if c := s.UserChoice; c != nil {
		if c.IdleTimeout != nil {
			r.Choice.Idle = &sessionstore.Range[time.Duration]{Min: c.IdleTimeout.Min, Max: c.IdleTimeout.Max}
		}
		if c.MaxConcurrent != nil {
			r.Choice.MaxConcurrent = &sessionstore.Range[int]{Min: c.MaxConcurrent.Min, Max: c.MaxConcurrent.Max}
		}
	}
	return r, nil
}

func override(c config.Override) (sessionstore.Override, error) {
	o := sessionstore.Override{Roles: c.Roles, IDPs: c.IDPs, Idle: c.IdleTimeout, Lifetime: c.MaxLifetime, MaxConcurrent: c.MaxConcurrent}
	who, err := rules(config.Allow{Emails: c.Emails, EmailDomains: c.EmailDomains})
	if err != nil {
		return o, err
	}
	o.Emails, o.EmailDomains = who.Emails, who.EmailDomains
	if c.OnLimit != "" {
		on, ok := sessionstore.ParseOnLimit(c.OnLimit)
		if !ok {
			return o, fmt.Errorf("on_limit: no policy is called %q", c.OnLimit)
		}
		o.OnLimit = &on
	}
	return o, nil
}
