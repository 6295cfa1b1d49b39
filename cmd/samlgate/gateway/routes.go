package gateway

import (
	"errors"
	"fmt"
	"strings"

	"github.com/samlgate/samlgate/access"
	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/proxy"
	"github.com/samlgate/samlgate/proxy/route"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/proxy/upstream"
)

// buildRoutes makes the route table and the upstreams behind it.
func buildRoutes(cfg *config.Config, s *signers) (*route.Router[*proxy.Route], []*proxy.Route, error) {
	var entries []route.Entry[*proxy.Route]
	var all []*proxy.Route
	var errs []error
	for _, c := range cfg.Routes {
		rt, err := buildRoute(c, s)
		if err != nil {
			errs = append(errs, fmt.Errorf("route %q: %w", c.Name, err))
			continue
		}
		all = append(all, rt)
		entries = append(entries, route.Entry[*proxy.Route]{Name: c.Name, Hosts: c.Hosts, Path: c.Path, Value: rt})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	router, err := route.New(entries)
	return router, all, err
}

func buildRoute(c config.Route, s *signers) (*proxy.Route, error) {
	public, block, err := patterns(c)
	if err != nil {
		return nil, err
	}
	tls, err := clientTLS(c.TLS)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	up, err := upstream.New(upstream.Config{
		URL: c.Upstream, TLS: tls, Connect: c.Timeouts.Connect, ResponseHeader: c.Timeouts.ResponseHeader, Idle: c.Timeouts.Idle,
	})
	if err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	rules, err := rules(c.Allow)
	if err != nil {
		return nil, err
	}
	token, message, err := s.of(c.Headers.Signing)
	if err != nil {
		return nil, err
	}
	return &proxy.Route{
		Name: c.Name, Audience: c.Audience, IDPs: c.IDPs, Rules: rules, Demand: demand(c), Public: public, Block: block,
		IdentityOnPublic: c.IdentityOnPublic, LiveIgnored: c.LiveActivity == "none", Unauthenticated: c.Unauthenticated, Names: names(c.Headers),
		Signer: token, Message: message, KeepHeaders: c.KeepClientHeaders, Upstream: up, LogoutPaths: c.Logout.Paths,
		CORSOrigins: c.CORS.Origins, WebSocketOrigins: c.WebSocketOrigins, SharedCache: c.SharedCache,
		MaxBody: int64(c.Limits.BodyBytes), MaxURL: int64(c.Limits.URLBytes),
	}, nil
}

func patterns(c config.Route) (public []route.Pattern, block []route.BlockPattern, err error) {
	if public, err = exactPatterns(c.Public); err != nil {
		return nil, nil, fmt.Errorf("public: %w", err)
	}
	for _, s := range c.Block {
		b, err := route.ParseBlockPattern(s)
		if err != nil {
			return nil, nil, fmt.Errorf("block: %w", err)
		}
		block = append(block, b)
	}
	return public, block, nil
}

// exactPatterns reads patterns in which case counts.
func exactPatterns(all []string) (patterns []route.Pattern, err error) {
	for _, s := range all {
		p, err := route.ParsePattern(s)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}

func rules(a config.Allow) (access.Policy, error) {
	r := access.Policy{Roles: a.Roles, Networks: a.Networks}
	for _, s := range a.Emails {
		e, err := identity.NormalizeEmail(s)
		if err != nil {
			return r, fmt.Errorf("allow.emails: %w", err)
		}
		r.Emails = append(r.Emails, e)
	}
	for _, s := range a.EmailDomains {
		d, err := identity.NormalizeDomain(s)
		if err != nil {
			return r, fmt.Errorf("allow.email_domains: %w", err)
		}
		r.EmailDomains = append(r.EmailDomains, d)
	}
	return r, nil
}

func names(c config.RouteHeaders) headers.Names {
	n := headers.Names{
		Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, Username: c.Username,
		Roles: c.Roles, EmployeeID: c.EmployeeID, Extra: c.Extra, Separator: c.Separator, Encoding: headers.Encoding(c.Encoding.All),
	}
	for header, encoding := range c.Encoding.PerHeader {
		if n.Encodings == nil {
			n.Encodings = map[string]headers.Encoding{}
		}
		n.Encodings[header] = headers.Encoding(encoding)
	}
	if len(c.Set) > 0 {
		n.Set = make(map[string]string, len(c.Set))
		for header, value := range c.Set {
			n.Set[header] = value.Reveal()
		}
	}
	if c.Signing != nil {
		n.JWT = c.Signing.JWT.Header
	}
	return n
}

func demand(c config.Route) signin.Demand {
	return signin.Demand{MaxAge: c.MaxAuthAge, Contexts: c.AuthnContext, ServiceProvider: c.ServiceProvider,
		Idle: c.Session.IdleTimeout, Lifetime: c.Session.MaxLifetime}
}

// places are the routes as the sign-in needs to know them.
func places(cfg *config.Config, routes []*proxy.Route) []signin.Place {
	var all []signin.Place
	for i, c := range cfg.Routes {
		p := signin.Place{
			Name: c.Name, Path: c.Path, IDPs: c.IDPs, Rules: routes[i].Rules, Demand: routes[i].Demand,
			LogoutPaths: routes[i].LogoutPaths, LogoutURL: c.Logout.ReturnTo, ClearCookies: c.Logout.ClearCookies,
		}
		for _, host := range c.Hosts {
			if !strings.HasPrefix(host, "*") {
				p.Hosts = append(p.Hosts, host)
			}
		}
		all = append(all, p)
	}
	return all
}
