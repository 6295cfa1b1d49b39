package testenv

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program that a test started, with everything it printed.
type process struct {
	cmd  *exec.Cmd
	out  *output
	done chan struct{} // closed when the program ended
	err  error         // why it ended; read after done
}

// startProcess starts cmd in a process group of its own, so that its workers end
// with it, and ends it at the test's cleanup.
func startProcess(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, out: &output{}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.out, p.out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", cmd.Path, err)
	}
	go func() { // ended by the program's end, which stop brings about
		p.err = cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() { p.stop(t) })
	return p
}

// stop sends SIGTERM to the program and its workers, waits for their orderly end,
// and then kills what is left of the group. A second call does nothing.
func (p *process) stop(t testing.TB) {
	t.Helper()
	if p.running() {
		p.signalGroup(syscall.SIGTERM)
		p.signalGroup(syscall.SIGCONT) // it may be frozen
		select {
		case <-p.done:
		case <-time.After(patience):
			t.Errorf("%s did not end %v after SIGTERM; it printed:\n%s", p.cmd.Path, patience, p.out.tail())
		}
	}
	p.signalGroup(syscall.SIGKILL)
}

// kill ends the program and its workers without a chance to say goodbye.
func (p *process) kill() {
	p.signalGroup(syscall.SIGKILL)
	<-p.done
}

// signalGroup signals every process of the group, which has the id of its first
// process (setpgid(2)). ESRCH says that all have ended already.
func (p *process) signalGroup(s syscall.Signal) {
	if err := syscall.Kill(-p.cmd.Process.Pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		p.out.note("signalling the process group: " + err.Error())
	}
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// output collects what a program prints while tests read it.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func (o *output) note(s string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf.WriteString("\n" + s + "\n")
}

// tail returns the last lines, few enough to read in a test's failure.
func (o *output) tail() string { return lastLines(o.String(), 60) }

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
