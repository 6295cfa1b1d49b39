package storetest

import (
	"slices"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
)

func nameHash(n byte) sessionstore.NameHash { return sessionstore.NameHash{0: n, 15: 0xff} }

func indexHash(n byte) sessionstore.IndexHash { return sessionstore.IndexHash{0: n, 5: 0xff} }

// entry returns an entry of a new session of p.
func (b *bench) entry(n int, index byte) sessionstore.Entry {
	b.Helper()
	id, err := sessionstore.NewID(person(n))
	b.must(err)
	return sessionstore.Entry{ID: id, Index: indexHash(index)}
}

// enlist adds an entry and returns the logouts that concern it.
func (b *bench) enlist(name byte, e sessionstore.Entry, ttl time.Duration) []sessionstore.Logout {
	b.Helper()
	all, err := b.Store.Enlist(b.ctx(), nameHash(name), e, ttl)
	b.must(err)
	return all
}

// namedBy checks which entries a name has: in any order, but each once.
func (b *bench) namedBy(name byte, index *sessionstore.IndexHash, want ...sessionstore.Entry) {
	b.Helper()
	got, err := b.Store.Listed(b.ctx(), nameHash(name), index, sessionstore.Entry{})
	b.must(err)
	if len(got) != len(want) {
		b.Errorf("%d entries, want %d", len(got), len(want))
	}
	for _, e := range want {
		if !slices.Contains(got, e) {
			b.Errorf("%v is missing", e.ID)
		}
	}
}

func nameCases() map[string]func(*bench) {
	return map[string]func(*bench){
		"entries of a name": func(b *bench) {
			one, two, far := b.entry(1, 1), b.entry(1, 2), b.entry(2, 2)
			other := b.entry(1, 1)
			for _, e := range []sessionstore.Entry{one, two, far, one} { // the last a repetition
				b.enlist(1, e, time.Hour)
			}
			b.enlist(2, other, time.Hour)
			b.namedBy(1, nil, one, two, far)
			second, third := indexHash(2), indexHash(3)
			b.namedBy(1, &second, two, far)
			b.namedBy(1, &third)
			b.namedBy(3, nil)
			b.must(b.Store.Delist(b.ctx(), nameHash(1), []sessionstore.Entry{one, far, other}))
			b.must(b.Store.Delist(b.ctx(), nameHash(3), []sessionstore.Entry{one}))
			b.must(b.Store.Delist(b.ctx(), nameHash(1), []sessionstore.Entry{one}))
			b.namedBy(1, nil, two)
			b.namedBy(2, nil, other)
		},
		"many entries of a name come in pages": func(b *bench) {
			const many = 2*sessionstore.MaxRows + 7
			all := make(map[sessionstore.Entry]bool)
			for i := range many {
				e := b.entry(i, byte(i%3))
				all[e] = true
				b.enlist(1, e, time.Hour)
			}
			var after sessionstore.Entry
			pages := 0
			for {
				page, err := b.Store.Listed(b.ctx(), nameHash(1), nil, after)
				b.must(err)
				for _, e := range page {
					if !all[e] {
						b.Fatalf("%v is listed twice, or never was enlisted", e.ID)
					}
					delete(all, e)
				}
				pages++
				if len(page) < sessionstore.MaxRows {
					break
				}
				after = page[len(page)-1]
			}
			if len(all) != 0 || pages != 3 {
				b.Errorf("%d entries are missing after %d pages", len(all), pages)
			}
			first := indexHash(0)
			page, err := b.Store.Listed(b.ctx(), nameHash(1), &first, sessionstore.Entry{})
			b.must(err)
			rest := 0
			for _, e := range page {
				if e.Index != first {
					rest++
				}
			}
			if len(page) != (many+2)/3 || rest != 0 {
				b.Errorf("%d entries of one index, %d of others", len(page), rest)
			}
		},
		"entries that are over go": func(b *bench) {
			for range 30 {
				b.enlist(1, b.entry(1, 1), time.Second)
			}
			b.Advance(2100 * time.Millisecond)
			last := b.entry(1, 1)
			b.enlist(1, last, time.Hour)
			for range 3 { // each frees some
				b.enlist(1, last, time.Hour)
			}
			b.namedBy(1, nil, last)
		},
		"logouts concern whom they name": func(b *bench) {
			at := b.Now().Truncate(time.Second)
			one := b.entry(1, 1)
			if all := b.enlist(1, one, time.Hour); len(all) != 0 {
				b.Errorf("logged out before anybody was: %v", all)
			}
			b.must(b.Store.NoteLogout(b.ctx(), nameHash(1), []sessionstore.Logout{{Index: indexHash(1), Issued: at}, {Index: indexHash(2)}}))
			first := b.enlist(1, one, time.Hour)
			if len(first) != 1 || first[0].All || first[0].Index != one.Index || !first[0].Issued.Equal(at) || first[0].Seq == 0 {
				b.Fatalf("noted %+v", first)
			}
			b.must(b.Store.NoteLogout(b.ctx(), nameHash(1), []sessionstore.Logout{{All: true}}))
			second := b.enlist(1, one, time.Hour)
			if len(second) != 2 {
				b.Fatalf("noted %+v", second)
			}
			i := slices.IndexFunc(second, func(l sessionstore.Logout) bool { return l.All })
			if i < 0 || !second[i].Issued.IsZero() || second[i].Seq <= first[0].Seq {
				b.Errorf("noted %+v", second)
			}
			if all := b.enlist(1, b.entry(1, 3), time.Hour); len(all) != 1 || !all[0].All {
				b.Errorf("another index: %+v", all)
			}
			if all := b.enlist(2, b.entry(1, 1), time.Hour); len(all) != 0 {
				b.Errorf("another name: %+v", all)
			}
		},
		"logouts beyond the most are forgotten, oldest first": func(b *bench) {
			b.must(b.Store.NoteLogout(b.ctx(), nameHash(1), []sessionstore.Logout{{Index: indexHash(1)}, {Index: indexHash(2)}}))
			var many []sessionstore.Logout
			for i := range sessionstore.MaxLogouts - 1 {
				many = append(many, sessionstore.Logout{Index: sessionstore.IndexHash{byte(i), byte(i >> 8), 1}})
			}
			b.must(b.Store.NoteLogout(b.ctx(), nameHash(1), many))
			left := len(b.enlist(1, b.entry(1, 1), time.Hour)) + len(b.enlist(1, b.entry(1, 2), time.Hour))
			last := b.entry(1, 0)
			last.Index = many[len(many)-1].Index
			if left != 1 || len(b.enlist(1, last, time.Hour)) != 1 {
				b.Errorf("%d of the two oldest are left", left)
			}
		},
	}
}
