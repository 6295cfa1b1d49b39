package config

import (
	"io"
	"os"
	"reflect"
)

// Options change how [Load] reads. The zero Options read everything.
type Options struct {
	NoFiles   bool                        // skip the contents of referenced files
	Stdin     io.Reader                   // read for the file name "-"
	LookupEnv func(string) (string, bool) // os.LookupEnv where nil
	Hooks
}

// Hooks judge what takes knowledge of SAML. A nil one judges nothing, and none
// is called under NoFiles. Their errors become mistakes with file, line and
// path, so they must not quote what was judged.
type Hooks struct {
	// Metadata returns the entity ID of the identity provider that a document
	// describes: the one that is called entityID, or the only one where that is
	// empty. One of the signers, where there are any, must have signed it.
	Metadata func(document []byte, entityID string, signers [][]byte) (entity string, err error)
	// Certificates refuses what holds no certificate that can be believed.
	Certificates func(data []byte) error
	// Entity refuses identity providers by their entity ID.
	Entity func(entityID string) error
}

// Load reads and checks a file ("-" is standard input) and those it includes.
// Mistakes come back as [Errors], all at once; a file that cannot be read at
// all is another error. Options.NoFiles leaves certificates, keys and contents
// unset, and so whatever was written as ${file:…}.
func Load(file string, opts Options) (*Config, error) {
	if opts.LookupEnv == nil {
		opts.LookupEnv = os.LookupEnv
	}
	l := &loader{opts: opts, x: expander{opts.LookupEnv, opts.NoFiles}}
	root, err := l.main(file)
	if err != nil {
		return nil, err
	}
	if root == nil {
		return nil, l.errs.sorted()
	}
	l.include(root)
	l.routeDefaults(root)

	cfg := &Config{}
	setDefaults(reflect.ValueOf(cfg).Elem())
	p := &populator{expander: l.x, cfg: cfg, at: map[string]*node{}}
	p.value(root, reflect.ValueOf(cfg).Elem(), spot{})

	c := &checker{cfg: cfg, at: p.at, errs: append(l.errs, p.errs...), warnings: l.warnings, noFiles: opts.NoFiles, hooks: opts.Hooks}
	c.check()
	if len(c.errs) > 0 {
		return nil, c.errs.sorted()
	}
	cfg.Warnings = c.sortedWarnings()
	return cfg, nil
}
