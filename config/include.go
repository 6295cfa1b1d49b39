package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A loader reads the main file and those it includes into one tree.
type loader struct {
	opts     Options
	x        expander
	errs     Errors
	warnings []Warning
}

func (l *loader) mistake(n *node, format string, args ...any) {
	l.errs = append(l.errs, &Error{n.file.name, n.line, n.path, fmt.Sprintf(format, args...)})
}

// main reads the file that was asked for. Only what keeps it from being read
// at all is an error; mistakes in it are collected.
func (l *loader) main(file string) (*node, error) {
	src := &source{name: file, dir: filepath.Dir(file)}
	var data []byte
	var err error
	if file == "-" {
		src = &source{name: "<stdin>", dir: "."}
		if l.opts.Stdin == nil {
			return nil, fmt.Errorf("reading the configuration from standard input: there is none")
		}
		data, err = io.ReadAll(io.LimitReader(l.opts.Stdin, maxFile+1))
	} else {
		data, err = readUpTo(file, maxFile+1)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the configuration file: %w", err)
	}
	root, errs := parse(src, data)
	l.errs = append(l.errs, errs...)
	return root, nil
}

// readUpTo reads the head of a file of any kind, a pipe too.
func readUpTo(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// include adds the routes and IdPs of the included files to root.
func (l *loader) include(root *node) {
	patterns := root.take("include")
	if patterns == nil || patterns.bad || patterns.null {
		return
	}
	if patterns.kind != list {
		l.mistake(patterns, "must be a list of file names, such as [routes.d/*.yaml]")
		return
	}
	seen := map[string]bool{}
	for _, p := range patterns.items {
		for _, name := range l.matches(p) {
			if !seen[name] {
				seen[name] = true
				l.includeFile(root, p, name)
			}
		}
	}
}

// matches returns the files that one pattern names, sorted.
func (l *loader) matches(p *node) []string {
	if p.bad {
		return nil
	}
	if p.kind != scalar || p.text == "" {
		l.mistake(p, "must be the name of a file, or a pattern such as routes.d/*.yaml")
		return nil
	}
	text, state, err := l.x.expand(p.text, p.file.dir)
	if err != nil {
		l.mistake(p, "%s", err)
		return nil
	}
	p.text, p.expansion, p.done = text, state, true
	if state == skipped {
		return nil
	}
	names, err := filepath.Glob(string(Path(text).from(p.file.dir)))
	switch {
	case err != nil:
		l.mistake(p, "%s is not a file pattern", p.quoted())
	case len(names) == 0 && strings.ContainsAny(text, "*?["):
		l.warnings = append(l.warnings, Warning{p.file.name, p.line, p.path, p.quoted() + " matches no file"})
	case len(names) == 0:
		l.mistake(p, "the file %s does not exist", p.quoted())
	}
	return names
}

func (l *loader) includeFile(root, pattern *node, name string) {
	data, err := readFile(name, maxFile)
	if err != nil {
		l.mistake(pattern, "reading a file of %s: %v", pattern.quoted(), err)
		return
	}
	tree, errs := parse(&source{name, filepath.Dir(name)}, data)
	l.errs = append(l.errs, errs...)
	if tree == nil {
		return
	}
	for _, e := range tree.entries {
		switch e.key {
		case "routes":
			l.extend(root, "routes", e.value)
		case "saml":
			l.includeSAML(root, e.value)
		default:
			l.misplaced(e, []string{"routes", "saml"})
		}
	}
}

func (l *loader) misplaced(e entry, known []string) {
	n := *e.value
	n.line = e.line
	l.mistake(&n, "an included file holds only routes, saml.idps and x-… keys%s", hint(e.key, known))
}

func (l *loader) includeSAML(root, saml *node) {
	if saml.kind != mapping {
		l.mistake(saml, "must be a map with the key idps")
		return
	}
	for _, e := range saml.entries {
		if e.key != "idps" {
			l.misplaced(e, []string{"idps"})
			continue
		}
		into := root.child("saml", saml)
		if into.kind == mapping {
			l.extend(into, "idps", e.value)
		}
	}
}

// extend appends the items of an included list to a list of the main file.
func (l *loader) extend(parent *node, key string, more *node) {
	if more.null || more.bad {
		return
	}
	if more.kind != list {
		l.mistake(more, "must be a list: one \"- \" for each")
		return
	}
	into := parent.child(key, more)
	if into.null {
		*into = node{kind: list, file: into.file, line: into.line, path: into.path}
	}
	if into.kind == list {
		into.items = append(slices.Clip(into.items), more.items...)
	}
}

// child returns the value of a key, made empty like another value where it is absent.
func (n *node) child(key string, like *node) *node {
	if c := n.get(key); c != nil {
		return c
	}
	c := &node{kind: like.kind, file: like.file, line: like.line, path: like.path}
	n.entries = append(n.entries, entry{key, like.line, c})
	return c
}

// routeDefaults lays route_defaults under every route.
func (l *loader) routeDefaults(root *node) {
	defaults, routes := root.take("route_defaults"), root.get("routes")
	if defaults == nil || defaults.null || defaults.bad {
		return
	}
	if defaults.kind != mapping {
		l.mistake(defaults, "must be a map of the keys of a route")
		return
	}
	for _, key := range []string{"name", "host", "hosts", "path", "audience"} {
		if own := defaults.take(key); own != nil {
			l.mistake(own, "belongs to one route and has no default for all")
		}
	}
	if routes == nil || routes.kind != list {
		return
	}
	for i, r := range routes.items {
		routes.items[i] = r.under(defaults)
	}
}
