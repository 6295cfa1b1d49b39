package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	maxFile       = 4 << 20  // bytes of one configuration file
	maxReferenced = 10 << 20 // bytes of a file that it names, such as metadata
	maxNodes      = 100_000  // values after aliases are written out
	maxDepth      = 50
)

// A reader turns the YAML of one file into nodes and collects its mistakes.
type reader struct {
	src  *source
	left int                 // values that aliases may still unfold to
	open map[*yaml.Node]bool // anchors being unfolded, against one that holds itself
	errs Errors
}

// parse reads the one YAML document of a file. The node is nil where the
// document as a whole could not be used.
func parse(src *source, data []byte) (*node, Errors) {
	r := &reader{src: src, left: maxNodes, open: map[*yaml.Node]bool{}}
	if len(data) > maxFile {
		r.mistake(1, "", "the file is larger than %d MiB", maxFile>>20)
		return nil, r.errs
	}
	doc := r.document(data)
	if doc == nil {
		return nil, r.errs
	}
	root := r.node(doc, "", doc.Line, 0)
	if root == nil || r.left < 0 {
		return nil, r.errs
	}
	if root.kind != mapping {
		r.mistake(root.line, "", "the file must hold keys such as \"server:\", not a single value or a list")
		return nil, r.errs
	}
	root.line = 1
	return root, r.errs
}

func (r *reader) mistake(line int, path, format string, args ...any) {
	r.errs = append(r.errs, &Error{r.src.name, max(line, 1), path, fmt.Sprintf(format, args...)})
}

// document returns the top value of the only document, or nil.
func (r *reader) document(data []byte) *yaml.Node {
	docs, err := documents(data)
	switch {
	case err != nil:
		r.syntax(err, data)
	case len(docs) == 0 || len(docs[0].Content) == 0 || isNull(docs[0].Content[0]):
		r.mistake(1, "", "the file is empty; \"samlgate init\" writes one to start from")
	case len(docs) > 1:
		r.mistake(docs[1].Line, "", "a second YAML document begins here; one file holds one document")
	default:
		return docs[0].Content[0]
	}
	return nil
}

// documents parses at most two documents. Some malformed input makes the YAML
// library panic rather than return; to an operator both are a syntax mistake.
func documents(data []byte) (docs []*yaml.Node, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("yaml: the file is not valid YAML")
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(data))
	for len(docs) < 2 {
		var n yaml.Node
		if err := d.Decode(&n); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		docs = append(docs, &n)
	}
	return docs, nil
}

var (
	yamlLine    = regexp.MustCompile(`^line (\d+): `)
	yamlUnknown = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// syntax reports what the YAML library says, without what it quotes: an
// unquoted password that begins with "*" looks like an alias.
func (r *reader) syntax(err error, data []byte) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlUnknown.FindStringSubmatch(text); m != nil {
		before, _, _ := bytes.Cut(data, []byte("*"+m[1]))
		r.mistake(1+bytes.Count(before, []byte("\n")), "",
			"an alias names an anchor that is not defined above it; a value that begins with * must be quoted")
		return
	}
	line := 1
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	r.mistake(line, "", "not valid YAML: %s", text)
}

// node converts one value; line is that of its key. It returns nil when the
// value is refused (and has said so).
func (r *reader) node(y *yaml.Node, path string, line, depth int) *node {
	if r.left--; r.left < 0 || depth > maxDepth {
		r.giveUp(line, depth)
		return nil
	}
	if y.Kind == yaml.AliasNode {
		if r.open[y.Alias] {
			r.mistake(y.Line, path, "an anchor refers to itself")
			return nil
		}
		return r.node(y.Alias, path, y.Alias.Line, depth+1)
	}
	if !plainTag(y) {
		r.mistake(y.Line, path, "YAML tags are not used here; a value that begins with ! must be quoted")
		return nil
	}
	r.open[y] = true
	defer delete(r.open, y)
	n := &node{file: r.src, line: y.Line, path: path, null: isNull(y)}
	switch y.Kind {
	case yaml.MappingNode:
		n.kind, n.line = mapping, line
		r.mapping(n, y, depth)
	case yaml.SequenceNode:
		n.kind, n.line = list, line
		for i, item := range y.Content {
			if c := r.node(item, fmt.Sprintf("%s[%d]", path, i), item.Line, depth+1); c != nil {
				n.items = append(n.items, c)
			} else {
				n.items = append(n.items, r.broken(item.Line, fmt.Sprintf("%s[%d]", path, i)))
			}
		}
	default:
		n.text = y.Value
	}
	return n
}

// broken stands for a value that was refused: it holds nothing and says nothing more.
func (r *reader) broken(line int, path string) *node {
	return &node{file: r.src, line: line, path: path, bad: true}
}

// giveUp says once why the file is not read on.
func (r *reader) giveUp(line, depth int) {
	switch {
	case depth > maxDepth && r.left >= 0:
		r.mistake(line, "", "values are nested more than %d deep", maxDepth)
	case r.left == -1:
		r.mistake(1, "", "the file holds more than %d values once its aliases are written out", maxNodes)
	}
	r.left = -2
}

// mapping fills in the entries of n: first its own keys, then what "<<" brings.
func (r *reader) mapping(n *node, y *yaml.Node, depth int) {
	seen := map[string]int{}
	var merges []*yaml.Node
	for i := 0; i+1 < len(y.Content) && r.left >= 0; i += 2 {
		key, value := y.Content[i], y.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.ShortTag() == "!!merge" {
			merges = append(merges, value)
			continue
		}
		if key.Kind != yaml.ScalarNode || isNull(key) || !plainTag(key) {
			r.mistake(y.Content[i].Line, n.path, "a key must be a word")
			continue
		}
		if first, twice := seen[key.Value]; twice {
			r.mistake(key.Line, join(n.path, key.Value), "the key is here twice; first on line %d", first)
			continue
		}
		seen[key.Value] = key.Line
		if depth == 0 && strings.HasPrefix(key.Value, "x-") {
			continue // a place for anchors; nothing in it is read by itself
		}
		r.entry(n, key, value, depth)
	}
	for _, m := range merges {
		r.merge(n, m, depth)
	}
}

func (r *reader) entry(n *node, key, value *yaml.Node, depth int) {
	path := join(n.path, key.Value)
	v := r.node(value, path, key.Line, depth+1)
	if v == nil {
		v = r.broken(key.Line, path)
	}
	n.entries = append(n.entries, entry{key.Value, key.Line, v})
}

// merge adds the keys of a merge source that n does not have yet
// (https://yaml.org/type/merge.html: keys that are there win, then earlier sources).
func (r *reader) merge(n *node, y *yaml.Node, depth int) {
	sources := []*yaml.Node{y}
	if y.Kind == yaml.SequenceNode {
		sources = y.Content
	}
	for _, s := range sources {
		from := r.node(s, n.path, s.Line, depth+1)
		if from == nil {
			continue
		}
		if from.kind != mapping {
			r.mistake(s.Line, n.path, "<< takes a map, or a list of maps")
			continue
		}
		for _, e := range from.entries {
			if n.get(e.key) == nil {
				n.entries = append(n.entries, e)
			}
		}
	}
}

func isNull(y *yaml.Node) bool { return y.Kind == yaml.ScalarNode && y.ShortTag() == "!!null" }

// plainTag reports whether a value has the tag its own spelling implies.
func plainTag(y *yaml.Node) bool {
	return y.Style&yaml.TaggedStyle == 0
}
