package faults

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore/storetest"
)

// stage is a Redis, as people run it, on the ways that lead to it.
type stage struct {
	store   func(gateway int) string // in the words of the configuration
	servers []*storetest.Redis
	links   []*storetest.Link // standalone: of each gateway; else in front of each server

	sentinels *storetest.Sentinels
	watchers  []*storetest.Link // in front of each sentinel
	cluster   *storetest.Cluster
}

const gatewaysMost = 4

// standalone is one server, with an append-only file that is synced in one way or
// another. Each gateway has a link of its own to it.
func standalone(sync string) func(testing.TB) *stage {
	return func(t testing.TB) *stage {
		s := &stage{servers: []*storetest.Redis{storetest.NewRedis(t, append([]string{"--appendonly", "yes", "--appendfsync", sync}, allowed(t)...)...)}}
		for range gatewaysMost {
			s.links = append(s.links, storetest.NewLink(t, nil).To(s.servers[0].Addr))
		}
		s.store = func(g int) string {
			return fmt.Sprintf("{driver: redis, redis: {addresses: [%q], username: gateway%d, password: PASSWORD}}", s.links[g].Addr, g)
		}
		return s
	}
}

// behindSentinels is a master with two replicas, set up as the document for
// operators says, and three sentinels. Whoever connects to any of them goes
// through a link that knows each gateway by its user.
func behindSentinels(t testing.TB) *stage {
	s := &stage{}
	master := ""
	for range 3 {
		link := storetest.NewLink(t, gatewayOf)
		host, port, _ := net.SplitHostPort(link.Addr)
		args := append([]string{"--replica-announce-ip", host, "--replica-announce-port", port, "--repl-diskless-sync-delay", "0",
			"--min-replicas-to-write", "1", "--min-replicas-max-lag", "2"}, allowed(t)...)
		if master == "" {
			master = link.Addr
		} else {
			args = append(args, "--replicaof", strings.Replace(master, ":", " ", 1))
		}
		server := storetest.NewRedis(t, args...)
		link.To(server.Addr)
		s.servers, s.links = append(s.servers, server), append(s.links, link)
	}
	s.sentinels = storetest.WatchedBySentinels(t, s.servers, master, func(_ int, addr string) []string {
		link := storetest.NewLink(t, gatewayOf).To(addr)
		s.watchers = append(s.watchers, link)
		host, port, _ := net.SplitHostPort(link.Addr)
		lines := []string{"sentinel down-after-milliseconds samlgate-test 4000", "sentinel announce-ip " + host, "sentinel announce-port " + port}
		for g := range gatewaysMost {
			lines = append(lines, "user "+strings.Join(user(t, 1, g), " "))
		}
		return lines
	})
	var addrs []string
	for _, link := range s.watchers {
		addrs = append(addrs, link.Addr)
	}
	s.store = func(g int) string {
		return fmt.Sprintf("{driver: redis, redis: {mode: sentinel, master_name: samlgate-test, addresses: [%s], username: gateway%[2]d, password: PASSWORD, sentinel_username: gateway%[2]d, sentinel_password: PASSWORD}}",
			strings.Join(addrs, ", "), g)
	}
	return s
}

// cluster is three masters with a replica each. The bus between them goes through
// links that know each node by its id.
func cluster(t testing.TB) *stage {
	s := &stage{}
	s.cluster = storetest.NewClusterOf(t, 1, func(_ int, bus string) []string {
		link := storetest.NewLink(t, nodeOf).To(bus)
		s.links = append(s.links, link)
		_, port, _ := net.SplitHostPort(link.Addr)
		return append([]string{"--cluster-announce-bus-port", port}, allowed(t)...)
	})
	s.servers = s.cluster.Nodes
	s.store = func(g int) string {
		return fmt.Sprintf("{driver: redis, redis: {mode: cluster, addresses: [%s], username: gateway%d, password: PASSWORD}}",
			strings.Join(s.cluster.Addrs(), ", "), g)
	}
	return s
}

// gatewayOf finds the user in the greeting with which a client of Redis begins.
func gatewayOf(first []byte) string {
	if i := bytes.Index(first, []byte("gateway")); i >= 0 {
		return string(first[i:min(i+len("gateway0"), len(first))])
	}
	return ""
}

// nodeOf reads the sender in the header of a message on the bus of a cluster:
// clusterMsg in cluster.h of Redis.
func nodeOf(first []byte) string {
	const begins = 40
	if len(first) >= begins+40 {
		return string(first[begins : begins+40])
	}
	return ""
}

// allowed are the settings that let gateways in as the document for operators
// says, each as a user of its own.
func allowed(t testing.TB) (args []string) {
	for g := range gatewaysMost {
		args = append(append(args, "--user"), user(t, 0, g)...)
	}
	return args
}

// user returns the words of an ACL line in the operators' document, the first for
// Redis and the second for sentinels, with the name of a gateway.
func user(t testing.TB, nth, g int) []string {
	t.Helper()
	text, err := os.ReadFile("../../../../docs/redis.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) < 3 || words[0] != "user" {
			continue
		}
		if nth--; nth < 0 {
			return append([]string{fmt.Sprintf("gateway%d", g)}, words[2:]...)
		}
	}
	t.Fatal("docs/redis.md has no such line")
	return nil
}

// master returns the number of the server that the sentinels call the master.
func (s *stage) master(t testing.TB) (n int) {
	t.Helper()
	storetest.Eventually(t, 10*time.Second, "the sentinels name a master", func() bool {
		addr := s.sentinels.Master()
		for i, link := range s.links {
			if n = i; link.Addr == addr {
				return true
			}
		}
		return false
	})
	return n
}
