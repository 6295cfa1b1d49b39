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
	return WatchedBySentinels(t, []*Redis{master, replica}, master.Addr, func(int, string) []string { return lines })
}

// WatchedBySentinels starts three sentinels that watch a master, whom they reach
// at addr, and its replicas. lines are further lines of the file of each: by its
// number, and the address that it will have.
func WatchedBySentinels(t testing.TB, servers []*Redis, addr string, lines func(sentinel int, addr string) []string) *Sentinels {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	s := &Sentinels{MasterName: "samlgate-test", Servers: servers}
	t.Cleanup(func() { s.Kill(t, len(s.sentinels)) })
	for i := range 3 {
		own := FreeAddr(t)
		s.startSentinel(t, own, host, port, lines(i, own))
	}
	Eventually(t, 20*time.Second, "the sentinels agree", s.agree)
	return s
}

func (s *Sentinels) startSentinel(t testing.TB, addr, host, port string, lines []string) {
	t.Helper()
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

// agree reports whether every sentinel knows the others and all replicas, so that
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
		if m := master.Val(); master.Err() == nil && (m["num-other-sentinels"] != "2" || m["num-slaves"] != fmt.Sprint(len(s.Servers)-1) || m["flags"] != "master") {
			return false
		}
	}
	return true
}

// Master returns where the sentinels say that the master is, as who reaches them.
func (s *Sentinels) Master() string {
	for _, addr := range s.Addrs {
		c := goredis.NewSentinelClient(&goredis.Options{Addr: addr, MaxRetries: -1, DialerRetries: 1})
		where, err := c.GetMasterAddrByName(context.Background(), s.MasterName).Result()
		c.Close()
		if err == nil && len(where) == 2 {
			return net.JoinHostPort(where[0], where[1])
		}
	}
	return ""
}
