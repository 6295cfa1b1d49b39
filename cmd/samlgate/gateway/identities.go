package gateway

import (
	"fmt"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/samlsp"
)

// identities are the service providers that we are, by their name in
// saml.service_providers. All know the same identity providers, and what one has
// seen is a replay at every other.
type identities map[string]*samlsp.ServiceProvider

// own is the name of the gateway's own identity.
const own = ""

// identities makes every service provider of the configuration.
func (b *base) identities(t *tree, idps []*samlsp.IdentityProvider) (identities, error) {
	sp, err := samlsp.New(b.spConfig(t), idps...)
	if err != nil {
		return nil, err
	}
	all := identities{own: sp}
	for _, c := range t.cfg.SAML.ServiceProviders {
		if all[c.Name], err = samlsp.New(b.furtherConfig(t, c), idps...); err != nil {
			return nil, fmt.Errorf("service provider %q: %w", c.Name, err)
		}
	}
	return all, nil
}

// identity is the service provider of that name. One that a reload took away
// since a login began can no longer be answered.
func (all identities) identity(name string) (*samlsp.ServiceProvider, error) {
	if sp := all[name]; sp != nil {
		return sp, nil
	}
	return nil, &signin.Refusal{Reason: "unknown_service_provider", Detail: "no longer configured", Code: pages.LoginExpired}
}

// set puts an identity provider in force at all of them. They judge it alike, so
// the first that refuses it speaks for all.
func (all identities) set(idp *samlsp.IdentityProvider) error {
	for _, sp := range all {
		if err := sp.SetIDP(idp); err != nil {
			return err
		}
	}
	return nil
}
