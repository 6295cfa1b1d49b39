package config

import (
	"net/url"
	"time"
)

// SAML is the service provider and the identity providers it trusts.
type SAML struct {
	EntityID         string            `yaml:"entity_id"` // filled in: external_url + prefix + /saml/metadata
	Keys             []KeyPair         `yaml:"keys"`      // first signs; all decrypt; all are published
	SignMetadata     bool              `yaml:"sign_metadata" default:"false"`
	Paths            SAMLPaths         `yaml:"paths"`
	ServiceProviders []ServiceProvider `yaml:"service_providers"`
	ClockSkew        time.Duration     `yaml:"clock_skew" default:"3m"`
	OnIDPRemoved     string            `yaml:"on_idp_removed" default:"end" oneof:"end keep"`
	// InsecureSharedDomains is the reason why several IdPs may speak for one e-mail domain.
	InsecureSharedDomains string `yaml:"insecure_shared_domains"`
	IDPs                  []IDP  `yaml:"idps"`
}

// SAMLPaths are the exact paths at which an IdP already knows us, instead of
// those below the prefix; empty keeps the gateway's own.
type SAMLPaths struct {
	Metadata string `yaml:"metadata" is:"path"`
	ACS      string `yaml:"acs" is:"path"`
	SLO      string `yaml:"slo" is:"path"`
	SOAP     string `yaml:"soap" is:"path"`
}

// ServiceProvider is a further SP identity that a route may pick.
type ServiceProvider struct {
	Name     string    `yaml:"name" is:"slug"`
	EntityID string    `yaml:"entity_id"`
	Origin   string    `yaml:"origin" is:"origin"`
	Paths    SAMLPaths `yaml:"paths"`
}

// IDP is one identity provider, known by exactly one of a metadata file, a
// metadata URL, or entity ID, SSO URL and certificates written by hand.
type IDP struct {
	Name                 string        `yaml:"name" is:"slug"`
	DisplayName          string        `yaml:"display_name"` // filled in: Name
	LogoFile             File          `yaml:"logo_file"`
	MetadataFile         Path          `yaml:"metadata_file"`
	MetadataURL          *url.URL      `yaml:"metadata_url"`
	MetadataRefresh      time.Duration `yaml:"metadata_refresh" default:"6h"`
	MetadataCertificates []Certificate `yaml:"metadata_certificates"`
	MetadataMaxValidity  time.Duration `yaml:"metadata_max_validity" default:"0s"` // 0: metadata need not end
	EntityID             string        `yaml:"entity_id"`
	SSOURL               *url.URL      `yaml:"sso_url"`
	SLOURL               *url.URL      `yaml:"slo_url"`
	Certificates         []Certificate `yaml:"certificates"`
	Preset               string        `yaml:"preset" oneof:"okta entra adfs google onelogin ping keycloak simplesamlphp shibboleth"`
	EmailDomains         []string      `yaml:"email_domains" is:"domain"` // empty: any (one IdP only)
	RequestBinding       string        `yaml:"request_binding" default:"redirect" oneof:"redirect post"`
	SignRequests         bool          `yaml:"sign_requests" default:"true"`
	RequireSigned        string        `yaml:"require_signed" default:"either" oneof:"assertion response both either"`
	IDPInitiated         string        `yaml:"idp_initiated" default:"deny" oneof:"deny reinitiate accept"`
	DefaultRoute         string        `yaml:"default_route"`
	NameIDFormat         string        `yaml:"name_id_format"`
	AuthnContext         []string      `yaml:"authn_context"`
	ForceAuthn           bool          `yaml:"force_authn" default:"false"`
	AllowSHA1            bool          `yaml:"allow_sha1" default:"false"`
	AllowCBC             bool          `yaml:"allow_cbc" default:"false"`
	// InsecureUnicodeEmail is the reason why local parts outside ASCII are taken.
	InsecureUnicodeEmail string     `yaml:"insecure_unicode_email"`
	Attributes           Attributes `yaml:"attributes"`
	Required             []string   `yaml:"required" default:"email"` // keys of Attributes
	Roles                Roles      `yaml:"roles"`
}

// Attributes maps a key (email, first_name, last_name, username, roles,
// employee_id, or one of the operator's own) to the exact attribute Names that
// may carry it, the first present one wins. "NameID" is a source too.
type Attributes map[string][]string

// Roles says how the IdP's role values become ours.
type Roles struct {
	Map     map[string]string `yaml:"map"`     // value of the IdP → ours
	Default []string          `yaml:"default"` // when the IdP sends none
	// Unknown is what a value outside Map means; filled in: pass, or drop with two or more IdPs.
	Unknown string   `yaml:"unknown" oneof:"deny drop pass"`
	Deny    []string `yaml:"deny" default:"Restricted"` // whoever has one is refused
	Sync    string   `yaml:"sync" default:"every_login" oneof:"every_login first_login never"`
}
