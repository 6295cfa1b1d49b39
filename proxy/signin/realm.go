package signin

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/samlgate/samlgate/identity"
)

// maxAddress is the length of an e-mail address (RFC 5321 §4.5.3.1.3).
const maxAddress = 254

// domainOf returns the normalised domain of an e-mail address. Whatever stands
// before the "@" is not looked at, so that no answer depends on it.
func domainOf(address string) (string, bool) {
	address = strings.TrimSpace(address)
	at := strings.LastIndexByte(address, '@')
	if at < 1 || len(address) > maxAddress {
		return "", false
	}
	domain, err := identity.NormalizeDomain(address[at+1:])
	return domain, err == nil
}

// realm is the identity provider for an e-mail domain: the one that may speak
// for it, by equality.
//
// Who asks for a domain must not learn whether it is known: that would tell
// which companies are customers here. So an unknown domain has a provider, too:
// one of those offered, drawn by a keyed hash, the same one whenever it is asked
// for. The answers are equal to the byte, and what they say holds for both: an
// address that can sign in here does so there, since with several providers none
// may speak for a domain that is not its own. Nobody is sent on unasked,
// and the way to the others stands beside, for those who mistyped.
//
// The draw is the highest hash of domain and provider (rendezvous hashing), so
// that routes with other providers, and providers that come or go, show nothing
// either. It is keyed by the newest of session.cookie_keys: after a change of
// that key some unknown domains draw another provider, and known ones do not.
//
// Where several may speak for a domain (saml.insecure_shared_domains), the first
// is named. The identity provider gets no login_hint: that would put the address
// into a URL, where logs and histories are.
func (h *Handler) realm(domain string, choices []IDP) IDP {
	var drawn, known IDP
	var top []byte
	for _, i := range choices {
		if score := h.Jar.draw(domain, i.Name); bytes.Compare(score, top) > 0 {
			drawn, top = i, score
		}
		if slices.Contains(i.EmailDomains, domain) && known.Name == "" {
			known = i
		}
	}
	if known.Name != "" {
		return known
	}
	return drawn
}

// normalize brings the e-mail domains into the form that addresses are compared in.
func (i *IDP) normalize() error {
	domains := make([]string, len(i.EmailDomains))
	for n, domain := range i.EmailDomains {
		var err error
		if domains[n], err = identity.NormalizeDomain(domain); err != nil {
			return fmt.Errorf("identity provider %q: e-mail domain %d: %w", i.Name, n+1, err)
		}
	}
	i.EmailDomains = domains
	return nil
}

// draw is a pseudo-random number for one domain and one provider.
func (j *Jar) draw(domain, idp string) []byte {
	mac := hmac.New(sha256.New, j.realmKey)
	mac.Write([]byte(domain + "\x00" + idp))
	return mac.Sum(nil)
}
