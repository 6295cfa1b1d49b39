package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

func (c *checker) routes() {
	routes := c.cfg.Routes
	c.require("routes", len(routes) > 0, "at least one app to stand in front of")
	for i := range routes {
		r, path := &routes[i], fmt.Sprintf("routes[%d]", i)
		c.identityOfRoute(path, r, routes[:i])
		c.match(path, r)
		c.upstream(path, r)
		c.routeAccess(path, r)
		c.unauthenticated(path+".unauthenticated", r.Unauthenticated)
		c.keptHeaders(path, r)
		if s := r.Headers.Signing; r.Logout.NotifyURL != "" && (s == nil || s.JWT.Header == "") {
			c.mistake(path+".logout.notify_url", "needs headers.signing.jwt: the app could not tell our messages from anybody's")
		}
		c.routeSession(path, r)
		if r.TLS != nil {
			c.clientTLS(path+".tls", r.TLS)
		}
		if r.Limits.URLBytes > 0 && r.Limits.URLBytes < 256 {
			c.mistake(path+".limits.url_bytes", "must be at least 256, or 0 for no limit")
		}
	}
	c.overlaps(routes)
	c.oneIdentity(routes)
	for i, r := range routes {
		c.returnTo(fmt.Sprintf("routes[%d].logout.return_to", i), r.Logout.ReturnTo)
	}
}

func (c *checker) identityOfRoute(path string, r *Route, before []Route) {
	if c.require(path+".name", r.Name != "", "a slug, used in logs, metrics and as the audience of tokens") &&
		slices.ContainsFunc(before, func(o Route) bool { return o.Name == r.Name }) {
		c.mistake(path+".name", "another route is called %s too", c.quoted(path+".name"))
		return
	}
	if r.Audience == "" {
		r.Audience = r.Name
	}
	if r.Audience != "" && slices.ContainsFunc(before, func(o Route) bool { return o.Audience == r.Audience }) {
		c.mistake(path+".audience", "another route has this audience: a token for one app would be good at the other")
	}
}

// match gathers the hosts and checks that the path is the app's to have.
func (c *checker) match(path string, r *Route) {
	if r.Host != "" && len(r.Hosts) > 0 {
		c.mistake(path+".hosts", "take either host or hosts")
	}
	if r.Host != "" {
		r.Hosts = append([]string{r.Host}, r.Hosts...)
	}
	if len(r.Hosts) == 0 && !c.unknown(path+".host") {
		c.require(path+".host", c.unknown(path+".hosts"), "the host name people use, or hosts: [...]")
	}
	if i := slices.IndexFunc(r.Hosts, isWildcard); i >= 0 {
		c.warn(hostPath(path, i, *r), "nobody can sign in under a wildcard, since sessions are handed over to exact hosts only: only public paths answer there")
	}
	if prefix := c.cfg.Server.Prefix; inPrefix(prefix, r.Path) {
		c.mistake(path+".path", "lies below server.prefix: nothing there ever reaches an app")
	}
	if u := c.cfg.Server.ExternalURL; u != nil && slices.Contains(r.Hosts, strings.Trim(u.Hostname(), "[]")) {
		at := path + ".host"
		if !c.given(at) {
			at = path + ".hosts"
		}
		c.warn(at, "this app shares the gateway's own origin: a script in it can act on the gateway's pages as the person; a host of its own is safer")
	}
}

// overlaps refuses two routes that would take the same request.
func (c *checker) overlaps(routes []Route) {
	seen := map[[2]string]int{}
	for i, r := range routes {
		for j, h := range r.Hosts {
			if h == "" || c.unknown(fmt.Sprintf("routes[%d].path", i)) {
				continue
			}
			key := [2]string{h, r.Path}
			first, taken := seen[key]
			if !taken {
				seen[key] = i
				continue
			}
			at := hostPath(fmt.Sprintf("routes[%d]", i), j, r)
			switch {
			case first == i:
				c.mistake(at, "the host is here twice")
			case c.at[at].mayShow():
				c.mistake(at, "host %q and path %q belong to the route %q already", h, r.Path, c.nameOf(first))
			default:
				c.mistake(at, "host and path belong to another route already")
			}
		}
	}
}

func isWildcard(host string) bool { return strings.HasPrefix(host, "*") }

// hostPath is the path of the host number j of a route, as it was written.
func hostPath(route string, j int, r Route) string {
	if r.Host != "" {
		j--
	}
	if j < 0 {
		return route + ".host"
	}
	return fmt.Sprintf("%s.hosts[%d]", route, j)
}

func (c *checker) nameOf(i int) string {
	if n := c.at[fmt.Sprintf("routes[%d].name", i)]; n.mayShow() {
		return n.text
	}
	return fmt.Sprintf("routes[%d]", i)
}

func (c *checker) upstream(path string, r *Route) {
	at, u := path+".upstream", r.Upstream
	switch {
	case u == nil:
		c.require(at, c.unknown(path+".upstreams"), "the app's address, such as http://10.0.0.5:8080")
	case unsupportedValue("routes[].upstream", u.Scheme):
		c.mistake(at, notSupported)
	case u.Scheme != "http" && u.Scheme != "https":
		c.mistake(at, "needs a scheme: http, https, h2c or unix, such as http://10.0.0.5:8080")
	case u.User != nil:
		c.mistake(at, "must not hold a user name or password; headers.set can send an API key")
	case !isUpstreamHost(u):
		c.mistake(at, "needs a host, and a port from 1 to 65535 if any")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		c.mistake(at, "must not hold a query or fragment")
	case u.Path != "" && u.Path != "/" && !r.StripPath:
		c.mistake(at, "may hold a path only with strip_path")
	default:
		if own := c.cfg.Server.ownListener(u); own != "" {
			c.mistake(at, "is the gateway itself (%s)", own)
		}
		if c.cfg.Server.publicPort(u) && c.ownHost(strings.ToLower(u.Hostname())) {
			c.warn(at, "has the host and port of a route: where that name leads back here, requests go round in circles")
		}
		if r.TLS != nil && u.Scheme != "https" && !c.unknown(at) {
			c.mistake(path+".tls", "is for https upstreams")
		}
	}
	if u != nil && u.Path == "/" {
		u.Path = ""
	}
}

func isUpstreamHost(u *url.URL) bool {
	return u.Hostname() != "" && !strings.HasSuffix(u.Host, ":") && validPort(portOf(u)) && !strings.ContainsAny(u.Host, "%*,;")
}

// contexts: a route's list takes the place of the provider's, so it may narrow
// it and never widen it. A session that a weaker sign-in began would pass every
// route without a list of its own.
func (c *checker) contexts(path string, r *Route) {
	for _, p := range c.cfg.SAML.IDPs {
		if len(p.AuthnContext) == 0 || len(r.IDPs) > 0 && !slices.Contains(r.IDPs, p.Name) {
			continue
		}
		for i, context := range r.AuthnContext {
			if at := fmt.Sprintf("%s[%d]", path, i); !c.unknown(at) && !slices.Contains(p.AuthnContext, context) {
				c.mistake(at, "is not among the authn_context of identity provider %q, which it would weaken", p.Name)
			}
		}
	}
}

func (c *checker) routeAccess(path string, r *Route) {
	names := c.cfg.SAML.names()
	for i, name := range r.IDPs {
		if at := fmt.Sprintf("%s.idps[%d]", path, i); !c.unknown(at) && len(names) > 0 && !slices.Contains(names, name) {
			c.mistake(at, "%s is no identity provider of this file%s", c.quoted(at), c.hint(at, name, names))
		}
	}
	if len(r.Allow.Roles) > 0 && len(c.cfg.SAML.IDPs) > 1 && len(r.IDPs) == 0 && !c.unknown(path+".idps") {
		c.mistake(path+".idps", "is required: with two or more identity providers a route with allow.roles names whose roles count")
	}
	c.serviceProviderOf(path+".service_provider", r)
	c.uris(path+".authn_context", r.AuthnContext)
	c.contexts(path+".authn_context", r)
	for i, p := range r.Allow.Networks {
		if at := fmt.Sprintf("%s.allow.networks[%d]", path, i); p.IsValid() && p.Bits() == 0 {
			c.warn(at, "is every address there is")
		}
	}
	for i, pattern := range r.Public {
		if isEverything(pattern) {
			c.warn(fmt.Sprintf("%s.public[%d]", path, i), "opens the whole app to anybody")
		}
	}
	if r.IdentityOnPublic && len(r.Public) == 0 && !c.unknown(path+".public") {
		c.mistake(path+".identity_on_public", "has no meaning without public paths")
	}
}

func (c *checker) unauthenticated(path, value string) {
	words := []string{"auto", "login", "401"}
	if c.unknown(path) || slices.Contains(words, value) || isWebURL(value) {
		return
	}
	c.mistake(path, "%s is not auto, login, 401 or an http or https URL%s", c.quoted(path), c.hint(path, value, words))
}

// keptHeaders: a header that says who a person is can never come from a client.
func (c *checker) keptHeaders(path string, r *Route) {
	for i, name := range r.KeepClientHeaders {
		if at := fmt.Sprintf("%s.keep_client_headers[%d]", path, i); !c.unknown(at) && c.managed(name) {
			c.mistake(at, "%s tells an app who a person is: a client's copy is always removed", c.quoted(at))
		}
	}
}

// returnTo checks an address that people are sent to after a logout: a path,
// or an absolute URL on the gateway, a route or one of server.return_origins.
func (c *checker) returnTo(path, value string) {
	if value == "" || c.unknown(path) {
		return
	}
	if strings.HasPrefix(value, "/") {
		if strings.HasPrefix(value, "//") || strings.ContainsAny(value, "\\ ") || !isASCII(value) {
			c.mistake(path, "is not a path: it begins with exactly one /")
		}
		return
	}
	o, host := originOf(value)
	switch {
	case !isWebURL(value) || !isASCII(value) || strings.Contains(value, "\\"):
		c.mistake(path, "is neither a path nor an http or https URL")
	case !slices.Contains(c.cfg.Server.ReturnOrigins, o) && !c.ownHost(host):
		c.mistake(path, "names a host that is neither the gateway's nor a route's; server.return_origins can allow it")
	}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

func originOf(s string) (origin, host string) {
	u, err := parseURL(s)
	if err != nil || normalizeHost(u) != nil {
		return "", ""
	}
	return u.Scheme + "://" + u.Host, strings.Trim(u.Hostname(), "[]")
}

// ownHost reports whether a host is the gateway's or, by name or wildcard, a route's.
func (c *checker) ownHost(host string) bool {
	if u := c.cfg.Server.ExternalURL; u != nil && u.Hostname() == host {
		return true
	}
	_, parent, _ := strings.Cut(host, ".")
	return slices.ContainsFunc(c.cfg.Routes, func(r Route) bool {
		return slices.Contains(r.Hosts, host) || slices.Contains(r.Hosts, "*."+parent)
	})
}
