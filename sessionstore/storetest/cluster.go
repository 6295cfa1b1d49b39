package storetest

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// Cluster is a Redis cluster of one test, on 127.0.0.1.
type Cluster struct {
	Nodes []*Redis // the masters first
}

// NewCluster starts a cluster of three masters, each with so many replicas, that
// ends with the test. args are further settings of each node.
func NewCluster(t testing.TB, replicas int, args ...string) *Cluster {
	t.Helper()
	return NewClusterOf(t, replicas, func(int, string) []string { return args })
}

// NewClusterOf is [NewCluster] with further settings of each node by itself: its
// number, and the address at which the other nodes reach it.
func NewClusterOf(t testing.TB, replicas int, args func(node int, bus string) []string) *Cluster {
	t.Helper()
	common := []string{"--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0",
		"--cluster-replica-validity-factor", "0"}
	c := &Cluster{}
	for i := range 3 * (1 + replicas) {
		c.Nodes = append(c.Nodes, startAtBusPort(t, func(bus string) []string { return slices.Concat(common, args(i, bus)) }))
	}
	line := []string{"--cluster", "create"}
	for _, n := range c.Nodes {
		line = append(line, n.Addr)
	}
	line = append(line, "--cluster-replicas", fmt.Sprint(replicas), "--cluster-yes")
	if out, err := exec.Command("redis-cli", line...).CombinedOutput(); err != nil {
		t.Fatalf("making a cluster: %v\n%s", err, out)
	}
	Eventually(t, 20*time.Second, "the cluster is whole", func() bool { return c.whole(replicas) })
	return c
}

// Addrs returns the addresses of all nodes.
func (c *Cluster) Addrs() []string {
	var all []string
	for _, n := range c.Nodes {
		all = append(all, n.Addr)
	}
	return all
}

// startAtBusPort starts a node, with a second port for the other nodes.
func startAtBusPort(t testing.TB, args func(bus string) []string) *Redis {
	t.Helper()
	bus := FreeAddr(t)
	_, port, err := net.SplitHostPort(bus)
	if err != nil {
		t.Fatal(err)
	}
	return NewRedis(t, append([]string{"--cluster-port", port}, args(bus)...)...)
}

// whole reports whether every node that runs sees all slots served, by masters
// with so many replicas in step.
func (c *Cluster) whole(replicas int) bool {
	for _, n := range c.Nodes {
		client := goredis.NewClient(&goredis.Options{Addr: n.Addr, MaxRetries: -1, DialerRetries: 1})
		info := client.ClusterInfo(context.Background()).Val()
		role := client.Info(context.Background(), "replication").Val()
		client.Close()
		if !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d", len(c.Nodes))) {
			return false
		}
		if strings.Contains(role, "role:master") && strings.Count(role, "state=online") != replicas || strings.Contains(role, "master_link_status:down") {
			return false
		}
	}
	return true
}
