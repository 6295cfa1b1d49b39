package redis

import (
	"fmt"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/sessionstore"
)

// reads is how often the server has read from its connections: once for what is
// sent together. The question counts too.
func (c *crowd) reads() int {
	c.Helper()
	n, err := strconv.Atoi(parseInfo(c.client.Info(c.Context(), "stats").Val())["total_reads_processed"])
	if err != nil {
		c.Fatal(err)
	}
	return n
}

// busy is the processor time that this process and the server have taken.
func (c *crowd) busy() time.Duration {
	c.Helper()
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		c.Fatal(err)
	}
	theirs := 0.0
	info := parseInfo(c.client.Info(c.Context(), "cpu").Val())
	for _, key := range []string{"used_cpu_user", "used_cpu_sys"} {
		seconds, err := strconv.ParseFloat(info[key], 64)
		if err != nil {
			c.Fatal(err)
		}
		theirs += seconds
	}
	return time.Duration(own.Utime.Nano() + own.Stime.Nano() + int64(theirs*1e9))
}

// BenchmarkLoads shows what it costs to read sessions, alone and as many at once
// as a gateway ever asks for: "reads" are round trips.
func BenchmarkLoads(b *testing.B) {
	c := newCrowd(b, false)
	const n = 1000
	c.signIn(n, c.person, sessionstore.Limits{Idle: time.Hour, Lifetime: time.Hour})
	var ids []sessionstore.ID
	for i := range n {
		rows, err := c.Store.List(b.Context(), identity.Person(c.person(i)).Hash())
		if err != nil || len(rows) != 1 {
			b.Fatal(len(rows), err)
		}
		ids = append(ids, rows[0].ID)
	}
	for _, together := range []int{1, 8, 64} {
		b.Run(fmt.Sprint(together), func(b *testing.B) {
			reads, busy, loads := c.reads(), c.busy(), 0
			for b.Loop() {
				var all sync.WaitGroup
				for i := range together {
					all.Go(func() {
						if _, err := c.Store.Load(b.Context(), ids[(loads+i)%n]); err != nil {
							b.Error(err)
						}
					})
				}
				all.Wait()
				loads += together
			}
			b.ReportMetric(float64(c.reads()-reads)/float64(loads), "reads/load")
			b.ReportMetric(float64((c.busy()-busy).Microseconds())/float64(loads), "cpu-µs/load")
		})
	}
}
