package config

// Config is the whole file, defaulted, resolved and checked.
type Config struct {
	Server  Server  `yaml:"server"`
	Store   Store   `yaml:"store"`
	Session Session `yaml:"session"`
	SAML    SAML    `yaml:"saml"`
	Access  Access  `yaml:"access"`
	Headers Headers `yaml:"headers"`
	Routes  []Route `yaml:"routes"` // route_defaults are merged in already
	Notices Notices `yaml:"notices"`
	Pages   Pages   `yaml:"pages"`
	// Profile is a named set of ceilings, such as nist-aal2; empty means none.
	Profile string  `yaml:"profile" oneof:"nist-aal2 nist-aal3 asvs-l2 saml2int ipsie-sl2"`
	Audit   Audit   `yaml:"audit"`
	Log     Log     `yaml:"log"`
	Tracing Tracing `yaml:"tracing"`

	// Warnings are what is allowed but wants saying, sorted by file and line.
	Warnings []Warning `yaml:"-"`
}
