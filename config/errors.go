package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one mistake in the file.
type Error struct {
	File   string
	Line   int
	Path   string // such as routes[2].upstream; empty for the file as a whole
	Reason string
}

// Error returns "file:line: path: reason".
func (e *Error) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
	}
	return fmt.Sprintf("%s:%d: %s: %s", e.File, e.Line, e.Path, e.Reason)
}

// Errors is every mistake, sorted by file and line.
type Errors []*Error

// Error returns all mistakes, one a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Warning is something allowed that an operator may regret. It reads like an [Error].
type Warning Error

// String returns "file:line: path: reason".
func (w Warning) String() string { return (*Error)(&w).Error() }

func byPlace(a, b *Error) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
		cmp.Compare(a.Path, b.Path), cmp.Compare(a.Reason, b.Reason))
}

// sorted returns the mistakes in order; one that several routes inherited is said once.
func (e Errors) sorted() Errors {
	slices.SortFunc(e, byPlace)
	return slices.CompactFunc(e, func(a, b *Error) bool { return *a == *b })
}
