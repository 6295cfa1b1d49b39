package pages

import (
	"slices"
	"strings"
	"unicode"
)

// piece is a run of a sentence: our words, or an argument from outside.
type piece struct {
	Text string
	Arg  bool
}

// sentence is a text with its arguments in place.
type sentence []piece

// String returns the plain words, for the JSON twin.
func (s sentence) String() string {
	var b strings.Builder
	for _, p := range s {
		b.WriteString(p.Text)
	}
	return b.String()
}

// fill puts args into the {name} places of a text. An argument is one piece of
// text: what looks like a place or like markup in it stays text.
func (c *catalogue) fill(text string, args map[string]string) sentence {
	var s sentence
	for text != "" {
		before, name, after, found := nextPlace(text)
		if before != "" {
			s = append(s, piece{Text: before})
		}
		if !found {
			break
		}
		s = append(s, c.arg(name, args))
		text = after
	}
	return s
}

func (c *catalogue) arg(name string, args map[string]string) piece {
	v := clean(args[name])
	if v == "" {
		return piece{Text: c.Absent[name]}
	}
	if w := c.Values[name][v]; w != "" {
		v = w
	}
	return piece{Text: v, Arg: true}
}

// nextPlace splits a text at its first {name}.
func nextPlace(text string) (before, name, after string, found bool) {
	before, rest, open := strings.Cut(text, "{")
	name, after, closed := strings.Cut(rest, "}")
	if !open || !closed {
		return text, "", "", false
	}
	return before, name, after, true
}

// placeholders returns the names in a text, sorted, each once.
func placeholders(text string) []string {
	var names []string
	for {
		_, name, after, found := nextPlace(text)
		if !found {
			slices.Sort(names)
			return slices.Compact(names)
		}
		names, text = append(names, name), after
	}
}

// hasAll reports whether every place of a text has an argument.
func hasAll(text string, args map[string]string) bool {
	return !slices.ContainsFunc(placeholders(text), func(name string) bool { return clean(args[name]) == "" })
}

// maxArg is how many characters of an argument are shown.
const maxArg = 160

// clean removes what could reorder or hide text on the page (control and format
// characters, such as U+202E) and cuts what is too long.
func clean(s string) string {
	if len(s) > 8*maxArg {
		s = s[:8*maxArg]
	}
	s = strings.TrimSpace(strings.Map(visible, strings.ToValidUTF8(s, "\uFFFD")))
	if runes := []rune(s); len(runes) > maxArg {
		return string(runes[:maxArg-1]) + "…"
	}
	return s
}

func visible(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}
