package headers

import (
	"net/http"
	"slices"
	"strings"
)

// Stripped counts what [Managed.Strip] removed: fields, entries of lists, and
// members of signature dictionaries.
type Stripped struct {
	Managed int // what only the gateway may say: somebody tries to pass for somebody
	Other   int // what describes the connection, which honest proxies add too, and what cannot be read
}

// Total is everything that was removed.
func (s Stripped) Total() int { return s.Managed + s.Other }

func (s *Stripped) add(k kind) {
	if k == removable {
		s.Other++
	} else {
		s.Managed++
	}
}

// Strip removes from h what a client may not say, and returns how much it
// removed.
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
func (m *Managed) Strip(h http.Header, keep []string) (stripped Stripped) {
	for key := range h {
		switch k := m.verdict(key, keep); k {
		case managed, removable:
			delete(h, key)
			stripped.add(k)
		case nameList:
			m.stripList(h, key, keep, &stripped)
		case dictionary:
			stripMember(h, key, "samlgate", &stripped)
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

// unlistable returns the kind of a field that may not be named in a list, or
// ordinary: the next hop would delete what we set, our signatures too.
func (m *Managed) unlistable(name string, keep []string) kind {
	switch k := m.verdict(strings.Trim(name, " \t"), keep); k {
	case managed, removable, dictionary:
		return k
	}
	return ordinary
}

// stripList takes refused names out of the comma-separated lists in h[key].
func (m *Managed) stripList(h http.Header, key string, keep []string, stripped *Stripped) {
	refused := func(line string) bool {
		for name := range strings.SplitSeq(line, ",") {
			if m.unlistable(name, keep) != ordinary {
				return true
			}
		}
		return false
	}
	if !slices.ContainsFunc(h[key], refused) {
		return
	}
	var lines []string
	for _, line := range h[key] {
		if refused(line) {
			line = m.withoutRefused(line, keep, stripped)
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		delete(h, key)
	} else {
		h[key] = lines
	}
}

func (m *Managed) withoutRefused(list string, keep []string, stripped *Stripped) string {
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		if k := m.unlistable(name, keep); k != ordinary {
			stripped.add(k)
		} else if name = strings.Trim(name, " \t"); name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
