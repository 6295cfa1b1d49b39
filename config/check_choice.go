package config

import "time"

// userChoice: bounds within which people may choose must leave something to choose.
func (c *checker) userChoice(s *Session) {
	u := s.UserChoice
	if u == nil {
		return
	}
	const path = "session.user_choice"
	if d := u.IdleTimeout; d != nil && !c.unknown(path+".idle_timeout") {
		switch {
		case d.Min < time.Second:
			c.mistake(path+".idle_timeout", "min must be at least 1s")
		case d.Min%time.Second != 0 || d.Max%time.Second != 0:
			c.mistake(path+".idle_timeout", "must be whole seconds")
		case d.Max < d.Min:
			c.mistake(path+".idle_timeout", "max is less than min")
		case d.Max > s.MaxLifetime && !c.unknown("session.max_lifetime"):
			c.mistake(path+".idle_timeout", "max is longer than max_lifetime")
		}
	}
	if n := u.MaxConcurrent; n != nil && !c.unknown(path+".max_concurrent") {
		switch {
		case n.Min < 1:
			c.mistake(path+".max_concurrent", "min must be at least 1")
		case n.Max < 0 || n.Max != 0 && n.Max < n.Min:
			c.mistake(path+".max_concurrent", "max is less than min; 0 is no limit")
		}
	}
}
