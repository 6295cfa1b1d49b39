package config

import "time"

// Store says where sessions live.
type Store struct {
	Driver         string        `yaml:"driver" default:"embedded" oneof:"embedded redis"`
	EncryptionKeys []Key         `yaml:"encryption_keys"`    // newest first; none: derived from session.cookie_keys
	Grace          time.Duration `yaml:"grace" default:"0s"` // at most 5m
	CacheBytes     Size          `yaml:"cache_bytes" default:"128MiB"`
	Embedded       Embedded      `yaml:"embedded"`
	Redis          Redis         `yaml:"redis"`
}

// Embedded keeps sessions in this process; an empty Path is memory only.
type Embedded struct {
	Path Path `yaml:"path"`
}

// Redis keeps sessions in Redis or Valkey.
type Redis struct {
	Addresses  []string   `yaml:"addresses" default:"127.0.0.1:6379" is:"hostport"`
	Mode       string     `yaml:"mode" default:"standalone" oneof:"standalone sentinel cluster"`
	MasterName string     `yaml:"master_name"` // as the sentinels call it
	Username   string     `yaml:"username"`
	Password   Secret     `yaml:"password"`
	DB         int        `yaml:"db" default:"0"`
	TLS        *ClientTLS `yaml:"tls"` // nil: plain TCP
	KeyPrefix  string     `yaml:"key_prefix" default:"samlgate" is:"keyprefix"`
	// Who we are at the sentinels, which have users of their own.
	SentinelUsername string `yaml:"sentinel_username"`
	SentinelPassword Secret `yaml:"sentinel_password"`
}

// ClientTLS is how we speak TLS as a client. Empty fields mean the system's
// roots, no client certificate, and the host name we dialled.
type ClientTLS struct {
	CAFile     File    `yaml:"ca_file"` // Content: PEM certificates
	CertFile   Path    `yaml:"cert_file"`
	KeyFile    Path    `yaml:"key_file"`
	ServerName string  `yaml:"server_name" is:"host"`
	Pair       KeyPair `yaml:"-"` // what cert_file and key_file hold
}
