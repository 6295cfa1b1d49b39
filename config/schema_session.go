package config

import "time"

// Session says how long people stay signed in, and how often at once.
type Session struct {
	CookieKeys    []Key         `yaml:"cookie_keys"`             // newest first, 32 bytes or more each
	CookieName    string        `yaml:"cookie_name" is:"cookie"` // filled in: __Host-samlgate, or samlgate on http
	IdleTimeout   time.Duration `yaml:"idle_timeout" default:"30m"`
	MaxLifetime   time.Duration `yaml:"max_lifetime" default:"12h"`
	MaxConcurrent int           `yaml:"max_concurrent" default:"3"` // per person; 0 is no limit
	OnLimit       string        `yaml:"on_limit" default:"evict_oldest" oneof:"evict_oldest evict_idle deny ask"`
	OnIdle        string        `yaml:"on_idle" default:"login"` // login, page, slo_url or an URL
	IgnorePaths   []string      `yaml:"ignore_paths" is:"pattern"`
	KeepJS        bool          `yaml:"keep_js" default:"false"`
	UserChoice    *UserChoice   `yaml:"user_choice"` // nil: people may not choose
	Overrides     []Override    `yaml:"overrides"`   // first match wins
}

// UserChoice bounds what people may choose for themselves.
type UserChoice struct {
	IdleTimeout   *DurationRange `yaml:"idle_timeout"`
	MaxConcurrent *CountRange    `yaml:"max_concurrent"`
}

// DurationRange is both ends, included.
type DurationRange struct {
	Min time.Duration `yaml:"min"`
	Max time.Duration `yaml:"max"`
}

// CountRange is both ends, included.
type CountRange struct {
	Min int `yaml:"min"`
	Max int `yaml:"max"`
}

// Override changes the session's limits for some people; nil fields change nothing.
type Override struct {
	Roles         []string       `yaml:"roles"`
	Emails        []string       `yaml:"emails" is:"email"`
	EmailDomains  []string       `yaml:"email_domains" is:"domain"`
	IDPs          []string       `yaml:"idps" is:"slug"`
	IdleTimeout   *time.Duration `yaml:"idle_timeout"`
	MaxLifetime   *time.Duration `yaml:"max_lifetime"`
	MaxConcurrent *int           `yaml:"max_concurrent"`
	OnLimit       string         `yaml:"on_limit" oneof:"evict_oldest evict_idle deny ask"`
}
