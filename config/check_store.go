package config

import (
	"bytes"
	"fmt"
	"net"
	"time"
)

const graceMost = 5 * time.Minute

func (c *checker) store() {
	s := c.cfg.Store
	c.keys("store.encryption_keys", s.EncryptionKeys)
	if (s.Grace < 0 || s.Grace > graceMost) && !c.unknown("store.grace") {
		c.mistake("store.grace", "must be from 0s to 5m: for so long an ended session might go on")
	}
	if s.Driver == "redis" {
		c.redis(s.Redis)
		return
	}
	if s.Embedded.Path == "" && !c.unknown("store.embedded.path") && !c.unknown("store.driver") {
		c.warn("store.embedded.path", "sessions are kept in memory only: a restart signs everybody out, and a second replica knows none of them")
	}
}

func (c *checker) redis(r Redis) {
	c.require("store.redis.addresses", len(r.Addresses) > 0, "host:port of the server")
	if !c.unknown("store.redis.mode") {
		c.redisMode(r)
	}
	if r.Username != "" && r.Password.Empty() && !c.unknown("store.redis.password") {
		c.mistake("store.redis.password", "is required: there is a username")
	}
	if r.TLS != nil {
		c.clientTLS("store.redis.tls", r.TLS)
		return
	}
	for i, a := range r.Addresses {
		host, _, _ := net.SplitHostPort(a)
		if path := fmt.Sprintf("store.redis.addresses[%d]", i); host != "" && !IsLoopback(host) && !c.unknown(path) {
			c.warn(path, "is spoken to without TLS: its password travels in the clear")
		}
	}
}

// redisMode holds keys to the mode that reads them.
func (c *checker) redisMode(r Redis) {
	behind := r.Mode == "sentinel"
	if r.Mode == "standalone" && len(r.Addresses) > 1 {
		c.mistake("store.redis.addresses", "standalone mode takes exactly one address")
	}
	if behind {
		c.require("store.redis.master_name", r.MasterName != "", "the name that the sentinels monitor")
	}
	if r.Mode == "cluster" && r.DB != 0 && !c.unknown("store.redis.db") {
		c.mistake("store.redis.db", "must be 0: a cluster has no other")
	}
	for key, given := range map[string]bool{"master_name": r.MasterName != "",
		"sentinel_username": r.SentinelUsername != "", "sentinel_password": !r.SentinelPassword.Empty()} {
		if path := "store.redis." + key; given && !behind && !c.unknown(path) {
			c.mistake(path, "is read with mode: sentinel only")
		}
	}
	if r.SentinelUsername != "" && r.SentinelPassword.Empty() && !c.unknown("store.redis.sentinel_password") {
		c.mistake("store.redis.sentinel_password", "is required: there is a sentinel_username")
	}
}

func (c *checker) clientTLS(path string, t *ClientTLS) {
	if t.CertFile != "" || t.KeyFile != "" {
		c.both(path, "cert_file", t.CertFile, "key_file", t.KeyFile)
	}
}

// keys refuses a key that is in a ring twice.
func (c *checker) keys(path string, keys []Key) {
	for i, k := range keys {
		for _, other := range keys[:i] {
			if !k.Empty() && bytes.Equal(k.b, other.b) {
				c.mistake(fmt.Sprintf("%s[%d]", path, i), "is here twice")
			}
		}
	}
}

func (c *checker) session() {
	s := &c.cfg.Session
	c.require("session.cookie_keys", len(s.CookieKeys) > 0, "one key, made by \"samlgate keygen\": \"${file:cookie.key}\"")
	c.keys("session.cookie_keys", s.CookieKeys)
	c.cookieName(s)
	if s.IdleTimeout < time.Second && !c.unknown("session.idle_timeout") {
		c.mistake("session.idle_timeout", "must be at least 1s")
	}
	if s.IdleTimeout > s.MaxLifetime && !c.unknown("session.idle_timeout") && !c.unknown("session.max_lifetime") {
		path := "session.idle_timeout"
		if !c.given(path) {
			path = "session.max_lifetime"
		}
		c.mistake(path, "idle_timeout (%s) is longer than max_lifetime (%s)",
			c.duration("session.idle_timeout", s.IdleTimeout), c.duration("session.max_lifetime", s.MaxLifetime))
	}
	c.overrides(s)
	c.userChoice(s)
	c.ignorePaths(s.IgnorePaths)
}

// duration shows a duration unless it was expanded.
func (c *checker) duration(path string, d time.Duration) string {
	if c.given(path) && !c.at[path].mayShow() {
		return "the value"
	}
	return d.String()
}

// cookieName fills in the name and holds it to what browsers demand of its
// prefix (RFC 6265bis §4.1.3).
func (c *checker) cookieName(s *Session) {
	u := c.cfg.Server.ExternalURL
	secure := u == nil || u.Scheme == "https"
	const prefix, path = "__Host-", "session.cookie_name"
	hasPrefix := len(s.CookieName) > len(prefix) && s.CookieName[:len(prefix)] == prefix
	switch {
	case s.CookieName == "" && secure:
		s.CookieName = prefix + "samlgate"
	case s.CookieName == "":
		s.CookieName = "samlgate"
	case u == nil || c.unknown("server.external_url"):
	case secure && !hasPrefix:
		c.mistake(path, "must begin with %s, so that no other host can set it", prefix)
	case !secure && (hasPrefix || len(s.CookieName) >= 2 && s.CookieName[:2] == "__"):
		c.mistake(path, "browsers keep a cookie with this prefix on https only, and server.external_url is http")
	}
}
