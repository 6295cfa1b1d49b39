package storetest

import (
	"context"
	"crypto/tls"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// Redis is a redis-server of one test, on a free port of 127.0.0.1, without
// persistence.
type Redis struct {
	Addr string
	tls  *tls.Config // how to speak to it; nil = plain TCP
	args []string
	dir  string
	cmd  *exec.Cmd
}

// StartRedis starts a redis-server that ends with the test, and returns its
// address. A machine without redis-server fails the test. args are further
// settings, such as "--maxmemory", "1mb".
func StartRedis(t testing.TB, args ...string) string {
	t.Helper()
	return NewRedis(t, args...).Addr
}

// NewRedis is [StartRedis] for tests that stop the server and start it again.
func NewRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	r := &Redis{Addr: FreeAddr(t), args: args, dir: t.TempDir()}
	r.Start(t)
	t.Cleanup(func() { r.Kill(t) })
	return r
}

// Start starts the server, empty, and waits until it answers.
func (r *Redis) Start(t testing.TB) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal("redis-server is not installed: run `make test`, or `apt-get install redis-server`")
	}
	_, port, err := net.SplitHostPort(r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	r.cmd = exec.Command(program, append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--dir", r.dir, "--loglevel", "warning"}, r.args...)...)
	if err := r.cmd.Start(); err != nil {
		t.Fatalf("starting redis-server: %v", err)
	}
	client := goredis.NewClient(&goredis.Options{Addr: r.Addr, TLSConfig: r.tls, MaxRetries: -1, DialerRetries: 1})
	defer client.Close()
	Eventually(t, 10*time.Second, "redis-server answers", func() bool {
		err := client.Ping(context.Background()).Err()
		return err == nil || goredis.IsAuthError(err)
	})
}

// Kill ends the server as kill -9 does.
func (r *Redis) Kill(t testing.TB) {
	t.Helper()
	if r.cmd == nil {
		return
	}
	if err := r.cmd.Process.Kill(); err != nil {
		t.Errorf("killing redis-server: %v", err)
	}
	_ = r.cmd.Wait() // says "signal: killed"
	r.cmd = nil
}

// Freeze stops the server from answering; connections stay open.
func (r *Redis) Freeze(t testing.TB) { r.signal(t, syscall.SIGSTOP) }

// Thaw lets a frozen server go on.
func (r *Redis) Thaw(t testing.TB) { r.signal(t, syscall.SIGCONT) }

func (r *Redis) signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		t.Fatalf("signalling redis-server: %v", err)
	}
}

// Eventually asks until the answer is yes, and fails the test after most.
func Eventually(t testing.TB, most time.Duration, what string, yes func() bool) {
	t.Helper()
	deadline := time.After(most)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !yes() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %v: %s", most, what)
		}
	}
}

// InStep reports whether the replica at addr has all that its master had.
func InStep(addr string) bool {
	client := goredis.NewClient(&goredis.Options{Addr: addr, MaxRetries: -1, DialerRetries: 1})
	defer client.Close()
	return strings.Contains(client.Info(context.Background(), "replication").Val(), "master_link_status:up")
}
