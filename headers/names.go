package headers

import (
	"fmt"
	"slices"
	"strings"
)

// Names says which header carries what towards an app. An empty name means
// that the attribute is not sent.
type Names struct {
	Email, FirstName, LastName, Username, Roles, EmployeeID string

	Extra map[string]string // header → key of [Values.Attributes]
	Set   map[string]string // header → fixed value, the same for everybody
	JWT   string            // header that carries the token of a [Signer]

	Separator string // between the roles; empty means ","

	Encoding  Encoding            // of all values but fixed ones and the token
	Encodings map[string]Encoding // header → its own; others have Encoding
}

// DefaultNames returns the names that the gateway uses unless it is told others.
func DefaultNames() Names {
	return Names{
		Email: "X-Auth-Email", FirstName: "X-Auth-First-Name", LastName: "X-Auth-Last-Name",
		Roles: "X-Auth-Roles", EmployeeID: "X-Auth-Employee-Id", JWT: "X-Auth-Assertion", Separator: ",",
	}
}

// Check returns an error when a name is no header name, is one that HTTP itself
// or the gateway writes, or means the same header as another name: "X_Auth_User"
// and "X-Auth-User" become one variable in many apps. It also refuses fixed
// values and separators that a header cannot carry. Values are never quoted.
func (n Names) Check() error {
	seen := map[string]bool{}
	for _, name := range n.all() {
		form := Normal(name)
		switch {
		case !validName(name):
			return fmt.Errorf("%q is not a header name", name)
		case slices.Contains(reserved, form):
			return fmt.Errorf("header %s cannot carry an identity, HTTP or the gateway writes it", name)
		case seen[form]:
			return fmt.Errorf("header %s is named twice (case, underscore and dot make no difference)", name)
		}
		seen[form] = true
	}
	for name, value := range n.Set {
		if _, ok := representable(value); !ok || value == "" || len(value) > MaxValue {
			return fmt.Errorf("the fixed value of header %s is empty, too long or holds a control character", name)
		}
	}
	if strings.ContainsFunc(n.Separator, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("the separator of header %s is not printable ASCII", n.Roles)
	}
	return n.checkEncodings()
}

// Limit returns v with only those attributes that n sends in an extra header.
// Use it before signing, so that the token never tells an app more than its
// headers would.
func (n Names) Limit(v Values) Values {
	if len(n.Extra) == 0 || len(v.Attributes) == 0 {
		v.Attributes = nil
		return v
	}
	kept := make(map[string][]string, len(n.Extra))
	for _, key := range n.Extra {
		if values, ok := v.Attributes[key]; ok {
			kept[key] = values
		}
	}
	v.Attributes = kept
	return v
}

func (n Names) separator() string {
	if n.Separator == "" {
		return ","
	}
	return n.Separator
}

// all returns every name in use, in no fixed order.
func (n Names) all() []string {
	names := []string{n.Email, n.FirstName, n.LastName, n.Username, n.Roles, n.EmployeeID, n.JWT}
	for name := range n.Extra {
		names = append(names, name)
	}
	for name := range n.Set {
		names = append(names, name)
	}
	return slices.DeleteFunc(names, func(s string) bool { return s == "" })
}

// reserved are the normal forms that no attribute may use.
var reserved = []string{
	"host", "connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer",
	"transfer-encoding", "upgrade", "content-length", "content-type", "content-encoding", "expect", "cookie",
	"set-cookie", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-auth-audience",
	"signature", "signature-input",
}

// Normal returns the normal form of a header name: ASCII lower case, and every
// byte that is no letter or digit read as "-". CGI, WSGI and many frameworks
// turn all names with one normal form into one variable.
func Normal(name string) string {
	return string(appendNormal(make([]byte, 0, len(name)), name))
}

func appendNormal(dst []byte, name string) []byte {
	for i := range len(name) {
		dst = append(dst, normalByte(name[i]))
	}
	return dst
}

func normalByte(c byte) byte {
	switch {
	case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
		return c
	case 'A' <= c && c <= 'Z':
		return c + 'a' - 'A'
	}
	return '-'
}

// validName reports whether name is a token (RFC 9110 §5.6.2) with a letter or
// digit in it.
func validName(name string) bool {
	letters := 0
	for i := range len(name) {
		if normalByte(name[i]) != '-' {
			letters++
		} else if !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(name[i])) {
			return false
		}
	}
	return letters > 0
}
