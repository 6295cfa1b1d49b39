package headers

import (
	"sync"
	"sync/atomic"
	"time"
)

// token is a signed token with everything it was made of.
type token struct {
	audience string
	values   Values
	token    string
	made     time.Time
	renewing atomic.Bool
}

// place is where a token is kept. The token found there is used only when all
// its values are the ones asked for, so that nobody's token reaches another.
type place struct{ audience, session string }

// cache keeps tokens in two generations. When the young one is full or old
// enough it takes the place of the old one, so memory is bounded and dead
// sessions disappear by themselves.
type cache struct {
	span time.Duration // a generation's age
	room int           // entries in one generation

	mu         sync.RWMutex
	young, old map[place]*token // :: (audience, session) → last token
	began      time.Time        // when young was made
}

func newCache(entries int, span time.Duration) *cache {
	return &cache{span: span, room: entries / 2, young: map[place]*token{}}
}

// get returns the token for exactly this audience and these values, or nil.
func (c *cache) get(audience string, v Values) *token {
	p := place{audience, v.SessionID}
	c.mu.RLock()
	t := c.young[p]
	if t == nil {
		t = c.old[p]
	}
	c.mu.RUnlock()
	if t == nil || !t.values.equal(v) {
		return nil
	}
	return t
}

func (c *cache) put(t *token) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= c.room || t.made.Sub(c.began) >= c.span {
		c.young, c.old = map[place]*token{}, c.young
		c.began = t.made
	}
	c.young[place{t.audience, t.values.SessionID}] = t
}
