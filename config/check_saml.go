package config

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

func (c *checker) saml() {
	s := &c.cfg.SAML
	if u := c.cfg.Server.ExternalURL; s.EntityID == "" && u != nil && !c.unknown("saml.entity_id") {
		s.EntityID = u.String() + c.cfg.Server.Prefix + "/saml/metadata"
	}
	c.entityID("saml.entity_id", s.EntityID)
	c.require("saml.keys", len(s.Keys) > 0, "the certificate and key that sign requests, made by \"samlgate keygen\"")
	for i, k := range s.Keys {
		c.both(fmt.Sprintf("saml.keys[%d]", i), "cert_file", k.CertFile, "key_file", k.KeyFile)
	}
	const most = 10 * time.Minute
	if s.ClockSkew > most {
		c.mistake("saml.clock_skew", "is more than %s: a stolen assertion would live that much longer", most)
	}
	c.require("saml.idps", len(s.IDPs) > 0, "at least one identity provider")
	if s.InsecureSharedDomains != "" {
		c.warn("saml.insecure_shared_domains", "one identity provider can sign people in as another's")
	}
	for i := range s.IDPs {
		c.idp(fmt.Sprintf("saml.idps[%d]", i), &s.IDPs[i], s.IDPs[:i])
	}
	c.domains(s)
	c.serviceProviders(s)
}

// entityID: SAML Core §8.3.6, an URI of at most 1024 characters.
func (c *checker) entityID(path, id string) {
	if !isIdentifier(id) {
		c.mistake(path, "is not an entity ID: an URI of at most 1024 characters")
	}
}

func (c *checker) idp(path string, p *IDP, before []IDP) {
	if c.require(path+".name", p.Name != "", "a slug, used in URLs, logs and metrics") &&
		slices.ContainsFunc(before, func(o IDP) bool { return o.Name == p.Name }) {
		c.mistake(path+".name", "another identity provider is called %s too", c.quoted(path+".name"))
	}
	if p.DisplayName == "" {
		p.DisplayName = p.Name
	}
	c.form(path, p)
	c.entityID(path+".entity_id", p.EntityID)
	if p.EntityID != "" && slices.ContainsFunc(before, func(o IDP) bool { return o.EntityID == p.EntityID }) {
		c.mistake(path+".entity_id", "two identity providers may not share one entity ID")
	}
	for key, u := range map[string]*url.URL{"sso_url": p.SSOURL, "slo_url": p.SLOURL} {
		c.idpURL(path+"."+key, u, false)
	}
	pinned := len(p.MetadataCertificates) > 0
	c.idpURL(path+".metadata_url", p.MetadataURL, pinned)
	if pinned && p.MetadataURL == nil && p.MetadataFile == "" && !c.unknown(path+".metadata_url") && !c.unknown(path+".metadata_file") {
		c.mistake(path+".metadata_certificates", "there is no metadata that they could have signed: they go with metadata_url or metadata_file")
	}
	if p.MetadataURL != nil && p.MetadataRefresh < time.Minute && !c.unknown(path+".metadata_refresh") {
		c.mistake(path+".metadata_refresh", "must be at least 1m")
	}
	c.metadataEnd(path+".metadata_max_validity", p)
	c.asked(path, p)
	c.attributes(path, p)
	c.unsolicited(path, p)
	c.roleSync(path, p)
	if p.InsecureUnicodeEmail != "" {
		c.warn(path+".insecure_unicode_email", "people whose addresses look alike are different people, and apps may take one for the other")
	}
	if p.Roles.Unknown == "" {
		p.Roles.Unknown = "pass"
		if len(c.cfg.SAML.IDPs) > 1 {
			p.Roles.Unknown = "drop"
		}
	}
}

// metadataEnd checks how far ahead metadata may end.
func (c *checker) metadataEnd(at string, p *IDP) {
	switch most := p.MetadataMaxValidity; {
	case most == 0 || c.unknown(at):
	case most < time.Hour:
		c.mistake(at, "must be at least 1h, or 0s for metadata that need not end")
	case p.MetadataURL == nil && p.MetadataFile == "" && p.EntityID != "":
		c.mistake(at, "there is no metadata that could end: it goes with metadata_url or metadata_file")
	}
}

// unsolicited checks where sign-ins go that the provider starts.
func (c *checker) unsolicited(path string, p *IDP) {
	if p.IDPInitiated == "accept" {
		c.warn(path+".idp_initiated", "lets any page sign people in as somebody; reinitiate costs them nothing and does not")
	}
	at := path + ".default_route"
	if p.DefaultRoute == "" || c.unknown(at) {
		return
	}
	names := make([]string, len(c.cfg.Routes))
	for i, r := range c.cfg.Routes {
		names[i] = r.Name
	}
	switch i := slices.Index(names, p.DefaultRoute); {
	case i < 0:
		c.mistake(at, "%s is no route of this file%s", c.quoted(at), c.hint(at, p.DefaultRoute, names))
	case !slices.ContainsFunc(append([]string{c.cfg.Routes[i].Host}, c.cfg.Routes[i].Hosts...), named):
		c.mistake(at, "has wildcard hosts only, so there is no address to send people to")
	case p.IDPInitiated == "deny":
		c.mistake(at, "has no meaning while idp_initiated is deny")
	}
}

// named reports whether a host of a route is one host, and no pattern.
func named(host string) bool { return host != "" && !strings.HasPrefix(host, "*") }

// form checks that the provider is described in exactly one way. An entity ID
// beside metadata says which of the providers in it is meant.
func (c *checker) form(path string, p *IDP) {
	file := p.MetadataFile != "" || c.unknown(path+".metadata_file")
	link := p.MetadataURL != nil || c.unknown(path+".metadata_url")
	hand := p.EntityID != "" && !file && !link || p.SSOURL != nil || p.SLOURL != nil || len(p.Certificates) > 0
	forms := 0
	for _, used := range []bool{file, link, hand} {
		if used {
			forms++
		}
	}
	switch {
	case forms == 0:
		c.mistake(path, "needs metadata_file, or metadata_url, or entity_id with sso_url and certificates")
	case forms > 1:
		c.mistake(path, "is described twice: take exactly one of metadata_file, metadata_url, or entity_id with sso_url and certificates")
	case hand:
		c.require(path+".entity_id", p.EntityID != "", "a provider written by hand needs entity_id, sso_url and certificates")
		c.require(path+".sso_url", p.SSOURL != nil, "a provider written by hand needs entity_id, sso_url and certificates")
		c.require(path+".certificates", len(p.Certificates) > 0, "a provider written by hand needs entity_id, sso_url and certificates")
	}
}

// idpURL wants https: what travels there, or comes from there, decides who is
// who, unless it is signed by somebody pinned.
func (c *checker) idpURL(path string, u *url.URL, pinned bool) {
	switch {
	case u == nil:
	case u.Host == "" || u.User != nil || u.Fragment != "":
		c.mistake(path, "must be an URL with a host, and without a user name or fragment")
	case u.Scheme != "https" && !(u.Scheme == "http" && (pinned || IsLoopback(u.Hostname()))):
		c.mistake(path, "must be https; http is for loopback hosts only")
	}
}

func (c *checker) attributes(path string, p *IDP) {
	keys := slices.Sorted(maps.Keys(p.Attributes))
	for _, key := range keys {
		if at := path + "." + join("attributes", key); !isSlug(key) {
			c.mistake(at, "the key of an attribute is small letters, digits, - and _")
		}
	}
	for i, r := range p.Required {
		at := fmt.Sprintf("%s.required[%d]", path, i)
		switch {
		case c.unknown(at):
		case !slices.Contains(keys, r):
			c.mistake(at, "%s is no key of attributes%s", c.quoted(at), c.hint(at, r, keys))
		case len(p.Attributes[r]) == 0 && !c.unknown(path+"."+join("attributes", r)):
			c.mistake(at, "there is no attribute it could come from")
		}
	}
}

// domains keeps one provider from speaking for another's people.
func (c *checker) domains(s *SAML) {
	if len(s.IDPs) < 2 || s.InsecureSharedDomains != "" {
		return
	}
	owner := map[string]string{}
	for i, p := range s.IDPs {
		path := fmt.Sprintf("saml.idps[%d].email_domains", i)
		c.require(path, len(p.EmailDomains) > 0, "with two or more identity providers each names the domains it may speak for, "+
			"unless saml.insecure_shared_domains gives a reason")
		for j, d := range p.EmailDomains {
			at := fmt.Sprintf("%s[%d]", path, j)
			if c.unknown(at) {
				continue
			}
			if first, taken := owner[d]; taken && first != path {
				c.mistake(at, "%s belongs to another identity provider already; saml.insecure_shared_domains would need a reason", c.quoted(at))
			}
			owner[d] = path
		}
	}
}

// names lists the providers, or nothing where one of the names is not known.
func (s *SAML) names() []string {
	var names []string
	for _, p := range s.IDPs {
		if p.Name == "" {
			return nil
		}
		names = append(names, p.Name)
	}
	return names
}
