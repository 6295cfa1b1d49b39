package setup

import (
	"io"
	"strings"
)

// columns is how wide the text is. Only what has to stay in one piece to be
// copied, such as an address, may be wider.
const columns = 80

// Title says which identity provider the guide is for, and as whom the gateway
// speaks to it.
func (g Guide) Title() string {
	title := g.Product + ": what to enter for " + g.Name
	if g.Name != g.IDP {
		title += " (" + g.IDP + ")"
	}
	if g.As != "" {
		title += ", for the service provider " + g.As
	}
	return title
}

// WriteText prints the guide for a terminal, each value on a line of its own.
func (g Guide) WriteText(w io.Writer) error {
	var b strings.Builder
	title := g.Title()
	b.WriteString(wrap(title, "") + strings.Repeat("=", min(len([]rune(title)), columns)) + "\n")
	for _, p := range g.Parts {
		p.write(&b)
	}
	for _, text := range g.Foot() {
		b.WriteString("\n" + wrap(text, ""))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Foot is what to say at the end: what the mark means, where it is used, and
// where to read on.
func (g Guide) Foot() []string {
	var foot []string
	if g.doubts() {
		foot = append(foot, unconfirmed+" comes from experience with the product and was not confirmed in its documentation.")
	}
	if g.Page != "" {
		foot = append(foot, "Each step, and what goes wrong: "+g.Page)
	}
	return foot
}

// doubts reports whether something is marked as unconfirmed.
func (g Guide) doubts() bool {
	for _, p := range g.Parts {
		for _, f := range p.Fields {
			if f.Note == unconfirmed {
				return true
			}
		}
	}
	return false
}

// WriteValues prints the first part alone: what tells the gateway apart.
func (g Guide) WriteValues(w io.Writer) error {
	var b strings.Builder
	g.Parts[0].write(&b)
	_, err := io.WriteString(w, strings.TrimPrefix(b.String(), "\n"))
	return err
}

func (p Part) write(b *strings.Builder) {
	b.WriteString("\n" + p.Title + "\n" + strings.Repeat("-", len([]rune(p.Title))) + "\n")
	if p.Where != "" {
		b.WriteString(wrap(p.Where, ""))
	}
	for _, text := range p.Text {
		b.WriteString(wrap(text, ""))
	}
	for _, f := range p.Fields {
		b.WriteString("\n" + wrap(f.Label, "  "))
		b.WriteString(wrapAt(f.Value, "      ", f.breaks()))
		if f.Note == unconfirmed {
			b.WriteString("      " + unconfirmed + "\n")
		} else if f.Note != "" {
			b.WriteString(wrap("("+f.Note+")", "      "))
		}
	}
	if p.Code != "" {
		b.WriteString("\n" + strings.TrimRight(p.Code, "\n") + "\n")
	}
}

// breaks says where a value may go on in the next line: a fingerprint after a
// colon, a choice between words, anything else nowhere.
func (f Field) breaks() string {
	switch {
	case f.Choice:
		return " "
	case strings.Count(f.Value, ":") > 16:
		return ":"
	}
	return ""
}

func wrap(text, indent string) string { return wrapAt(text, indent, " ") }

// wrapAt breaks a text after the separators into lines of at most [columns].
func wrapAt(text, indent, separator string) string {
	words := []string{text}
	if separator != "" {
		words = strings.SplitAfter(text, separator)
	}
	var b strings.Builder
	line := indent
	for _, word := range words {
		if line != indent && len([]rune(strings.TrimRight(line+word, " "))) > columns {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent
		}
		line += word
	}
	return b.String() + strings.TrimRight(line, " ") + "\n"
}
