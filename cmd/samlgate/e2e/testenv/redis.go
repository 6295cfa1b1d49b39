package testenv

import (
	"bufio"
	"context"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Redis is a real redis-server that a test can kill and bring back, with an
// append-only file so that it comes back with what it knew.
type Redis struct {
	Addr string // 127.0.0.1:PORT

	dir  string
	proc *process
}

// StartRedis starts redis-server on a free port with a temporary folder.
func StartRedis(t testing.TB) *Redis {
	t.Helper()
	r := &Redis{Addr: net.JoinHostPort("127.0.0.1", FreePort(t)), dir: t.TempDir()}
	r.Start(t)
	return r
}

// Start starts the server, for the first time or again after [Redis.Kill], and
// waits until it answers.
func (r *Redis) Start(t testing.TB) {
	t.Helper()
	_, port, err := net.SplitHostPort(r.Addr)
	if err != nil {
		t.Fatalf("starting Redis at %s: %v", r.Addr, err)
	}
	// What was written survives a kill without fsync, which a busy disk makes slow.
	r.proc = startProcess(t, exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", r.dir,
		"--save", "", "--appendonly", "yes", "--appendfsync", "no", "--maxmemory-policy", "noeviction"))
	if !eventually(t.Context(), func() bool { return pong(t.Context(), r.Addr) }) {
		t.Fatalf("Redis at %s does not answer; it printed:\n%s", r.Addr, r.proc.out.tail())
	}
}

// Kill ends the server at once, as a crash would.
func (r *Redis) Kill() { r.proc.kill() }

// Keys returns how many keys the server holds.
func (r *Redis) Keys(t testing.TB) int {
	t.Helper()
	answer := ask(t.Context(), r.Addr, "DBSIZE")
	n, err := strconv.Atoi(strings.TrimPrefix(answer, ":"))
	if err != nil {
		t.Fatalf("asking Redis for DBSIZE: it answered %q", answer)
	}
	return n
}

// pong reports whether a server answers PING; while it loads it does not.
func pong(ctx context.Context, addr string) bool { return ask(ctx, addr, "PING") == "+PONG" }

// ask sends an inline command and returns the first line of the answer, "" if
// there is none.
func ask(ctx context.Context, addr, command string) string {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return ""
	}
	defer c.Close()
	if _, err := c.Write([]byte(command + "\r\n")); err != nil {
		return ""
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return ""
	}
	return strings.TrimSpace(line)
}
