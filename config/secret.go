package config

import (
	"fmt"
	"io"
	"log/slog"
)

const hidden = "<secret>"

// Secret is a value that prints, logs and marshals as "<secret>". The zero
// Secret is empty.
type Secret struct{ b []byte }

// NewSecret wraps a value.
func NewSecret(b []byte) Secret { return Secret{b} }

// Bytes returns the value itself; the caller must not change it.
func (s Secret) Bytes() []byte { return s.b }

// Reveal returns the value itself as a string.
func (s Secret) Reveal() string { return string(s.b) }

// Empty reports whether there is no value.
func (s Secret) Empty() bool { return len(s.b) == 0 }

// String returns "<secret>".
func (s Secret) String() string { return hidden }

// Format writes "<secret>" whatever the verb, so that %d and %#v tell nothing.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// LogValue logs "<secret>".
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText returns "<secret>".
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

func (s *Secret) parse(text string) error { s.b = []byte(text); return nil }

// Key is a symmetric key of 32 bytes or more, as secret as any [Secret].
type Key struct{ Secret }
