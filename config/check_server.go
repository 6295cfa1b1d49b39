package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

func (c *checker) server() {
	s := &c.cfg.Server
	c.require("server.listen", s.Listen.Addr != "", "the address to listen on, such as :8443")
	if c.require("server.external_url", s.ExternalURL != nil, "the https origin people see, such as https://sso.example.com") {
		c.externalURL(s.ExternalURL)
	}
	c.admin(s)
	c.adminTokens(s.AdminTokens)
	c.listeners(s)
	c.serverTLS(s)
	for i, p := range s.TrustedProxies {
		if path := fmt.Sprintf("server.trusted_proxies[%d]", i); p.Bits() == 0 && !c.unknown(path) {
			c.warn(path, "every client is believed about its address; name your proxies alone")
		}
	}
}

// externalURL checks the origin and puts its host in one spelling.
func (c *checker) externalURL(u *url.URL) {
	const path = "server.external_url"
	if u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery {
		c.mistake(path, "%s is not an origin: write scheme and host alone, such as https://sso.example.com", c.quoted(path))
		return
	}
	if err := normalizeHost(u); err != nil {
		c.mistake(path, "%s %v", c.quoted(path), err)
		return
	}
	u.Path, u.RawPath = "", ""
	if u.Scheme != "https" && !(u.Scheme == "http" && IsLoopback(u.Hostname())) {
		c.mistake(path, "must be https; http is for loopback hosts only (localhost, *.localhost, 127.0.0.0/8, ::1)")
	}
}

func (c *checker) admin(s *Server) {
	a := s.AdminListen
	if a.Network != "tcp" || s.AdminTLS != nil || c.unknown("server.admin_listen") {
		return
	}
	if host, _, _ := net.SplitHostPort(a.Addr); !IsLoopback(host) {
		c.mistake("server.admin_listen", "is reachable from elsewhere, so it needs server.admin_tls; or listen on 127.0.0.1")
	}
}

// adminTokens turns each token into its hash.
func (c *checker) adminTokens(tokens []AdminToken) {
	const least = 32
	for i := range tokens {
		t, path := &tokens[i], fmt.Sprintf("server.admin_tokens[%d].token", i)
		if !c.require(path, !t.Token.Empty(), "32 characters or more, or sha256: and the hash of the token in hex") {
			continue
		}
		text := t.Token.Reveal()
		if digits, ok := strings.CutPrefix(text, "sha256:"); ok {
			sum, err := hex.DecodeString(digits)
			if err != nil || len(sum) != sha256.Size {
				c.mistake(path, "sha256: wants 64 hex digits behind it")
				continue
			}
			t.Hash = [32]byte(sum)
			continue
		}
		if len(text) < least {
			c.mistake(path, "is shorter than %d characters", least)
			continue
		}
		t.Hash = sha256.Sum256([]byte(text))
	}
	c.sameTokens(tokens)
}

func (c *checker) sameTokens(tokens []AdminToken) {
	for i, t := range tokens {
		if t.Hash != ([32]byte{}) && slices.ContainsFunc(tokens[:i], func(o AdminToken) bool { return o.Hash == t.Hash }) {
			c.mistake(fmt.Sprintf("server.admin_tokens[%d].token", i), "is here twice")
		}
	}
}

// A listener is one address of ours with the key that names it.
type listener struct {
	path string
	Address
}

func (s *Server) listeners() []listener {
	return []listener{{"server.listen", s.Listen}, {"server.http_listen", s.HTTPListen}, {"server.admin_listen", s.AdminListen}}
}

func (c *checker) listeners(s *Server) {
	all := s.listeners()
	for i, l := range all {
		for _, other := range all[:i] {
			if l.Addr != "" && l.Address == other.Address && !strings.HasSuffix(l.Addr, ":0") && !c.unknown(l.path) {
				c.mistake(l.path, "is the same address as %s", other.path)
			}
		}
	}
}

func (c *checker) serverTLS(s *Server) {
	if s.HTTPListen.Addr != "" && s.ExternalURL != nil && s.ExternalURL.Scheme == "http" && !c.unknown("server.external_url") {
		c.mistake("server.http_listen", "redirects to https, but server.external_url is http")
	}
	t := s.TLS
	if t == nil {
		c.tlsInFront(s)
		return
	}
	single := t.CertFile != "" || t.KeyFile != ""
	if !single && len(t.Certificates) == 0 && !c.given("server.tls.acme") && !c.unknown("server.tls.certificates") {
		c.mistake("server.tls", "needs cert_file and key_file, or certificates; take the block out where TLS ends in front of the gateway")
	}
	if single {
		c.both("server.tls", "cert_file", t.CertFile, "key_file", t.KeyFile)
	}
	for i, p := range t.Certificates {
		c.both(fmt.Sprintf("server.tls.certificates[%d]", i), "cert_file", p.CertFile, "key_file", p.KeyFile)
	}
}

// tlsInFront warns where something must end TLS for us, but is not believed
// about the client: apps then hear "http" and its address for everybody's.
func (c *checker) tlsInFront(s *Server) {
	u := s.ExternalURL
	if u == nil || u.Scheme != "https" || s.Listen.Network == "unix" || c.given("server.tls") || c.given("server.trusted_proxies") {
		return
	}
	c.warn("server.tls", "is absent, so something in front of the gateway must end TLS; name it in server.trusted_proxies, or all clients share its address")
}

// both reports a pair of files of which one is missing.
func (c *checker) both(block, key1 string, file1 Path, key2 string, file2 Path) {
	c.require(block+"."+key1, file1 != "", "a certificate comes with its key")
	c.require(block+"."+key2, file2 != "", "a key comes with its certificate")
}

func (c *checker) serverPaths(s *Server) {
	type place struct{ path, value string }
	for _, p := range []place{{"server.paths.login", s.Paths.Login}, {"server.paths.logout", s.Paths.Logout}} {
		if _, host := originOf(p.value); strings.Contains(p.value, "://") && !c.ownHost(host) {
			c.mistake(p.path, "names a host that is neither the gateway's nor a route's")
		}
	}
	all := []place{{"server.paths.login", s.Paths.Login}, {"server.paths.logout", s.Paths.Logout},
		{"saml.paths.metadata", c.cfg.SAML.Paths.Metadata}, {"saml.paths.acs", c.cfg.SAML.Paths.ACS},
		{"saml.paths.slo", c.cfg.SAML.Paths.SLO}, {"saml.paths.soap", c.cfg.SAML.Paths.SOAP}}
	for i, p := range all {
		if p.value == "" {
			continue
		}
		if inPrefix(s.Prefix, p.value) {
			c.mistake(p.path, "lies below server.prefix, where the gateway has its own pages")
		}
		for _, other := range all[:i] {
			if other.value == p.value {
				c.mistake(p.path, "is the same as %s", other.path)
			}
		}
	}
}

// inPrefix reports a path that the gateway itself answers.
func inPrefix(prefix, path string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// ownListener names the listener of ours that an upstream would reach, or "".
func (s *Server) ownListener(upstream *url.URL) string {
	host, port := upstream.Hostname(), portOf(upstream)
	for _, l := range s.listeners() {
		lhost, lport, err := net.SplitHostPort(l.Addr)
		if l.Network == "tcp" && err == nil && lport == port && sameMachine(lhost, host) {
			return l.path
		}
	}
	if s.publicPort(upstream) && strings.EqualFold(host, s.ExternalURL.Hostname()) {
		return "server.external_url"
	}
	return ""
}

// publicPort reports whether an URL has the port that people reach us at.
func (s *Server) publicPort(u *url.URL) bool {
	return s.ExternalURL != nil && portOf(u) == portOf(s.ExternalURL)
}

func portOf(u *url.URL) string {
	if u.Port() == "" {
		return defaultPort(u.Scheme)
	}
	return u.Port()
}

// sameMachine reports whether a connection to host reaches a listener on
// lhost: the same name, both loopback, or a listener on every address. An
// unspecified address as a destination means this machine too.
func sameMachine(lhost, host string) bool {
	here := IsLoopback(host) || unspecified(host)
	return strings.EqualFold(lhost, host) || here && (IsLoopback(lhost) || lhost == "" || unspecified(lhost))
}

func unspecified(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsUnspecified()
}
