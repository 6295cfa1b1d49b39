package config

import (
	"fmt"
	"slices"
	"time"
)

// overrides: each is about some people, and its limits fit together with those it
// leaves as they are.
func (c *checker) overrides(s *Session) {
	names := c.cfg.SAML.names()
	for i, o := range s.Overrides {
		path := fmt.Sprintf("session.overrides[%d]", i)
		if len(o.Roles)+len(o.Emails)+len(o.EmailDomains)+len(o.IDPs) == 0 && !c.unknown(path) {
			c.mistake(path, "is about nobody: it needs roles, emails, email_domains or idps; limits for everybody are those of session")
		}
		for j, name := range o.IDPs {
			if at := fmt.Sprintf("%s.idps[%d]", path, j); !c.unknown(at) && len(names) > 0 && !slices.Contains(names, name) {
				c.mistake(at, "%s is no identity provider of this file%s", c.quoted(at), c.hint(at, name, names))
			}
		}
		if len(o.Roles) > 0 && len(c.cfg.SAML.IDPs) > 1 && len(o.IDPs) == 0 && !c.unknown(path+".idps") {
			c.mistake(path+".idps", "is required: with two or more identity providers an override with roles names whose roles count")
		}
		c.overrideTimes(path, s, o)
	}
}

func (c *checker) overrideTimes(path string, s *Session, o Override) {
	idle, life := s.IdleTimeout, s.MaxLifetime
	if o.IdleTimeout != nil {
		idle = *o.IdleTimeout
		c.atLeastASecond(path+".idle_timeout", idle)
	}
	if o.MaxLifetime != nil {
		life = *o.MaxLifetime
		c.atLeastASecond(path+".max_lifetime", life)
	}
	if o.IdleTimeout != nil && idle > life && !c.unknown(path+".idle_timeout") && !c.unknown(path+".max_lifetime") && !c.unknown("session.max_lifetime") {
		c.mistake(path+".idle_timeout", "is longer than the max_lifetime that these people have")
	}
}

func (c *checker) atLeastASecond(path string, d time.Duration) {
	if d < time.Second && !c.unknown(path) {
		c.mistake(path, "must be at least 1s")
	}
}

// routeSession: a route can only be stricter than the session.
func (c *checker) routeSession(path string, r *Route) {
	for _, limit := range []struct {
		key  string
		d, s time.Duration
	}{{"idle_timeout", r.Session.IdleTimeout, c.cfg.Session.IdleTimeout}, {"max_lifetime", r.Session.MaxLifetime, c.cfg.Session.MaxLifetime}} {
		at := path + ".session." + limit.key
		if limit.d == 0 {
			continue
		}
		c.atLeastASecond(at, limit.d)
		if len(c.cfg.Session.Overrides) == 0 && limit.d > limit.s && !c.unknown(at) && !c.unknown("session."+limit.key) {
			c.warn(at, "has no effect: session.%s is shorter", limit.key)
		}
	}
}
