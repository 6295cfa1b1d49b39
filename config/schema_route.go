package config

import (
	"net/netip"
	"net/url"
	"time"
)

// Route is one app: which requests it gets, who may send them, and how they travel.
type Route struct {
	Name      string     `yaml:"name" is:"slug"`
	Host      string     `yaml:"host" is:"routehost"`  // also the first of Hosts
	Hosts     []string   `yaml:"hosts" is:"routehost"` // lower case A-labels, no port; "*.x" is one label
	Path      string     `yaml:"path" default:"/" is:"routepath"`
	Upstream  *url.URL   `yaml:"upstream"`
	Upstreams []*url.URL `yaml:"upstreams"`
	Health    *Health    `yaml:"health"`

	UpstreamCarrier  string `yaml:"upstream_carrier" default:"standard" oneof:"fast standard"`
	StripPath        bool   `yaml:"strip_path" default:"false"`
	RewriteRedirects string `yaml:"rewrite_redirects" default:"auto" oneof:"auto always never"`
	HostHeader       string `yaml:"host_header" default:"incoming" oneof:"incoming upstream"`

	IDPs             []string      `yaml:"idps"` // names; empty: all
	ServiceProvider  string        `yaml:"service_provider"`
	Provisioning     string        `yaml:"provisioning" oneof:"jit known_only scim_only"`
	Allow            Allow         `yaml:"allow"`
	Public           []string      `yaml:"public" is:"pattern"` // "[GET,POST ]/x" exact, "/x/" and all below
	IdentityOnPublic bool          `yaml:"identity_on_public" default:"false"`
	Block            []string      `yaml:"block" is:"pattern"`
	Unauthenticated  string        `yaml:"unauthenticated" default:"auto"` // auto, login, 401 or an URL
	MaxAuthAge       time.Duration `yaml:"max_auth_age" default:"0s"`
	AuthnContext     []string      `yaml:"authn_context"`
	Audience         string        `yaml:"audience"` // filled in: Name

	Headers           RouteHeaders  `yaml:"headers"`
	Session           RouteSession  `yaml:"session"`
	Logout            Logout        `yaml:"logout"`
	CORS              CORS          `yaml:"cors"`
	WebSocketOrigins  []string      `yaml:"websocket_origins" is:"origin"`
	LiveActivity      string        `yaml:"live_activity" default:"client" oneof:"client none"`
	RawPath           string        `yaml:"raw_path" default:"deny" oneof:"deny allow"`
	PostReplay        PostReplay    `yaml:"post_replay"`
	SharedCache       bool          `yaml:"shared_cache" default:"false"`
	KeepClientHeaders []string      `yaml:"keep_client_headers" is:"token"`
	Timeouts          Timeouts      `yaml:"timeouts"`
	Limits            RequestLimits `yaml:"limits"`
	TLS               *ClientTLS    `yaml:"tls"` // to the upstream; nil: system roots
}

// Health asks each upstream of a pool how it is.
type Health struct {
	Path     string        `yaml:"path" default:"/healthz" is:"path"`
	Interval time.Duration `yaml:"interval" default:"5s"`
}

// Allow is who may pass. Within a key any value is enough; all keys that are
// present must hold (Emails and EmailDomains count as one); empty lets every
// signed-in person pass.
type Allow struct {
	Roles        []string       `yaml:"roles"`
	Emails       []string       `yaml:"emails" is:"email"`
	EmailDomains []string       `yaml:"email_domains" is:"domain"`
	Networks     []netip.Prefix `yaml:"networks"`
	MaxAge       time.Duration  `yaml:"max_age" default:"0s"`
	When         string         `yaml:"when"`
}

// RouteSession tightens the session's limits on one route; zero does not.
type RouteSession struct {
	IdleTimeout time.Duration `yaml:"idle_timeout" default:"0s"`
	MaxLifetime time.Duration `yaml:"max_lifetime" default:"0s"`
}

// Logout ties the app's own sign-out to ours.
type Logout struct {
	Paths        []string `yaml:"paths" is:"path"` // exact app paths that end our session too
	ReturnTo     string   `yaml:"return_to"`       // a path or an absolute URL; empty: the signed-out page
	ClearCookies []string `yaml:"clear_cookies" is:"token"`
	NotifyURL    string   `yaml:"notify_url" is:"link"` // told of every end of a session; empty: nobody
}

// CORS lists the origins whose preflights the gateway answers.
type CORS struct {
	Origins []string `yaml:"origins" is:"origin"`
}

// PostReplay keeps a form over a login; zero keeps none.
type PostReplay struct {
	MaxBytes Size `yaml:"max_bytes" default:"0"`
}

// Timeouts are towards the upstream; a zero is no limit.
type Timeouts struct {
	Connect        time.Duration `yaml:"connect" default:"5s"`
	ResponseHeader time.Duration `yaml:"response_header" default:"60s"`
	Idle           time.Duration `yaml:"idle" default:"0s"`
}

// RequestLimits bound one request; a zero is no limit.
type RequestLimits struct {
	BodyBytes Size `yaml:"body_bytes" default:"0"`
	URLBytes  Size `yaml:"url_bytes" default:"8192"`
	InFlight  int  `yaml:"in_flight" default:"0"`
}
