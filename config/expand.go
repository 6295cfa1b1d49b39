package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// An expansion is what became of the ${…} in a scalar.
type expansion int

const (
	literal  expansion = iota
	expanded           // holds a value from outside: never quoted
	skipped            // holds ${file:…} under Options.NoFiles: its value is not known
)

// An expander replaces ${env:N}, ${env:N:-default} and ${file:P} in scalars,
// once: a value that itself holds ${…} stays as it is.
type expander struct {
	lookup  func(string) (string, bool)
	noFiles bool
}

// expand returns text with its expansions replaced. Errors name the variable
// or file as it is written, never a value.
func (x expander) expand(text, dir string) (string, expansion, error) {
	var out strings.Builder
	state := literal
	for {
		i := strings.Index(text, "${")
		if i < 0 {
			out.WriteString(text)
			return out.String(), state, nil
		}
		if i > 0 && text[i-1] == '$' { // $${ is ${
			out.WriteString(text[:i-1] + "${")
			text = text[i+2:]
			continue
		}
		what, rest, closed := strings.Cut(text[i+2:], "}")
		if !closed {
			return "", state, errors.New("${ is never closed; write $${ for the two characters themselves")
		}
		value, s, err := x.one(what, dir)
		if err != nil {
			return "", state, err
		}
		out.WriteString(text[:i] + value)
		state = max(state, s)
		text = rest
	}
}

func (x expander) one(what, dir string) (string, expansion, error) {
	if name, ok := strings.CutPrefix(what, "env:"); ok {
		value, err := x.env(name)
		return value, expanded, err
	}
	if name, ok := strings.CutPrefix(what, "file:"); ok && name != "" {
		if x.noFiles {
			return "", skipped, nil
		}
		value, err := fileValue(name, dir)
		return value, expanded, err
	}
	return "", expanded, errors.New("only ${env:NAME}, ${env:NAME:-default} and ${file:PATH} are known; write $${ for the two characters themselves")
}

func (x expander) env(what string) (string, error) {
	name, fallback, hasFallback := strings.Cut(what, ":-")
	if !isEnvName(name) {
		return "", errors.New("${env:…} needs the name of a variable: letters, digits and _")
	}
	if value, _ := x.lookup(name); value != "" {
		return value, nil
	}
	if !hasFallback {
		return "", fmt.Errorf("the environment variable %s is unset or empty; ${env:%s:-default} gives a default", name, name)
	}
	return fallback, nil
}

func isEnvName(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// fileValue returns what a file holds, less one final newline.
func fileValue(name, dir string) (string, error) {
	data, err := readFile(string(Path(name).from(dir)), maxFile)
	if err != nil {
		return "", fmt.Errorf("reading the file %q: %w", name, err)
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if value == "" {
		return "", fmt.Errorf("the file %q is empty", name)
	}
	return value, nil
}

// from makes a path that a file in dir names usable from here.
func (p Path) from(dir string) Path {
	if p == "" || filepath.IsAbs(string(p)) {
		return p
	}
	return Path(filepath.Join(dir, string(p)))
}

// readFile reads a regular file of at most limit bytes, a whole number of MiB.
// Its errors do not hold the name.
func readFile(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, bare(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("it is larger than %d MiB", limit>>20)
	}
	data, err := os.ReadFile(name)
	return data, bare(err)
}

// bare takes the file name, which may be an expanded value, off an error.
func bare(err error) error {
	if pe := (*os.PathError)(nil); errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
