package config

import (
	"fmt"
	"slices"
	"strings"
)

// serviceProviders checks the further SP identities by themselves. What depends
// on routes is for [checker.furtherPaths].
func (c *checker) serviceProviders(s *SAML) {
	for i, p := range s.ServiceProviders {
		path, before := fmt.Sprintf("saml.service_providers[%d]", i), s.ServiceProviders[:i]
		if c.require(path+".name", p.Name != "", "a slug that routes[].service_provider picks") &&
			slices.ContainsFunc(before, func(o ServiceProvider) bool { return o.Name == p.Name }) {
			c.mistake(path+".name", "another service provider is called %s too", c.quoted(path+".name"))
		}
		c.require(path+".origin", p.Origin != "", "the gateway's origin or that of a route, such as https://wiki.example.com")
		if !c.require(path+".entity_id", p.EntityID != "", "the name that identity providers know the old service provider by") {
			continue
		}
		c.entityID(path+".entity_id", p.EntityID)
		if p.EntityID == s.EntityID || slices.ContainsFunc(before, func(o ServiceProvider) bool { return o.EntityID == p.EntityID }) {
			c.mistake(path+".entity_id", "two service providers may not share one entity ID: an assertion for one would be good at the other")
		}
	}
}

// serviceProviderOf checks what a route signs people in with.
func (c *checker) serviceProviderOf(path string, r *Route) {
	if r.ServiceProvider == "" || c.unknown(path) {
		return
	}
	var names []string
	for _, p := range c.cfg.SAML.ServiceProviders {
		if p.Name == "" { // refused already
			return
		}
		names = append(names, p.Name)
		if p.Name != r.ServiceProvider {
			continue
		}
		if _, host := originOf(p.Origin); host != "" && !c.isGateway(host) && !slices.Contains(r.Hosts, host) {
			c.warn(path, "signs people in by way of another app's host: scripts of that app can read their assertions")
		}
		return
	}
	c.mistake(path, "%s is no service provider of this file%s", c.quoted(path), c.hint(path, r.ServiceProvider, names))
}

// oneIdentity: a browser has one session on a host. Routes there that want one
// with another SP identity each would push out each other's, without end.
func (c *checker) oneIdentity(routes []Route) {
	first := map[string]int{}
	for i, r := range routes {
		for _, host := range r.Hosts {
			j, seen := first[host]
			if !seen {
				first[host] = i
				continue
			}
			if r.ServiceProvider != routes[j].ServiceProvider && !isWildcard(host) {
				c.mistake(fmt.Sprintf("routes[%d].service_provider", i), "all routes of a host sign in with one service provider, and another route there has another")
				break
			}
		}
	}
}

func (c *checker) isGateway(host string) bool {
	u := c.cfg.Server.ExternalURL
	return u != nil && strings.Trim(u.Hostname(), "[]") == host
}

// endpoint is one exact path of ours on a host; no host = on every host.
type endpoint struct{ key, host, path string }

// meets reports whether a request can be for both.
func (e endpoint) meets(o endpoint) bool {
	return e.path == o.path && (e.host == o.host || e.host == "" || o.host == "")
}

// furtherPaths checks that each path of a further SP identity belongs to nobody
// else. It needs the hosts of the routes.
func (c *checker) furtherPaths(all []ServiceProvider) {
	taken := c.ownEndpoints()
	for i, p := range all {
		path := fmt.Sprintf("saml.service_providers[%d]", i)
		host, ok := c.furtherOrigin(path, p)
		if !ok {
			continue
		}
		for _, e := range further(path, host, p.Paths) {
			c.furtherPath(e, taken)
			taken = append(taken, e)
		}
		if p.Name != "" && !slices.ContainsFunc(c.cfg.Routes, func(r Route) bool { return r.ServiceProvider == p.Name }) {
			c.warn(path, "no route has service_provider %s, so nobody signs in with it", c.quoted(path+".name"))
		}
	}
}

// furtherOrigin wants an origin at which requests reach us, and returns its host.
func (c *checker) furtherOrigin(path string, p ServiceProvider) (host string, ok bool) {
	u := c.cfg.Server.ExternalURL
	o, err := parseURL(p.Origin)
	if err != nil || u == nil || c.unknown(path+".origin") || c.unknown("server.external_url") {
		return "", false
	}
	_, host = originOf(p.Origin)
	isRoute := slices.ContainsFunc(c.cfg.Routes, func(r Route) bool { return slices.Contains(r.Hosts, host) })
	switch at := path + ".origin"; {
	case !c.isGateway(host) && !isRoute:
		c.mistake(at, "names a host that is neither the gateway's nor one of a route's hosts (a wildcard does not count)")
	case o.Scheme != u.Scheme || portOf(o) != portOf(u):
		c.mistake(at, "must have the scheme and the port of server.external_url")
	default:
		return host, true
	}
	return "", false
}

// ownEndpoints are the exact paths that the gateway has given away already.
func (c *checker) ownEndpoints() []endpoint {
	s, p := c.cfg.Server, c.cfg.SAML.Paths
	gateway := ""
	if s.ExternalURL != nil {
		gateway = strings.Trim(s.ExternalURL.Hostname(), "[]")
	}
	all := []endpoint{
		{"saml.paths.metadata", gateway, p.Metadata}, {"saml.paths.acs", gateway, p.ACS},
		{"saml.paths.slo", gateway, p.SLO}, {"saml.paths.soap", gateway, p.SOAP},
		elsewhere("server.paths.login", gateway, s.Paths.Login), elsewhere("server.paths.logout", "", s.Paths.Logout),
	}
	for i, r := range c.cfg.Routes {
		for _, host := range r.Hosts {
			if r.Path != "/" {
				all = append(all, endpoint{fmt.Sprintf("routes[%d].path", i), host, r.Path})
			}
			for j, out := range r.Logout.Paths {
				all = append(all, endpoint{fmt.Sprintf("routes[%d].logout.paths[%d]", i, j), host, out})
			}
		}
	}
	return all
}

// elsewhere reads a further address of ours: a path on host, or an URL.
func elsewhere(key, host, value string) endpoint {
	if u, err := parseURL(value); err == nil && u.Host != "" {
		_, host = originOf(value)
		return endpoint{key, host, u.Path}
	}
	return endpoint{key, host, value}
}

// further are the exact paths of one identity. Single logout may have one path
// for all bindings: SOAP says what it is.
func further(path, host string, p SAMLPaths) []endpoint {
	if p.SOAP == p.SLO {
		p.SOAP = ""
	}
	return []endpoint{
		{path + ".paths.metadata", host, p.Metadata}, {path + ".paths.acs", host, p.ACS},
		{path + ".paths.slo", host, p.SLO}, {path + ".paths.soap", host, p.SOAP},
	}
}

func (c *checker) furtherPath(e endpoint, taken []endpoint) {
	switch {
	case e.path == "":
		return
	case e.path == "/":
		c.mistake(e.key, "is the start page of the host, which the app would lose")
		return
	case inPrefix(c.cfg.Server.Prefix, e.path):
		c.mistake(e.key, "lies below server.prefix, where the gateway has its own pages")
		return
	}
	if i := slices.IndexFunc(taken, e.meets); i >= 0 {
		c.mistake(e.key, "is the same as %s", taken[i].key)
	}
}
