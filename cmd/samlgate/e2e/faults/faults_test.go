package faults

import (
	"context"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// faults are all that can break.
var faults = []fault{
	{"redis killed, synced every second", standalone("everysec"), func(r *run) { r.kill(lossy) }},
	{"redis killed, always synced", standalone("always"), func(r *run) { r.kill(0) }},
	{"redis frozen", standalone("everysec"), (*run).freeze},
	{"network slow", standalone("everysec"), (*run).slow},
	{"one gateway cut off", standalone("everysec"), (*run).cutOff},
	{"gateway killed", standalone("everysec"), (*run).killGateway},
	{"gateway frozen", standalone("everysec"), (*run).freezeGateway},
	{"rolling restart", standalone("everysec"), (*run).roll},
	{"replica stopped", behindSentinels, (*run).stopReplica},
	{"sentinel failover", behindSentinels, (*run).failOver},
	{"old master isolated", behindSentinels, (*run).isolate},
	{"cluster node lost", cluster, (*run).loseNode},
	{"cluster bus cut between two masters", cluster, (*run).cutBus},
}

func TestFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			f.play(t, lasting(t)).report(f.name)
		})
	}
}

// kill kills the one server and starts it again. What it acknowledged within the
// time before may be lost.
func (r *run) kill(losing time.Duration) {
	if losing > 0 {
		defer r.during(&r.losing, losing, all)()
	}
	r.servers[0].Kill(r)
	back := r.during(&r.ledger.away, 0, all)
	r.calm(4 * time.Second)
	back()
	r.servers[0].Start(r)
}

func (r *run) freeze() {
	r.servers[0].Freeze(r)
	back := r.during(&r.ledger.away, 0, all)
	r.calm(10 * time.Second)
	back()
	r.servers[0].Thaw(r)
}

// slow makes the network slow, and then so slow that no answer comes in time.
func (r *run) slow() {
	for _, delay := range []time.Duration{40 * time.Millisecond, 400 * time.Millisecond, 0} {
		for _, l := range r.links {
			l.Delay(delay)
		}
		r.calm(4 * time.Second)
	}
}

// cutOff cuts the way from one gateway to Redis, while the others go on.
func (r *run) cutOff() {
	r.links[0].Cut(nil)
	back := r.during(&r.ledger.away, 0, only(r.gateways[0]))
	r.calm(8 * time.Second)
	back()
	r.links[0].Heal()
}

func (r *run) killGateway() {
	r.gateways[1].Kill()
	r.calm(3 * time.Second)
	r.gateways[1].Start(r)
}

func (r *run) freezeGateway() {
	r.gateways[1].Freeze()
	r.calm(6 * time.Second)
	r.gateways[1].Thaw()
}

func (r *run) roll() {
	for _, g := range r.gateways {
		g.Stop(r)
		g.Start(r)
		r.calm(time.Second)
	}
}

// stopReplica stops one replica of two.
func (r *run) stopReplica() {
	n := (r.master(r) + 1) % len(r.servers)
	r.servers[n].Kill(r)
	r.calm(5 * time.Second)
	r.servers[n].Start(r)
}

// failOver kills the master, of whose last sign-ins no replica may have heard.
func (r *run) failOver() {
	n := r.master(r)
	lost := r.during(&r.losing, lossy, all)
	r.servers[n].Kill(r)
	r.calm(time.Second)
	lost()
	r.recovers()
	r.servers[n].Start(r)
}

// isolate leaves the master alone with one gateway. The others, the replicas and
// the sentinels choose another master; then the network is mended.
func (r *run) isolate() {
	n, lonely := r.master(r), r.gateways[0]
	defer r.during(&r.losing, lossy, only(lonely))()
	lost := r.during(&r.losing, lossy, all)
	aside := r.during(&r.aside, time.Second, only(lonely))
	alone := func(who string) bool { return who == "gateway0" }
	others := func(who string) bool { return !alone(who) }
	for i, l := range r.links {
		if i == n {
			l.Cut(others)
		} else {
			l.Cut(alone)
		}
	}
	for _, l := range r.watchers {
		l.Cut(alone)
	}
	r.calm(time.Second)
	lost()
	r.calm(11 * time.Second)
	if m := r.master(r); m == n {
		r.Error("no other master was chosen")
	}
	for _, l := range append(r.links, r.watchers...) {
		l.Heal()
	}
	r.recovers()
	aside()
}

// loseNode kills one master of a cluster; its replica takes over.
func (r *run) loseNode() {
	n := r.masters()[0]
	lost := r.during(&r.losing, lossy, all)
	r.servers[n].Kill(r)
	r.calm(time.Second)
	lost()
	r.recovers()
	r.servers[n].Start(r)
}

// cutBus keeps two masters from hearing each other. Everybody else hears both.
func (r *run) cutBus() {
	two := r.masters()[:2]
	for i, n := range two {
		other := r.id(two[1-i])
		r.links[n].Cut(func(who string) bool { return who == other })
	}
	r.calm(8 * time.Second)
	for _, n := range two {
		r.links[n].Heal()
	}
}

// masters returns the numbers of the nodes that are masters.
func (r *run) masters() (all []int) {
	for n, s := range r.servers {
		c := goredis.NewClient(&goredis.Options{Addr: s.Addr, MaxRetries: -1})
		if role, ok := c.Do(context.Background(), "ROLE").Val().([]any); ok && role[0] == "master" {
			all = append(all, n)
		}
		c.Close()
	}
	if len(all) != 3 {
		r.Fatalf("the cluster has %d masters", len(all))
	}
	return all
}

// id returns the name of a node.
func (r *run) id(n int) string {
	c := goredis.NewClient(&goredis.Options{Addr: r.servers[n].Addr, MaxRetries: -1})
	defer c.Close()
	id, err := c.Do(context.Background(), "CLUSTER", "MYID").Text()
	r.must(err)
	return id
}
