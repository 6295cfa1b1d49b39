package faults

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/sessionstore/redis"
)

// table holds a row of figures for each run that was reported.
var table struct {
	sync.Mutex
	rows []string // guarded by the Mutex
}

// columns are what they are the figures of.
var columns = []string{"fault", "seconds", "times", "signed in", "ended", "refused", "answers", "served", "503", "silent", "after its end", "lost", "undone", "recovery"}

func TestMain(m *testing.M) {
	redis.Quiet()
	status := testenv.Main(m)
	if len(table.rows) > 0 {
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(w, strings.Join(columns, "\t")+"\t")
		for _, row := range table.rows {
			fmt.Fprintln(w, row)
		}
		if err := w.Flush(); err != nil {
			status = 1
		}
	}
	os.Exit(status)
}

// report fails the test for every promise that was broken, and for a run that
// shows nothing, and notes the figures.
func (r *run) report(name string) {
	r.Helper()
	for i, w := range r.broke() {
		if i == 10 {
			r.Errorf("and %d more", len(r.wrong)-i)
			break
		}
		r.Errorf("broken: %s: %s", w.promise, w.how)
	}
	f := r.figures
	n := f.answers
	if f.begun < 20 || f.ended < 10 || n[served] < 200 || n[nobody] < 20 || f.bursts == 0 {
		r.Errorf("too little happened: %+v", f)
	}
	row := fmt.Sprintf("%s\t%.0f\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%v\t%d\t%d\t%v\t", name, time.Since(r.began).Seconds(), r.struck,
		f.begun, f.ended, f.refused, n[served]+n[nobody]+n[away]+n[silence]+n[odd], n[served], n[away], n[silence],
		f.latest.Round(time.Millisecond), f.lost, f.undone, r.recovery.Round(10*time.Millisecond))
	table.Lock()
	defer table.Unlock()
	table.rows = append(table.rows, row)
}
