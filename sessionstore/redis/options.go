package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"runtime"
	"slices"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Options says where the server is and who we are there. Exactly one of Addr,
// Sentinel and Cluster is set.
type Options struct {
	Addr      string    // one server: host:port
	Sentinel  *Sentinel // the master that sentinels name
	Cluster   []string  // host:port of some nodes, from which the others are found
	Username  string    // ACL user, may be empty
	Password  string
	DB        int         // 0 in a cluster
	TLS       *tls.Config // to servers and sentinels; nil = plain TCP
	KeyPrefix string      // in front of every key and channel; empty = "samlgate"
	Now       func() time.Time
	// Unconfirmed, if set, is told of each write that ended or consumed something
	// and that no replica had confirmed in time, though there are or were
	// replicas. It has been done, and a failover at this moment would undo it.
	Unconfirmed func(context.Context, Unconfirmed)
}

// Sentinel says who knows the master.
type Sentinel struct {
	Addrs      []string // host:port of some sentinels, from which the others are found
	MasterName string
	Username   string // at the sentinels, which have users of their own; may be empty
	Password   string
}

const (
	poolMost = 32 // connections of one gateway to one server
	// staleTopology is how old our picture of a cluster may get without a sign
	// that it is wrong. A node that is dead gives none.
	staleTopology = time.Second
)

// NewClient returns a client with the timeouts that sessions need: a server
// that is away is known to be away within a second or so, and from then on at
// once, each server of a cluster by itself. It reads from masters only, and does
// not connect yet.
func NewClient(o Options) (goredis.UniversalClient, error) {
	if o.Now == nil {
		return nil, errors.New("redis needs a clock")
	}
	switch {
	case o.Addr != "" && o.Sentinel == nil && o.Cluster == nil:
		return goredis.NewClient(o.server(o.Addr)), nil
	case o.Addr == "" && o.Sentinel != nil && o.Cluster == nil:
		return o.behindSentinels()
	case o.Addr == "" && o.Sentinel == nil && len(o.Cluster) > 0:
		return o.cluster()
	}
	return nil, errors.New("redis needs one address, or sentinels, or nodes of a cluster")
}

// server is how we speak to one server.
func (o Options) server(addr string) *goredis.Options {
	return &goredis.Options{
		Addr:                  addr,
		Username:              o.Username,
		Password:              o.Password,
		DB:                    o.DB,
		TLSConfig:             o.TLS,
		DialTimeout:           time.Second,
		DialerRetries:         1,
		ReadTimeout:           500 * time.Millisecond,
		WriteTimeout:          500 * time.Millisecond,
		MaxRetries:            1,
		MaxRetryBackoff:       50 * time.Millisecond,
		PoolTimeout:           300 * time.Millisecond,
		PoolSize:              min(poolMost, 10*runtime.GOMAXPROCS(0)),
		MaxActiveConns:        poolMost,
		PipelinePoolSize:      -1, // what we send together goes by the same connections
		ContextTimeoutEnabled: true,
		Limiter:               &breaker{now: o.Now},
		MaintNotificationsConfig: &maintnotifications.Config{
			Mode: maintnotifications.ModeDisabled,
		},
	}
}

func (o Options) behindSentinels() (goredis.UniversalClient, error) {
	if len(o.Sentinel.Addrs) == 0 || o.Sentinel.MasterName == "" {
		return nil, errors.New("redis behind sentinels needs their addresses and the name of the master")
	}
	c := o.server("")
	client := goredis.NewFailoverClient(&goredis.FailoverOptions{
		MasterName:            o.Sentinel.MasterName,
		SentinelAddrs:         o.Sentinel.Addrs,
		SentinelUsername:      o.Sentinel.Username,
		SentinelPassword:      o.Sentinel.Password,
		Username:              c.Username,
		Password:              c.Password,
		DB:                    c.DB,
		TLSConfig:             c.TLSConfig,
		DialTimeout:           c.DialTimeout,
		DialerRetries:         c.DialerRetries,
		ReadTimeout:           c.ReadTimeout,
		WriteTimeout:          c.WriteTimeout,
		MaxRetries:            c.MaxRetries,
		MaxRetryBackoff:       c.MaxRetryBackoff,
		PoolTimeout:           c.PoolTimeout,
		PoolSize:              c.PoolSize,
		MaxActiveConns:        c.MaxActiveConns,
		PipelinePoolSize:      c.PipelinePoolSize,
		ContextTimeoutEnabled: c.ContextTimeoutEnabled,
	})
	client.Options().Limiter = c.Limiter // FailoverOptions has no field for it
	return client, nil
}

func (o Options) cluster() (goredis.UniversalClient, error) {
	if o.DB != 0 {
		return nil, errors.New("a redis cluster has the database 0 only")
	}
	c := o.server("")
	return goredis.NewClusterClient(&goredis.ClusterOptions{
		Addrs:                      slices.Clone(o.Cluster), // the client appends to it
		Username:                   c.Username,
		Password:                   c.Password,
		TLSConfig:                  c.TLSConfig,
		DialTimeout:                c.DialTimeout,
		DialerRetries:              c.DialerRetries,
		ReadTimeout:                c.ReadTimeout,
		WriteTimeout:               c.WriteTimeout,
		MaxRedirects:               2, // those after the first include retries
		MaxRetryBackoff:            c.MaxRetryBackoff,
		PoolTimeout:                c.PoolTimeout,
		PoolSize:                   c.PoolSize,
		MaxActiveConns:             c.MaxActiveConns,
		ContextTimeoutEnabled:      c.ContextTimeoutEnabled,
		MaintNotificationsConfig:   c.MaintNotificationsConfig,
		ClusterStateReloadInterval: staleTopology,
		DisableRoutingPolicies:     true, // they would ask for COMMAND; each of ours names a key
		NewClient: func(node *goredis.Options) *goredis.Client {
			node.Limiter, node.PipelinePoolSize = &breaker{now: o.Now}, -1
			return goredis.NewClient(node)
		},
	}), nil
}

// New returns a store with a client of its own, which Close closes. It does
// not connect yet: see [Store.Ping] and [Store.Prerequisites].
func New(o Options) (*Store, error) {
	client, err := NewClient(o)
	if err != nil {
		return nil, err
	}
	s, err := NewFromClient(client, o.KeyPrefix, o.Now)
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	s.owned, s.options = true, o
	if o.Unconfirmed != nil {
		s.unconfirmed = o.Unconfirmed
	}
	s.replicas.expected.Store(o.Sentinel != nil) // what else would there be to fail over to
	return s, nil
}

// NewFromClient returns a store over a client that others use too; Close
// leaves it open. Make the client with [NewClient], and for a cluster or behind
// sentinels so that it reads from masters only.
func NewFromClient(client goredis.UniversalClient, keyPrefix string, now func() time.Time) (*Store, error) {
	if client == nil || now == nil {
		return nil, errors.New("redis needs a client and a clock")
	}
	if keyPrefix == "" {
		keyPrefix = "samlgate"
	}
	// A brace would move the hash tag and with it the bucket.
	if strings.ContainsFunc(keyPrefix, func(r rune) bool { return r <= ' ' || r > '~' || r == '{' || r == '}' }) {
		return nil, errors.New("redis key prefix may hold printable ASCII without spaces and braces only")
	}
	all, err := loadScripts()
	if err != nil {
		return nil, err
	}
	return &Store{client: client, prefix: keyPrefix, now: now, scripts: all, unconfirmed: func(context.Context, Unconfirmed) {}}, nil
}
