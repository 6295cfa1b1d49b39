package route

import (
	"fmt"
	"slices"
	"strings"
)

// Pattern is one entry of routes[].public: "/x" is that path alone, "/x/" is
// that path and everything below it, and "GET,POST " in front limits the
// methods. Case counts. The zero Pattern matches nothing.
type Pattern struct {
	methods methods
	path    string
	below   bool
}

// ParsePattern reads a pattern. Its path must be canonical itself, or it could
// never match.
func ParsePattern(s string) (Pattern, error) {
	m, p, err := splitPattern(s)
	if err != nil {
		return Pattern{}, err
	}
	return Pattern{methods: m, path: p.decoded, below: strings.HasSuffix(p.decoded, "/")}, nil
}

// Match reports whether the pattern covers a request. HEAD counts as GET.
func (p Pattern) Match(method string, path Path) bool {
	if p.path == "" || path.decoded == "" || !p.methods.match(method) {
		return false
	}
	if p.below {
		return strings.HasPrefix(path.decoded, p.path)
	}
	return path.decoded == p.path
}

// BlockPattern is one entry of routes[].block. It has the form of a [Pattern]
// but matches generously, since it closes a door: without regard to case,
// trailing slashes, dots or blanks, and everything below the path too.
// "/admin" blocks /ADMIN, /admin/, /admin., /admin%20 and /admin./x, but not
// /administrator. Letters that become the same in upper or lower case, or
// under compatibility normalisation, are the same here.
type BlockPattern struct {
	methods  methods
	segments []string // folded; empty blocks everything
	set      bool
}

// ParseBlockPattern reads a block pattern.
func ParseBlockPattern(s string) (BlockPattern, error) {
	m, p, err := splitPattern(s)
	if err != nil {
		return BlockPattern{}, err
	}
	return BlockPattern{methods: m, segments: foldSegments(p.decoded), set: true}, nil
}

// Match reports whether the pattern blocks a request. A named method blocks
// its other spellings in case too, and GET blocks HEAD.
func (b BlockPattern) Match(method string, path Path) bool {
	if !b.set || !b.methods.match(strings.ToUpper(method)) {
		return false
	}
	segments := foldSegments(path.decoded)
	return len(segments) >= len(b.segments) && slices.Equal(segments[:len(b.segments)], b.segments)
}

// splitPattern takes "GET,POST /path" or "/path" apart.
func splitPattern(s string) (methods, Path, error) {
	var m methods
	if list, path, found := strings.Cut(s, " "); found && !strings.HasPrefix(s, "/") {
		for name := range strings.SplitSeq(list, ",") {
			if name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" {
				return nil, Path{}, fmt.Errorf("pattern %.60q: methods are capital letters with commas between them", s)
			}
			m = append(m, name)
		}
		s = path
	}
	p, err := ParsePath(s)
	if err != nil {
		return nil, Path{}, fmt.Errorf("pattern %.60q: %w", s, err)
	}
	return m, p, nil
}

// methods is the list in front of a pattern; none means every method.
type methods []string

func (m methods) match(method string) bool {
	return len(m) == 0 || slices.Contains(m, method) ||
		(method == "HEAD" && slices.Contains(m, "GET")) // RFC 9110 §9.3.2
}
