package config

import (
	"net/netip"
	"net/url"
	"time"
)

// Server says where the gateway listens and what it is called.
type Server struct {
	Listen      Address  `yaml:"listen" default:":8443"`
	HTTPListen  Address  `yaml:"http_listen"`  // redirects to https; zero is off
	ExternalURL *url.URL `yaml:"external_url"` // origin only: scheme and lower-case host, no path
	AdminListen Address  `yaml:"admin_listen" default:"127.0.0.1:9090"`
	// AdminTLS is nil where the admin listener speaks plain http (loopback only).
	AdminTLS       *KeyPair       `yaml:"admin_tls"`
	AdminTokens    []AdminToken   `yaml:"admin_tokens"` // none: /api answers 401
	TLS            *ServerTLS     `yaml:"tls"`          // nil: TLS ends in front of us
	TrustedProxies []netip.Prefix `yaml:"trusted_proxies"`
	// ProxyProtocol reads the client's address from a PROXY protocol line.
	ProxyProtocol bool        `yaml:"proxy_protocol" default:"false"`
	ForwardAuth   string      `yaml:"forward_auth" oneof:"nginx traefik caddy haproxy"`
	Prefix        string      `yaml:"prefix" default:"/.samlgate" is:"prefix"` // no final slash
	Paths         ServerPaths `yaml:"paths"`
	ReturnOrigins []string    `yaml:"return_origins" is:"origin"` // "https://host[:port]"
	Drain         Drain       `yaml:"drain"`
	RateLimits    RateLimits  `yaml:"rate_limits"`
}

// AdminToken opens the admin API.
type AdminToken struct {
	Token Secret `yaml:"token"`
	Role  string `yaml:"role" default:"viewer" oneof:"viewer operator"`
	// Hash is the SHA-256 of the token: compare hashes, in constant time.
	Hash [32]byte `yaml:"-"`
}

// ServerTLS is how the public listener speaks TLS.
type ServerTLS struct {
	CertFile   Path          `yaml:"cert_file"`
	KeyFile    Path          `yaml:"key_file"`
	MinVersion string        `yaml:"min_version" default:"1.2" oneof:"1.2 1.3"`
	HSTS       time.Duration `yaml:"hsts" default:"0s"` // zero sends no header
	// Certificates holds every pair, the one of cert_file and key_file first; SNI chooses.
	Certificates []KeyPair `yaml:"certificates"`
	ACME         *ACME     `yaml:"acme"`
}

// ACME gets certificates by itself.
type ACME struct {
	Email     string `yaml:"email"`
	Directory string `yaml:"directory"`
	Challenge string `yaml:"challenge"`
	Storage   Path   `yaml:"storage"`
}

// ServerPaths are further exact URLs or paths that mean the same as the gateway's own.
type ServerPaths struct {
	Login  string `yaml:"login" is:"place"`
	Logout string `yaml:"logout" is:"place"`
	SCIM   string `yaml:"scim" is:"place"`
}

// Drain is how the gateway stops: it goes unready, waits Delay, stops
// accepting, and cuts what is still open after Timeout.
type Drain struct {
	Delay   time.Duration `yaml:"delay" default:"5s"`
	Timeout time.Duration `yaml:"timeout" default:"30s"`
}

// RateLimits are per client address; the zero Rate is no limit.
type RateLimits struct {
	Login   Rate `yaml:"login" default:"20/m"`
	ACS     Rate `yaml:"acs" default:"60/m"`
	SCIM    Rate `yaml:"scim" default:"600/m"`
	Account Rate `yaml:"account" default:"60/m"`
}
