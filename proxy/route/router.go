package route

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Entry is one route as the router sees it. Value is the caller's own object.
type Entry[T any] struct {
	Name  string   // for error messages
	Hosts []string // exact, or "*.example.com" for exactly one label in place of the star
	Path  string   // whole segments; "" and "/" are the whole host
	Value T
}

// Router finds the entry of a request. It never changes once made: a reload
// makes another one.
type Router[T any] struct {
	exact    map[string][]placed[T] // :: canonical host → its entries, longest path first
	wildcard map[string][]placed[T] // :: host behind "*." → its entries, longest path first
}

type placed[T any] struct {
	prefix string // decoded, without trailing slash
	entry  *Entry[T]
}

// New makes a router, or says everything that is wrong with the entries. Two
// entries with the same host and path are a mistake, since neither could win.
func New[T any](entries []Entry[T]) (*Router[T], error) {
	r := &Router[T]{exact: map[string][]placed[T]{}, wildcard: map[string][]placed[T]{}}
	var errs []error
	for i := range entries {
		e := entries[i]
		if err := r.add(&e); err != nil {
			errs = append(errs, fmt.Errorf("route %q: %w", e.Name, err))
		}
	}
	for _, table := range []map[string][]placed[T]{r.exact, r.wildcard} {
		for _, list := range table {
			slices.SortFunc(list, func(a, b placed[T]) int { return cmp.Compare(len(b.prefix), len(a.prefix)) })
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Router[T]) add(e *Entry[T]) error {
	path, err := ParsePath(cmp.Or(e.Path, "/"))
	if err != nil {
		return fmt.Errorf("path %.60q: %w", e.Path, err)
	}
	if len(e.Hosts) == 0 {
		return errors.New("no host")
	}
	p := placed[T]{prefix: strings.TrimSuffix(path.decoded, "/"), entry: e}
	var errs []error
	for _, h := range e.Hosts {
		errs = append(errs, r.place(h, p))
	}
	return errors.Join(errs...)
}

func (r *Router[T]) place(pattern string, p placed[T]) error {
	table, name := r.exact, pattern
	if rest, found := strings.CutPrefix(pattern, "*."); found {
		table, name = r.wildcard, rest
	}
	host, err := CanonicalHost(name)
	if err != nil {
		return fmt.Errorf("host %.80q: %w", pattern, err)
	}
	for _, other := range table[host] {
		if other.prefix == p.prefix {
			return fmt.Errorf("host %q and path %q belong to route %q already", pattern, cmp.Or(p.prefix, "/"), other.entry.Name)
		}
	}
	table[host] = append(table[host], p)
	return nil
}

// Match returns the entry for a canonical host and path; the longest path
// wins. A host that is named exactly belongs to its entries alone: where none
// of them covers the path the answer is "no route", never a wildcard's entry,
// so that adding "*.example.com" cannot open a path on a host somebody listed.
func (r *Router[T]) Match(host string, p Path) (*Entry[T], bool) {
	for _, candidate := range r.entries(host) {
		if p.Below(candidate.prefix) {
			return candidate.entry, true
		}
	}
	return nil, false
}

func (r *Router[T]) entries(host string) []placed[T] {
	if list, found := r.exact[host]; found {
		return list
	}
	_, parent, _ := strings.Cut(host, ".")
	return r.wildcard[parent]
}

// HasHost reports whether any entry serves a canonical host.
func (r *Router[T]) HasHost(host string) bool { return len(r.entries(host)) > 0 }

// ExactHost reports whether an entry names a canonical host literally. Only
// such a host may be given a hand-over code.
func (r *Router[T]) ExactHost(host string) bool { return len(r.exact[host]) > 0 }
