package sessionstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/samlgate/samlgate/identity"
)

// PeoplePage is a part of all who are signed in, in the order of their buckets
// and hashes.
type PeoplePage struct {
	People []Present
	Next   string // where the next page begins; empty: that was all
}

// Present is somebody who is signed in.
type Present struct {
	Person   identity.Person
	Sessions []*Session // at least one, in the order of their handles
}

// People returns those who are signed in behind after (empty: from the first
// on), at most most of them (1 to [MaxRows]), or fewer: whether there are more is
// told by Next alone. It reads whole buckets.
func (m *Manager) People(ctx context.Context, after string, most int) (PeoplePage, error) {
	if most < 1 || most > MaxRows {
		return PeoplePage{}, errors.New("listing people: a page has 1 to 1000 of them")
	}
	var page PeoplePage
	name, _, _ := strings.Cut(after, ".")
	first, _ := ParseBucket(name)
	looked, more := 0, true
	err := m.walk(ctx, first, func(in []Bucket, ids []ID) (bool, error) {
		groups, err := m.together(ctx, ids)
		if err != nil {
			return false, err
		}
		for _, g := range groups {
			if g.key <= after || len(g.sessions) == 0 {
				continue
			}
			if len(page.People) == most {
				return false, nil
			}
			page.Next = g.key
			page.People = append(page.People, Present{g.sessions[0].Identity.Person, g.sessions})
		}
		if looked += len(ids); looked < maxLook {
			more = in[len(in)-1] < Buckets-1
			return true, nil
		}
		page.Next = in[len(in)-1].String() + beyondHashes
		return false, nil
	})
	if err != nil {
		return PeoplePage{}, fmt.Errorf("listing people: %w", err)
	}
	if !more {
		page.Next = ""
	}
	return page, nil
}

// beyondHashes follows a bucket and is greater than what follows it elsewhere.
const beyondHashes = ".~"

// group is the sessions of one person.
type group struct {
	key      string // bucket, dot, hash of the person
	sessions []*Session
}

// together returns what is live of ids, by person, in the order of the keys.
func (m *Manager) together(ctx context.Context, ids []ID) ([]group, error) {
	found := make(map[string][]*Session)
	for all := inOrder(ids, ""); len(all) > 0; {
		n := min(len(all), MaxRows)
		asked := m.now()
		rows, err := m.store.Rows(ctx, bare(all[:n]))
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if s, ok := m.seen(row, asked); ok {
				key := BucketOf(row.Person).String() + "." + encode(row.Person[:])
				found[key] = append(found[key], s)
			}
		}
		all = all[n:]
	}
	groups := make([]group, 0, len(found))
	for key, sessions := range found {
		groups = append(groups, group{key, sessions})
	}
	slices.SortFunc(groups, func(a, b group) int { return cmp.Compare(a.key, b.key) })
	return groups, nil
}
