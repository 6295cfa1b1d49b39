package proxy

import (
	"sync"
	"time"
)

// seldom lets one of many equal things through in each span of time. What a
// client can cause with every request would otherwise bury the audit log.
type seldom struct {
	span time.Duration
	room int // keys in one span; beyond them nothing is let through
	now  func() time.Time

	mu    sync.Mutex
	began time.Time           // of the span
	seen  map[string]struct{} // :: key let through in it
}

// first reports whether key comes for the first time in this span.
func (s *seldom) first(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.now(); s.seen == nil || now.Sub(s.began) >= s.span {
		s.seen, s.began = map[string]struct{}{}, now
	}
	if _, seen := s.seen[key]; seen || len(s.seen) >= s.room {
		return false
	}
	s.seen[key] = struct{}{}
	return true
}
