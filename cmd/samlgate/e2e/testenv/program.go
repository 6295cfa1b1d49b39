package testenv

import (
	"net"
	"os/exec"
	"testing"
)

// StartProgram runs a program that listens on a loopback address, waits until it
// accepts connections there, and ends it at the test's cleanup. The function it
// returns ends it earlier; what the program printed shows when a test fails.
func StartProgram(t testing.TB, cmd *exec.Cmd, addr string) (stop func()) {
	t.Helper()
	p := startProcess(t, cmd)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s printed:\n%s", cmd.Path, p.out.tail())
		}
	})
	accepts := func() bool {
		if !p.running() {
			return true
		}
		c, err := net.Dial("tcp", addr)
		return err == nil && c.Close() == nil
	}
	if !eventually(t.Context(), accepts) || !p.running() {
		t.Fatalf("%s does not listen on %s; it printed:\n%s", cmd.Path, addr, p.out.tail())
	}
	return func() { p.stop(t) }
}
