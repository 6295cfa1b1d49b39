package redis

import (
	"crypto/tls"
	"errors"
	"runtime"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Options says where the server is and who we are there.
type Options struct {
	Addr      string // host:port
	Username  string // ACL user, may be empty
	Password  string
	DB        int
	TLS       *tls.Config // nil = plain TCP
	KeyPrefix string      // in front of every key and channel; empty = "samlgate"
	Now       func() time.Time
}

const poolMost = 32 // connections of one gateway to one server

// NewClient returns a client with the timeouts that sessions need: a server
// that is away is known to be away within a second or so, and from then on at
// once. It does not connect yet.
func NewClient(o Options) (*goredis.Client, error) {
	if o.Addr == "" || o.Now == nil {
		return nil, errors.New("redis needs an address and a clock")
	}
	return goredis.NewClient(&goredis.Options{
		Addr:                  o.Addr,
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
		ContextTimeoutEnabled: true,
		Limiter:               &breaker{now: o.Now},
		MaintNotificationsConfig: &maintnotifications.Config{
			Mode: maintnotifications.ModeDisabled,
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
	s.owned = true
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
	return &Store{client: client, prefix: keyPrefix, now: now, scripts: all}, nil
}
