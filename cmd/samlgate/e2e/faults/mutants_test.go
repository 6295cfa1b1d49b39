package faults

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// mutant is this source with one thing less, which the checker must notice.
type mutant struct {
	name    string
	file    string // from the top of the repository
	was, is string // one place in it
	fault   string // under which it shows
	promise string // that it breaks
}

var mutants = []mutant{
	{
		name: "without the lease", file: "sessionstore/hot/lane.go",
		was:   "return l.proven.Load() == round && at-time.Duration(l.sent.Load()) < Lease && l.round.Load() == round",
		is:    "return l.proven.Load() == round && l.round.Load() == round",
		fault: "one gateway cut off", promise: doubtIsNo,
	},
	{
		name: "without the epochs", file: "sessionstore/redis/scripts/common.lua",
		was:   " or p ~= count(person_epoch(h.person)) or b ~= count(bucket_epoch)",
		is:    "",
		fault: "gateway killed", promise: endIsEnd,
	},
	{
		name: "with a limit in two steps", file: "sessionstore/redis/store.go",
		was: `	cmd, lone := s.runAndHold(ctx, "create",`,
		is: `	held, _ := s.List(ctx, c.Person)
	for i := 0; c.MaxConcurrent > 0 && len(held)-i >= c.MaxConcurrent; i++ {
		_, _ = s.End(ctx, held[i].ID, sessionstore.ReasonEvicted)
	}
	c.MaxConcurrent = 0
	cmd, lone := s.runAndHold(ctx, "create",`,
		fault: "network slow", promise: limitHolds,
	},
}

// The checker is checked: what a promise rests on is taken out of the gateway, and
// the promise is found broken under a fault that the gateway survives as it is.
func TestMutantsAreCaught(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			b := build{program: m.build(t)}
			r := named(m.fault).play(t, lasting(t), b, b, b)
			caught := slices.IndexFunc(r.wrong, func(w wrong) bool { return w.promise == m.promise })
			if caught < 0 {
				t.Fatalf("not caught: %s; instead %d of %v", m.promise, len(r.wrong), r.wrong[:min(3, len(r.wrong))])
			}
			t.Logf("caught: %s: %s", m.promise, r.wrong[caught].how)
		})
	}
}

func named(name string) fault {
	for _, f := range faults {
		if f.name == name {
			return f
		}
	}
	panic("there is no fault " + name)
}

// build builds the mutant: go build reads the changed file in place of the one in
// the repository.
func (m mutant) build(t *testing.T) (program string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../../../..", m.file))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), m.was); n != 1 {
		t.Fatalf("%s has %d times what the mutant changes, want 1: %q", m.file, n, m.was)
	}
	changed, overlay := filepath.Join(t.TempDir(), filepath.Base(path)), filepath.Join(t.TempDir(), "overlay.json")
	list, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for file, data := range map[string][]byte{changed: []byte(strings.Replace(string(source), m.was, m.is, 1)), overlay: list} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return testenv.Build(t, "", "-overlay", overlay)
}
