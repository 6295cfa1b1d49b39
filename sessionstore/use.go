package sessionstore

import "time"

// use notes that the session was used at now.
func (s *Session) use(now time.Time) {
	if s.used == nil {
		return
	}
	at := int64(now.Sub(s.LastSeen))
	for last := s.used.Load(); at > last; last = s.used.Load() {
		if s.used.CompareAndSwap(last, at) {
			return
		}
	}
}

// Used notes that s is used now, and reports whether [Manager.Touch] has a use to
// write. It asks nobody.
func (m *Manager) Used(s *Session) (due bool) {
	now := m.now()
	s.use(now)
	recorded, interval := s.LastSeen.UnixMilli(), Interval(s.Idle).Milliseconds()
	if s.recorded != nil {
		recorded = s.recorded.Load()
	}
	// See Touch.
	age := now.UnixMilli() - recorded + 1
	return age >= interval || age <= -interval
}

// LastUse returns when the session was last used as far as this process knows:
// what the store recorded, or a later [Manager.Touch].
func (s *Session) LastUse() time.Time {
	if s.used == nil {
		return s.LastSeen
	}
	return s.LastSeen.Add(time.Duration(s.used.Load()))
}

// End returns when the session is over unless it is used meanwhile, here or
// elsewhere: only the store knows that. See [Record.End].
func (s *Session) End() time.Time {
	if end := s.LastUse().Add(s.Idle + Interval(s.Idle)); end.Before(s.Expires) {
		return end
	}
	return s.Expires
}
