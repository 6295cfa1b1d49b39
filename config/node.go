package config

// A node is one value of the file: what YAML means, without its aliases,
// merge keys, tags and styles, and with the place where it was written.
type node struct {
	kind    kind
	file    *source
	line    int
	path    string // as a person would write it: routes[2].upstream
	null    bool   // nothing was written
	text    string // of a scalar; after expansion, what it expanded to
	entries []entry
	items   []*node

	expansion expansion
	secret    bool // never quoted
	done      bool // expansions were looked for
	bad       bool // a mistake was said already, or it holds no usable value
}

type kind int

const (
	scalar kind = iota
	list
	mapping
)

// An entry is a key of a mapping with its value.
type entry struct {
	key   string
	line  int
	value *node
}

// A source is a file being read.
type source struct {
	name string // as shown in messages
	dir  string // what relative paths start from
}

func (n *node) get(key string) *node {
	for _, e := range n.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// take removes a key and returns its value, nil where there is none.
func (n *node) take(key string) *node {
	for i, e := range n.entries {
		if e.key == key {
			n.entries = append(n.entries[:i:i], n.entries[i+1:]...)
			return e.value
		}
	}
	return nil
}

// under returns defaults with the keys of n laid over them: maps are merged
// key by key, lists and scalars of n replace those of defaults. Neither is changed.
func (n *node) under(defaults *node) *node {
	if defaults == nil || n.kind != mapping || defaults.kind != mapping {
		return n
	}
	merged := *n
	merged.entries = append([]entry(nil), n.entries...)
	for i, e := range merged.entries {
		if d := defaults.get(e.key); d != nil {
			merged.entries[i].value = e.value.under(d)
		}
	}
	for _, e := range defaults.entries {
		if n.get(e.key) == nil {
			merged.entries = append(merged.entries, e)
		}
	}
	return &merged
}

// join appends a key to a path.
func join(path, key string) string {
	if path == "" {
		return shown(key)
	}
	return path + "." + shown(key)
}

// shown is a key as messages print it: short, and on one line.
func shown(key string) string {
	const most = 60
	clean := []rune(key)
	if len(clean) > most {
		clean = append(clean[:most], '…')
	}
	for i, r := range clean {
		if r < ' ' || r == 0x7f || (0x80 <= r && r < 0xa0) || r == 0x2028 || r == 0x2029 {
			clean[i] = '?'
		}
	}
	return string(clean)
}
