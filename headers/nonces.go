package headers

import (
	"sync"
	"time"
)

// nonces remembers the signatures of the last minutes in bounded memory, in two
// generations. When the young one is full, or all of the old one has expired,
// it takes the place of the old one. Whoever is then forgotten before its time
// leaves a mark: nothing that was made no later is taken any more.
type nonces struct {
	room int // entries in one generation

	mu         sync.Mutex
	young, old generation
	mark       time.Time
}

type generation struct {
	seen    map[string]struct{} // :: key id and nonce
	created time.Time           // the latest
	end     time.Time           // when the last has expired
}

func newNonces(most int) *nonces { return &nonces{room: most / 2} }

// claim reports whether this is the first time that it sees a nonce, made at
// created, of a signature that nobody believes any more at end.
func (n *nonces) claim(now time.Time, nonce string, created, end time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !created.After(n.mark) || n.young.has(nonce) || n.old.has(nonce) {
		return false
	}
	if len(n.young.seen) >= n.room || !now.Before(n.old.end) {
		n.turn(now)
	}
	n.young.add(nonce, created, end)
	return true
}

func (n *nonces) turn(now time.Time) {
	if now.Before(n.old.end) && n.old.created.After(n.mark) {
		n.mark = n.old.created
	}
	n.young, n.old = generation{}, n.young
}

func (g *generation) has(nonce string) bool {
	_, seen := g.seen[nonce]
	return seen
}

func (g *generation) add(nonce string, created, end time.Time) {
	if g.seen == nil {
		g.seen = map[string]struct{}{}
	}
	g.seen[nonce] = struct{}{}
	if created.After(g.created) {
		g.created = created
	}
	if end.After(g.end) {
		g.end = end
	}
}
