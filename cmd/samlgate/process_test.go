package main

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// process is a built samlgate that has said that it serves.
func process(t *testing.T, ready, program string, args ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if args[0] == "demo" {
		if pipe, err = cmd.StdoutPipe(); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(pipe)
	await(t, lines, ready)
	return cmd, lines
}

// await reads until a line holds text.
func await(t *testing.T, lines *bufio.Scanner, text string) {
	t.Helper()
	for lines.Scan() {
		if strings.Contains(lines.Text(), text) {
			return
		}
	}
	t.Fatalf("samlgate ended without saying %q", text)
}

func binary(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "samlgate")
	if out, err := exec.Command("go", "build", "-o", file, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return file
}

// Signals of a real process: SIGHUP reloads, SIGTERM drains, SIGINT ends. Both
// ends were asked for, so the exit code is 0.
func TestSignals(t *testing.T) {
	program := binary(t)
	file := initIn(t, folder(t))
	change(t, file, "server:\n", "server:\n  listen: 127.0.0.1:0\n  admin_listen: 127.0.0.1:0\n  drain: {delay: 0s, timeout: 5s}\n")
	for _, end := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		serve, lines := process(t, `"msg":"serving"`, program, "serve", "--config", file)
		send(t, serve, syscall.SIGHUP)
		await(t, lines, "configuration reloaded")
		ends(t, serve, lines, end)

		demo, lines := process(t, "Ctrl-C", program, "demo", "--listen", storetest.FreeAddr(t))
		ends(t, demo, lines, end)
	}
	samlgate(t, "demo", "--listen", "0.0.0.0:8080").exits(exitFailed).complains("loopback only")
}

// ends reads the rest, as Wait wants it, and checks the exit code.
func ends(t *testing.T, cmd *exec.Cmd, lines *bufio.Scanner, s syscall.Signal) {
	t.Helper()
	send(t, cmd, s)
	for lines.Scan() {
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v after %v: %v", cmd.Args, s, err)
	}
}

func send(t *testing.T, cmd *exec.Cmd, s syscall.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}
