package redis

import (
	"context"
	"fmt"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// Severity says what a [Finding] means for a gateway that starts.
type Severity uint8

// The severities.
const (
	Warning Severity = iota // works, and the operator should know
	Fatal                   // promises of the store do not hold
)

// String returns the name of the severity.
func (s Severity) String() string {
	if s == Fatal {
		return "fatal"
	}
	return "warning"
}

// Finding is something about the server that sessions need otherwise.
type Finding struct {
	Severity Severity
	Code     string // stable: "version", "role", "maxmemory_policy", "persistence", "min_replicas", "quorum", "clock", "unknown"
	Message  string // for the operator: what is wrong and what to set
}

const clockMost = 2 * time.Second

// Prerequisites looks at every master, and at the sentinels, and returns what
// sessions need otherwise, nothing when all is well, or ErrUnavailable. It needs
// the right to INFO.
func (s *Store) Prerequisites(ctx context.Context) ([]Finding, error) {
	masters, err := s.masters(ctx)
	if err != nil {
		return nil, err
	}
	var all findings
	for _, n := range masters {
		found, err := s.inspect(ctx, n.client)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if len(masters) > 1 {
				f.Message = n.addr() + ": " + f.Message
			}
			all = append(all, f)
		}
	}
	all.quorum(ctx, s.options)
	return all, nil
}

// inspect looks at one master.
func (s *Store) inspect(ctx context.Context, m *goredis.Client) (all findings, err error) {
	text, err := m.Info(ctx).Result()
	if err != nil {
		return nil, unavailable("asking redis about itself", err)
	}
	info := parseInfo(text)
	all.version(info)
	all.memory(info)
	all.persistence(info, setting(ctx, m, "save") != "")
	all.replication(info, setting(ctx, m, "min-replicas-to-write"))
	offset, err := s.clockOffset(ctx, m)
	if err != nil {
		return nil, err
	}
	if offset.Abs() > clockMost {
		all.add(Warning, "clock", fmt.Sprintf("the clock of redis is %v ahead of ours: check time synchronisation on both", offset.Round(time.Millisecond)))
	}
	return all, nil
}

// clockOffset returns how far the server's clock is ahead of ours, as exactly
// as half a round trip.
func (s *Store) clockOffset(ctx context.Context, m *goredis.Client) (time.Duration, error) {
	before := s.now()
	theirs, err := m.Time(ctx).Result()
	if err != nil {
		return 0, unavailable("asking redis for the time", err)
	}
	trip := s.now().Sub(before)
	return theirs.Sub(before.Add(trip / 2)), nil
}

// setting returns a setting of the server, empty where we may not ask:
// managed servers refuse CONFIG, and that is no reason to stop.
func setting(ctx context.Context, m *goredis.Client, name string) string {
	values, err := m.ConfigGet(ctx, name).Result()
	if err != nil {
		return ""
	}
	return values[name]
}

// parseInfo reads the lines "name:value" of INFO.
func parseInfo(text string) map[string]string {
	info := make(map[string]string)
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	return info
}

type findings []Finding

func (f *findings) add(s Severity, code, message string) {
	*f = append(*f, Finding{s, code, message})
}

func (f *findings) version(info map[string]string) {
	name, version, oldest := "Redis", info["redis_version"], 7000
	if v, ok := info["valkey_version"]; ok {
		name, version, oldest = "Valkey", v, 7002
	}
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		f.add(Warning, "unknown", "redis does not tell its version")
		return
	}
	if 1000*major+minor < oldest {
		f.add(Fatal, "version", fmt.Sprintf("%s %d.%d is too old: sessions need %d.%d or newer", name, major, minor, oldest/1000, oldest%1000))
	}
}

func (f *findings) memory(info map[string]string) {
	if policy := info["maxmemory_policy"]; info["maxmemory"] != "0" && policy != "noeviction" {
		f.add(Fatal, "maxmemory_policy", fmt.Sprintf("maxmemory-policy is %.30q: set it to noeviction, or sessions end and ended ones come back when memory is full", policy))
	}
}

func (f *findings) persistence(info map[string]string, saves bool) {
	if info["aof_enabled"] == "0" && saves {
		f.add(Warning, "persistence", "only RDB snapshots are on: after a crash, sessions that ended since the last one come back; turn appendonly on, or save off")
	}
}

func (f *findings) replication(info map[string]string, minReplicas string) {
	if info["role"] != "master" {
		f.add(Fatal, "role", "this redis is a replica: sessions need the master")
	}
	if info["connected_slaves"] != "0" && minReplicas == "0" {
		f.add(Warning, "min_replicas", "there are replicas and min-replicas-to-write is 0: a master that is cut off goes on taking sign-ins that will be lost")
	}
}

// quorum asks each sentinel that is named whether enough of them could agree on a
// failover. Any one that says so is enough.
func (f *findings) quorum(ctx context.Context, o Options) {
	if o.Sentinel == nil {
		return
	}
	var last error
	for _, addr := range o.Sentinel.Addrs {
		own := o.server(addr)
		own.Username, own.Password, own.DB = o.Sentinel.Username, o.Sentinel.Password, 0
		c := goredis.NewSentinelClient(own)
		last = c.CkQuorum(ctx, o.Sentinel.MasterName).Err()
		c.Close()
		if last == nil {
			return
		}
	}
	f.add(Warning, "quorum", fmt.Sprintf("the sentinels could not agree on a failover: %v", unavailable("asking for the quorum", last)))
}
