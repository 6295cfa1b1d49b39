//go:build race

package embedded_test

import (
	"os/exec"
	"testing"
)

// TestFlippedBytes runs without the race detector: with it come checks of every
// pointer, which end the process where the database reads a damaged page, and
// cannot be recovered from as the fault itself can.
func TestFlippedBytes(t *testing.T) {
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-run", "^TestFlippedBytes$", ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
