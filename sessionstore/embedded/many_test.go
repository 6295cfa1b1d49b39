package embedded_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
)

// crowd fills a file with n sessions, each with a body of 400 bytes and an entry
// for single logout, and returns one of them.
func crowd(t testing.TB, path string, n int) (some sessionstore.ID) {
	t.Helper()
	d := open(t, path, time.Now)
	for i := range n {
		p := person(i)
		id, err := begin(t.Context(), d.Store, p) // of the memory alone: Close writes all
		if err != nil {
			t.Fatal(err)
		}
		h := p.Hash()
		if _, err := d.Enlist(t.Context(), sessionstore.NameHash(h[:]), sessionstore.Entry{ID: id}, time.Hour); err != nil {
			t.Fatal(err)
		}
		some = id
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return some
}

// A gateway with many sessions starts within seconds, all checks included.
func TestManySessions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	id := crowd(t, path, 20_000)
	began := time.Now()
	d := open(t, path, time.Now)
	if took := time.Since(began); took > 20*time.Second { // two tenths, on two cores that do nothing else
		t.Errorf("opening took %v", took)
	}
	if _, err := d.Load(t.Context(), id); err != nil {
		t.Error(err)
	}
}

// BenchmarkOpen is the start of a gateway with 100,000 sessions.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "state.db")
	crowd(b, path, 100_000)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size()/100_000), "B/session")
	for b.Loop() {
		if err := open(b, path, time.Now).Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDurable shows what one call costs over 20,000 sessions, alone and with
// 64 at once, which share their transactions.
func BenchmarkDurable(b *testing.B) {
	path := filepath.Join(b.TempDir(), "state.db")
	crowd(b, path, 20_000)
	d := open(b, path, time.Now)
	for _, many := range []int{1, 64} {
		name := map[int]string{1: "alone", 64: "64-at-once"}[many]
		var ids []sessionstore.ID
		b.Run("create/"+name, func(b *testing.B) {
			ids = together(b, many, func(n int) sessionstore.ID {
				id, err := begin(b.Context(), d, person(n))
				if err != nil {
					b.Error(err)
				}
				return id
			})
		})
		b.Run("touch/"+name, func(b *testing.B) {
			together(b, many, func(n int) sessionstore.ID {
				if err := d.Touch(b.Context(), ids[n%len(ids)], 0); err != nil {
					b.Error(err)
				}
				return ""
			})
		})
		b.Run("end-all/"+name, func(b *testing.B) {
			together(b, many, func(n int) sessionstore.ID {
				p := person(n)
				if _, err := d.EndAll(b.Context(), p.Hash(), sessionstore.ReasonSelf); err != nil {
					b.Error(err)
				}
				return ""
			})
		})
	}
}

// together calls do b.N times from so many goroutines, and returns what it did.
func together(b *testing.B, goroutines int, do func(int) sessionstore.ID) []sessionstore.ID {
	work, done := make(chan int), make(chan []sessionstore.ID)
	for range goroutines {
		go func() { // ends with the work
			var mine []sessionstore.ID
			for n := range work {
				mine = append(mine, do(n))
			}
			done <- mine
		}()
	}
	b.ResetTimer()
	for n := range b.N {
		work <- n
	}
	close(work)
	var all []sessionstore.ID
	for range goroutines {
		all = append(all, <-done...)
	}
	return all
}

// BenchmarkMemory is the same without a file.
func BenchmarkMemory(b *testing.B) {
	s := embedded.New(time.Now)
	b.Run("create", func(b *testing.B) {
		for n := range b.N {
			if _, err := begin(b.Context(), s, person(n)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
