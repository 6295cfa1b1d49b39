package headers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/samlgate/samlgate/headers/httpsig"
)

// Binds reports whether the tokens are to be made by [Signer.SignRequest].
func (s *Signer) Binds() bool { return s.bind }

// SignRequest returns a token about v that is good for this request alone, as it
// leaves for the app: its method is the claim htm, its URL without the query
// htu, both named as in RFC 9449 §4.2. The scheme is the one that people use.
// Such a token is never reused. The error is that of [Signer.Sign].
func (s *Signer) SignRequest(out *http.Request, scheme, audience string, v Values) (string, error) {
	if audience == "" {
		return "", errors.New("signing a token: an audience is required")
	}
	m := httpsig.Outgoing(out)
	c := v.claims()
	c.Method, c.URL = m.Method, scheme+"://"+locationOf(m)
	return s.make(s.now(), audience, c)
}

// locationOf is the URL of htu without its scheme, of which an app behind a
// gateway that ends TLS knows nothing.
func locationOf(m httpsig.Message) string {
	path, _, _ := strings.Cut(m.Target, "?")
	return m.Authority + path
}

// bound refuses a token that was made for another request, and one made for
// none where the app asks for a bound one.
func (v *Verifier) bound(c Claims, r *http.Request) error {
	if c.Method == "" && c.URL == "" && !v.cfg.Bound {
		return nil
	}
	m := httpsig.Incoming(r)
	_, location, _ := strings.Cut(c.URL, "://")
	if c.Method != m.Method || location == "" || location != locationOf(m) {
		return errors.New("the token was made for another request")
	}
	return nil
}
