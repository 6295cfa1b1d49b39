package headers

import (
	"net/http"
	"strings"

	"github.com/dunglas/httpsfv"
)

// stripMember removes one member from the dictionary (RFC 9651 §3.2) in h[key].
// Without that member the field keeps its bytes. A field that does not read as a
// dictionary goes as a whole: a lenient parser behind us might find in it what
// we did not, and a strict one would not find ours beside it.
func stripMember(h http.Header, key, member string, stripped *Stripped) {
	list := strings.Join(h[key], ",") // RFC 9651 §4.2: several lines are one list
	members, ok := splitDictionary(list)
	if _, err := httpsfv.UnmarshalDictionary(h[key]); err != nil || !ok {
		delete(h, key)
		stripped.Other++
		return
	}
	var kept []string
	for _, m := range members {
		if !isMember(m, member) {
			kept = append(kept, m)
		}
	}
	switch {
	case len(kept) == len(members):
		return
	case len(kept) == 0:
		delete(h, key)
	default:
		h[key] = []string{strings.Join(kept, ", ")}
	}
	stripped.Managed += len(members) - len(kept)
}

// countMember returns how often a dictionary has a member, or -1 where the
// field does not read as one.
func countMember(h http.Header, key, member string) (n int) {
	members, ok := splitDictionary(strings.Join(h[key], ","))
	if !ok {
		return -1
	}
	for _, m := range members {
		if isMember(m, member) {
			n++
		}
	}
	return n
}

func isMember(m, name string) bool {
	rest, found := strings.CutPrefix(m, name)
	return found && (rest == "" || rest[0] == '=' || rest[0] == ';')
}

// splitDictionary cuts a dictionary at its top-level commas. It is stricter
// than it needs to be about keys, quotes and brackets and does not look into
// the values otherwise.
func splitDictionary(s string) (members []string, ok bool) {
	for start := 0; ; {
		end, ok := memberEnd(s, start)
		if !ok {
			return nil, false
		}
		m := strings.Trim(s[start:end], " \t")
		if !validMember(m) {
			return nil, false
		}
		members = append(members, m)
		if end == len(s) {
			return members, true
		}
		start = end + 1
	}
}

// memberEnd returns the place of the first comma at or after i that is neither
// in a string nor in an inner list, or the length of s.
func memberEnd(s string, i int) (end int, ok bool) {
	quoted, inner := false, false
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ' && c != '\t' || c > '~':
			return 0, false
		case quoted && c == '\\':
			i++
			if i == len(s) || s[i] != '"' && s[i] != '\\' { // RFC 9651 §4.2.5
				return 0, false
			}
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(' || c == ')': // inner lists do not nest
			if inner == (c == '(') {
				return 0, false
			}
			inner = c == '('
		case c == ',':
			return i, !inner
		}
	}
	return i, !quoted && !inner
}

// validMember reports whether m begins with a key (RFC 9651 §3.1.2) that is
// followed by a value, parameters or nothing.
func validMember(m string) bool {
	if m == "" || m[0] != '*' && (m[0] < 'a' || m[0] > 'z') {
		return false
	}
	for i := range len(m) {
		switch c := m[i]; {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("_-.*", c) >= 0:
		case c == '=':
			return i+1 < len(m) && m[i+1] != ' ' && m[i+1] != '\t'
		default:
			return c == ';'
		}
	}
	return true
}
