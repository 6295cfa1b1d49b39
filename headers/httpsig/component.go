package httpsig

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Component is something that a signature covers: a header field by its name in
// lower case, or a derived component such as "@method" (RFC 9421 §2).
type Component struct {
	quoted string // as it stands in the signature base
	key    string // of a field in an [http.Header]; empty for a derived component
}

// NewComponent returns the component of that name. A derived one that is not
// known fails when it is signed or verified.
func NewComponent(name string) (Component, error) {
	field, derived := strings.CutPrefix(name, "@")
	if !validField(field) {
		return Component{}, errors.New("a covered component has no valid name")
	}
	c := Component{quoted: `"` + name + `"`}
	if !derived {
		c.key = http.CanonicalHeaderKey(name)
	}
	return c, nil
}

// Name returns the component's name, "" for the zero Component.
func (c Component) Name() string { return strings.Trim(c.quoted, `"`) }

// Key returns the key of a header field in an [http.Header], and "" for a
// derived component.
func (c Component) Key() string { return c.key }

// Components returns the components of these names, of which none may be there
// twice (RFC 9421 §2.5).
func Components(names ...string) ([]Component, error) {
	components := make([]Component, len(names))
	for i, name := range names {
		c, err := NewComponent(name)
		switch {
		case err != nil:
			return nil, err
		case slices.Contains(components[:i], c):
			return nil, fmt.Errorf("component %s is covered twice", name)
		}
		components[i] = c
	}
	return components, nil
}

// validField reports whether a name is a token (RFC 9110 §5.6.2) in lower case.
func validField(name string) bool {
	for i := range len(name) {
		if c := name[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return name != ""
}
