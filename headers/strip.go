package headers

import (
	"net/http"
	"strings"
)

// Strip removes from h what a client may not say, and returns how much it
// removed: fields, entries of lists, and members of signature dictionaries.
//
// Names are compared by normal form, so X_Auth_Email, x.auth.email and keys
// that are not in canonical form go too. Managed names are also taken out of
// Trailer, where they announce a field to come, and of Connection, by which a
// client could have the next hop delete the field we set (RFC 9110 §7.6.1). Use
// it on a request's Trailer map as well.
//
// A name in keep survives, exactly as written there but for case, when it is
// removed only because it describes the connection (X-Real-IP, X-Forwarded-Port,
// …). A managed name is never kept.
func (m *Managed) Strip(h http.Header, keep []string) (stripped int) {
	for key := range h {
		switch m.verdict(key, keep) {
		case managed, removable:
			delete(h, key)
			stripped++
		case nameList:
			stripped += m.stripList(h, key, keep)
		case dictionary:
			stripped += stripMember(h, key, "samlgate")
		}
	}
	return stripped
}

func (m *Managed) verdict(key string, keep []string) kind {
	k := m.kind(key)
	switch k {
	case removable:
		for _, name := range keep {
			if strings.EqualFold(key, name) {
				return ordinary
			}
		}
	case dictionary, framing:
		if !strings.EqualFold(key, Normal(key)) {
			return managed // an alias of Signature-Input or Content-Length serves nobody honest
		}
	}
	return k
}

// unlistable reports whether a field may not be named in a list: the next hop
// would delete what we set, our signatures too.
func (m *Managed) unlistable(name string, keep []string) bool {
	switch m.verdict(strings.Trim(name, " \t"), keep) {
	case managed, removable, dictionary:
		return true
	}
	return false
}

// stripList takes refused names out of the comma-separated lists in h[key].
func (m *Managed) stripList(h http.Header, key string, keep []string) (stripped int) {
	for _, line := range h[key] {
		stripped += m.refused(line, keep)
	}
	if stripped == 0 {
		return 0
	}
	var lines []string
	for _, line := range h[key] {
		if m.refused(line, keep) == 0 {
			lines = append(lines, line)
		} else if line = m.withoutRefused(line, keep); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		delete(h, key)
	} else {
		h[key] = lines
	}
	return stripped
}

// refused counts the names of a list that Strip would remove.
func (m *Managed) refused(list string, keep []string) (n int) {
	for name := range strings.SplitSeq(list, ",") {
		if m.unlistable(name, keep) {
			n++
		}
	}
	return n
}

func (m *Managed) withoutRefused(list string, keep []string) string {
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.Trim(name, " \t"); name != "" && !m.unlistable(name, keep) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
