package storetest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// Sentinels are a master, a replica and three sentinels of one test.
type Sentinels struct {
	MasterName string
	Addrs      []string // of the sentinels
	Servers    []*Redis // the first master, then its replica

	sentinels []*exec.Cmd
}

// NewSentinels starts a master with a replica, watched by three sentinels, that
// end with the test. args are further settings of both servers, lines further
// lines of each sentinel's file.
func NewSentinels(t testing.TB, args []string, lines ...string) *Sentinels {
	t.Helper()
	args = append([]string{"--repl-diskless-sync-delay", "0"}, args...)
	master := NewRedis(t, args...)
	host, port, err := net.SplitHostPort(master.Addr)
	if err != nil {
		t.Fatal(err)
	}
	replica := NewRedis(t, append([]string{"--replicaof", host + " " + port}, args...)...)
	s := &Sentinels{MasterName: "samlgate-test", Servers: []*Redis{master, replica}}
	t.Cleanup(func() { s.Kill(t, len(s.sentinels)) })
	for range 3 {
		s.startSentinel(t, host, port, lines)
	}
	Eventually(t, 20*time.Second, "the sentinels agree", s.agree)
	return s
}

func (s *Sentinels) startSentinel(t testing.TB, host, port string, lines []string) {
	t.Helper()
	addr := FreeAddr(t)
	_, own, _ := net.SplitHostPort(addr)
	dir := t.TempDir()
	text := fmt.Sprintf("port %[1]s\nbind 127.0.0.1\ndir %[2]s\nloglevel warning\nsentinel monitor %[3]s %[4]s %[5]s 2\n"+
		"sentinel down-after-milliseconds %[3]s 800\nsentinel failover-timeout %[3]s 5000\n", own, dir, s.MasterName, host, port)
	for _, line := range lines {
		text += line + "\n"
	}
	file := filepath.Join(dir, "sentinel.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("redis-server", file, "--sentinel")
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting a sentinel: %v", err)
	}
	s.Addrs, s.sentinels = append(s.Addrs, addr), append(s.sentinels, cmd)
}

// Kill ends so many sentinels as kill -9 does.
func (s *Sentinels) Kill(t testing.TB, n int) {
	t.Helper()
	for _, cmd := range s.sentinels[:n] {
		if err := cmd.Process.Kill(); err != nil {
			t.Errorf("killing a sentinel: %v", err)
		}
		_ = cmd.Wait() // says "signal: killed"
	}
	s.sentinels = s.sentinels[n:]
}

// agree reports whether every sentinel knows the others and the replica, so that
// a failover can begin.
func (s *Sentinels) agree() bool {
	for _, addr := range s.Addrs {
		c := goredis.NewSentinelClient(&goredis.Options{Addr: addr, MaxRetries: -1, DialerRetries: 1})
		quorum := c.CkQuorum(context.Background(), s.MasterName)
		master := c.Master(context.Background(), s.MasterName)
		c.Close()
		if quorum.Err() != nil && !goredis.HasErrorPrefix(quorum.Err(), "NOAUTH") {
			return false
		}
		if m := master.Val(); master.Err() == nil && (m["num-other-sentinels"] != "2" || m["num-slaves"] != "1" || m["flags"] != "master") {
			return false
		}
	}
	return true
}
