package storetest

import (
	"fmt"
	"strings"
	"time"
)

func listCases() map[string]func(*bench) {
	holds := func(b *bench, key, want string) {
		b.Helper()
		values, err := b.Store.Recent(b.ctx(), key)
		b.must(err)
		var got []string
		for _, v := range values {
			got = append(got, string(v))
		}
		if s := strings.Join(got, " "); s != want {
			b.Errorf("%s holds %q, want %q", key, s, want)
		}
	}
	return map[string]func(*bench){
		"a list keeps the newest": func(b *bench) {
			holds(b, "list", "")
			for i := range 5 {
				b.must(b.Store.Append(b.ctx(), "list", fmt.Appendf(nil, "%d", i), 3, time.Minute))
			}
			holds(b, "list", "4 3 2")
			b.must(b.Store.Append(b.ctx(), "list", []byte("3"), 3, time.Minute)) // its own repetition
			holds(b, "list", "4 3 2")
			b.must(b.Store.Append(b.ctx(), "list", []byte("\x00\xff"), 2, time.Minute))
			holds(b, "list", "\x00\xff 4")
			holds(b, "other", "")
		},
		"a list ends in time": func(b *bench) {
			b.must(b.Store.Append(b.ctx(), "list", []byte("old"), 9, time.Second))
			b.Advance(600 * time.Millisecond)
			b.must(b.Store.Append(b.ctx(), "list", []byte("new"), 9, time.Second))
			b.Advance(600 * time.Millisecond)
			holds(b, "list", "new old")
			b.Advance(time.Second)
			holds(b, "list", "")
			b.must(b.Store.Append(b.ctx(), "list", []byte("next"), 9, time.Second))
			holds(b, "list", "next")
		},
		"a list takes many at once": func(b *bench) {
			together(20, func(i int) { b.must(b.Store.Append(b.ctx(), "list", fmt.Appendf(nil, "%d", i), 15, time.Minute)) })
			if values, err := b.Store.Recent(b.ctx(), "list"); err != nil || len(values) != 15 {
				b.Errorf("%d values, %v", len(values), err)
			}
		},
	}
}
