package headers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/samlgate/samlgate/headers/httpsig"
)

// maxSignatureLife bounds what a [MessageSigner] may be told, and so what a
// verifier remembers.
const maxSignatureLife = 5 * time.Minute

// sealed checks the request's signature: who made it, when, for whom, and that
// it covers the request and all that is said about the person.
func (v *Verifier) sealed(r *http.Request) (*httpsig.Signature, error) {
	s, err := v.signature(r.Header)
	if err != nil {
		return nil, err
	}
	if err := v.fresh(s); err != nil {
		return nil, err
	}
	if err := v.covers(s, r.Header); err != nil {
		return nil, err
	}
	if got := r.Header[audienceHeader]; len(got) != 1 || got[0] != v.cfg.Audience {
		return nil, errors.New("the request is meant for another audience")
	}
	m := httpsig.Incoming(r)
	if !slices.Contains(v.authorities, m.Authority) {
		return nil, errors.New("the request is meant for another host")
	}
	key, err := v.messageKey(r.Context(), s)
	if err != nil {
		return nil, err
	}
	if err := s.Verify(m, key); err != nil {
		return nil, err
	}
	return s, v.body(s, r) // of nobody who cannot sign
}

// signature returns the one signature with our label. A second one, which a
// parser of dictionaries would drop in silence, means that somebody else than
// the gateway had a hand in it (RFC 9421 §7.2.5).
func (v *Verifier) signature(h http.Header) (*httpsig.Signature, error) {
	s, err := httpsig.Parse(h, signatureLabel)
	switch {
	case errors.Is(err, httpsig.ErrUnsigned):
		return nil, ErrNoToken
	case err != nil:
		return nil, err
	case countMember(h, "Signature-Input", signatureLabel) != 1, countMember(h, "Signature", signatureLabel) != 1:
		return nil, errors.New("the request carries more than one signature of the gateway")
	case s.Tag != signatureTag:
		return nil, errors.New("the signature has another purpose")
	case s.Nonce == "" || len(s.Nonce) > 128:
		return nil, errors.New("the signature has no nonce, or a huge one")
	}
	return s, nil
}

// fresh judges the times of a signature, which it must have.
func (v *Verifier) fresh(s *httpsig.Signature) error {
	now := v.cfg.Now()
	switch {
	case s.Created.IsZero() || s.Expires.IsZero() || !s.Created.Before(s.Expires) || s.Expires.Sub(s.Created) > maxSignatureLife:
		return errors.New("the signature has no beginning, no end, or too long a life")
	case now.Add(v.cfg.Skew).Before(s.Created):
		return errors.New("the signature is not valid yet")
	case !now.Before(s.Expires.Add(v.cfg.Skew)):
		return errors.New("the signature has expired")
	}
	return nil
}

// covers refuses a signature that leaves out a part of the request, or a header
// that an app could take for ours.
func (v *Verifier) covers(s *httpsig.Signature, h http.Header) error {
	for _, name := range whole {
		if !s.Covers(name) {
			return fmt.Errorf("the signature does not cover %s", name)
		}
	}
	for key, lines := range h {
		switch {
		case v.sealable.kind(key) != managed:
		case len(lines) != 1 || key != http.CanonicalHeaderKey(key):
			return fmt.Errorf("the identity header %s is there more than once", printable(key))
		case strings.Trim(lines[0], " \t") != lines[0]:
			// The signature base has it trimmed, so a folded line could add blanks.
			return fmt.Errorf("the identity header %s has outer blanks", printable(key))
		case !s.Covers(strings.ToLower(key)):
			return fmt.Errorf("the identity header %s is not covered by the signature", printable(key))
		}
	}
	return nil
}

func (v *Verifier) messageKey(ctx context.Context, s *httpsig.Signature) (*httpsig.Key, error) {
	key, err := v.cfg.Keys.key(ctx, s.KeyID)
	if err != nil {
		return nil, err
	}
	if key.message == nil {
		return nil, errors.New("the signature names a key that signs tokens alone")
	}
	return key.message, nil
}

// claimsOf returns what signed headers say. What no header carries is absent,
// and so is what is not in its encoding.
func (v *Verifier) claimsOf(s *httpsig.Signature, h http.Header) Claims {
	n := v.cfg.Names
	value := func(name string) string {
		if name == "" {
			return ""
		}
		return n.decoded(name, h.Get(name))
	}
	c := Claims{
		Issuer: v.cfg.Issuer, Audience: v.cfg.Audience, Email: value(n.Email), GivenName: value(n.FirstName), FamilyName: value(n.LastName),
		PreferredUsername: value(n.Username), EmployeeID: value(n.EmployeeID),
		IssuedAt: s.Created, NotBefore: s.Created, Expires: s.Expires, ID: s.Nonce,
	}
	if n.Roles != "" {
		for role := range strings.SplitSeq(h.Get(n.Roles), n.separator()) {
			if role = n.decoded(n.Roles, strings.Trim(role, " ")); role != "" {
				c.Roles = append(c.Roles, role)
			}
		}
	}
	for name, key := range n.Extra {
		if is := value(name); is != "" {
			if c.Attributes == nil {
				c.Attributes = map[string][]string{}
			}
			c.Attributes[key] = []string{is}
		}
	}
	return c
}

// readAuthorities normalises the hosts of an app, whatever the scheme.
func readAuthorities(hosts []string) ([]string, error) {
	var out []string
	for _, host := range hosts {
		if host == "" || strings.ContainsAny(host, "/@ ") {
			return nil, fmt.Errorf("authority %q is not a host, or a host and a port", host)
		}
		out = append(out, httpsig.Authority(httpsig.Authority(host, "http"), "https"))
	}
	return out, nil
}
