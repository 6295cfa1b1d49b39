package hot

import (
	"sync"
	"sync/atomic"

	"github.com/samlgate/samlgate/sessionstore"
)

// shardsMost is how many parts a cache has, so that requests rarely meet at a
// lock. One that is small has fewer: a part must hold more than a few sessions.
const (
	shardsMost  = 64
	shardLeast  = 64 << 10
	victimsSeen = 8 // of so many, the one that was not served for the longest goes
)

// shard is a part of a cache.
type shard struct {
	mu    sync.RWMutex
	slots map[Key]*slot // guarded by mu
	bytes int64         // guarded by mu: of the slots
	most  int64
	hits  atomic.Uint64
	_     [64]byte // no cache line in common with the next
}

func newShards(bytes int64) []shard {
	n := int64(1)
	for n < shardsMost && bytes/(2*n) >= shardLeast {
		n *= 2
	}
	all := make([]shard, n)
	for i := range all {
		all[i].slots = make(map[Key]*slot)
		all[i].most = max(0, bytes) / n
	}
	return all
}

// shard returns the part that k belongs to, by the end of the cookie: there is
// its MAC, which is as good as random for all that are ever stored.
func (c *Cache) shard(k Key) *shard {
	sum := uint(0)
	for i := max(0, len(k.Cookie)-8); i < len(k.Cookie); i++ {
		sum = sum*31 + uint(k.Cookie[i])
	}
	return &c.shards[sum&uint(len(c.shards)-1)]
}

func (sh *shard) find(k Key) *slot {
	sh.mu.RLock()
	s := sh.slots[k]
	sh.mu.RUnlock()
	return s
}

// add puts s in its place and returns who has to go for it.
func (sh *shard) add(s *slot) (gone []*slot) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if old := sh.slots[s.key]; old != nil {
		gone = append(gone, old)
		sh.bytes -= old.size
	}
	sh.slots[s.key] = s
	sh.bytes += s.size
	for sh.bytes > sh.most {
		v := sh.victim(s)
		if v == nil {
			break
		}
		gone = append(gone, v)
		delete(sh.slots, v.key)
		sh.bytes -= v.size
	}
	return gone
}

// victim chooses who goes: of a few that a map happens to offer, the one that
// was not served for the longest. The lock is held.
func (sh *shard) victim(keep *slot) (v *slot) {
	seen := 0
	for _, s := range sh.slots {
		if s == keep {
			continue
		}
		if v == nil || s.seen.Load() < v.seen.Load() {
			v = s
		}
		if seen++; seen == victimsSeen {
			break
		}
	}
	return v
}

func (sh *shard) remove(s *slot) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.slots[s.key] == s {
		delete(sh.slots, s.key)
		sh.bytes -= s.size
	}
}

// What things take beside their bytes, in a 64-bit process, measured.
const (
	slotBytes   = 640 // slot, value, session, and their places in two maps
	stringBytes = 16
	listBytes   = 64
)

func sizeOf(k Key, s *sessionstore.Session) int64 {
	id := &s.Identity
	n := slotBytes + 2*len(k.Host) + 2*len(k.Cookie) + 2*len(s.ID) + len(id.Person) + len(id.Email) + len(id.IDP) + len(id.FirstName) + len(id.LastName) +
		len(id.Username) + len(id.EmployeeID) + len(id.NameID.Value) + len(id.NameID.Format) + len(id.Authn.SessionIndex) + len(s.Client.Addr) + len(s.Client.Agent)
	for _, role := range id.Roles {
		n += stringBytes + len(role)
	}
	for name, values := range id.Attributes {
		n += listBytes + len(name)
		for _, v := range values {
			n += stringBytes + len(v)
		}
	}
	return int64(n)
}
