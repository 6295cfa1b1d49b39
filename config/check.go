package config

import (
	"fmt"
	"strings"
)

// A checker finds what no single value shows: what is missing, what
// contradicts, and what the referenced files hold. It fills in the values that
// follow from others on its way.
type checker struct {
	cfg      *Config
	at       map[string]*node
	errs     Errors
	warnings []Warning
	noFiles  bool
	hooks    Hooks
}

func (c *checker) check() {
	c.server()
	c.store()
	c.session()
	c.saml()
	c.headers()
	c.routes()
	c.serverPaths(&c.cfg.Server)   // needs the hosts of the routes
	c.onIdle(c.cfg.Session.OnIdle) // likewise
	c.furtherPaths(c.cfg.SAML.ServiceProviders)
	c.pages()
	c.files()
}

// given reports whether a key is in the file.
func (c *checker) given(path string) bool { return c.at[path] != nil }

// unknown reports a value that is given but could not be read: it was refused
// already, or its file is not looked at.
func (c *checker) unknown(path string) bool { return c.at[path] != nil && c.at[path].bad }

// place returns file and line of a path, those of the nearest block above it
// where it is absent, and the path as it is written in that file.
func (c *checker) place(path string) Error {
	for above := path; ; {
		if n := c.at[above]; n != nil {
			rest := strings.TrimPrefix(path[len(above):], ".")
			if n.path == "" || rest == "" || strings.HasPrefix(rest, "[") {
				return Error{n.file.name, n.line, n.path + rest, ""}
			}
			return Error{n.file.name, n.line, n.path + "." + rest, ""}
		}
		above = above[:max(strings.LastIndexAny(above, ".["), 0)]
	}
}

func (c *checker) mistake(path, format string, args ...any) {
	e := c.place(path)
	e.Reason = fmt.Sprintf(format, args...)
	c.errs = append(c.errs, &e)
}

func (c *checker) warn(path, format string, args ...any) {
	e := c.place(path)
	e.Reason = fmt.Sprintf(format, args...)
	c.warnings = append(c.warnings, Warning(e))
}

// require reports an absent or empty value, unless something else was said about it.
func (c *checker) require(path string, present bool, why string) bool {
	if !present && !c.unknown(path) {
		c.mistake(path, "is required: %s", why)
	}
	return present
}

// quoted is the value at path as messages show it.
func (c *checker) quoted(path string) string { return c.at[path].quoted() }

// hint is a near miss for the value at path, where it may be shown.
func (c *checker) hint(path, word string, words []string) string {
	if !c.at[path].mayShow() {
		return ""
	}
	return hint(word, words)
}

func (c *checker) sortedWarnings() []Warning {
	var all Errors
	for _, w := range c.warnings {
		e := Error(w)
		all = append(all, &e)
	}
	out := make([]Warning, 0, len(all))
	for _, e := range all.sorted() {
		out = append(out, Warning(*e))
	}
	return out
}
