package headers

import (
	"fmt"
	"net/http"
)

// backed refuses a request with an identity header that the token does not
// back: one that says something else, an alias such as X_Auth_Email, one that
// is there twice, and one that nothing in the token could have made.
func (v *Verifier) backed(h http.Header, c Claims) error {
	var want http.Header
	for key, values := range h {
		if v.managed.kind(key) != managed {
			continue
		}
		if want == nil {
			want = v.expected(c)
		}
		expected, known := want[key]
		switch {
		case !known:
			return fmt.Errorf("the identity header %s is not backed by the token", printable(key))
		case len(values) != 1:
			return fmt.Errorf("the identity header %s is there more than once", printable(key))
		case expected[0] != values[0] && key != http.CanonicalHeaderKey(v.cfg.Header):
			return fmt.Errorf("the identity header %s disagrees with the token", printable(key))
		}
	}
	return nil
}

// expected returns the identity headers that the gateway would send with c.
func (v *Verifier) expected(c Claims) http.Header {
	want := http.Header{}
	// A value too large is left out, so a header that carries it is refused.
	_, _ = Apply(want, v.cfg.Names, c.values())
	want.Set("X-Auth-Audience", c.Audience)
	want.Set(v.cfg.Header, "")
	return want
}

// printable returns a header name for an error text.
func printable(key string) string {
	if len(key) > 64 {
		key = key[:64]
	}
	return http.CanonicalHeaderKey(Normal(key))
}
