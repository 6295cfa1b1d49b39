package gateway

import (
	"slices"

	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/samlsp"
)

// members introduces those who take part in the discovery protocol.
type members struct {
	cfg *config.Config
	sp  *samlsp.ServiceProvider // all of ours know the same identity providers
}

// federation is nil where there is nobody to discover.
func federation(t *tree) signin.Federation {
	if len(t.cfg.SAML.IDPs) < 2 {
		return nil
	}
	return members{t.cfg, t.sp}
}

// Ours implements signin.Federation.
func (m members) Ours(entityID string) bool {
	return entityID == m.cfg.SAML.EntityID || slices.ContainsFunc(m.cfg.SAML.ServiceProviders,
		func(c config.ServiceProvider) bool { return c.EntityID == entityID })
}

// IDPNamed implements signin.Federation.
func (m members) IDPNamed(entityID string) string {
	for _, idp := range m.sp.IDPs() {
		if idp.EntityID == entityID {
			return idp.Name
		}
	}
	return ""
}

// EntityID implements signin.Federation.
func (m members) EntityID(name string) string {
	idp, ok := m.sp.IDP(name)
	if !ok {
		return ""
	}
	return idp.EntityID
}

// pictures are the logos of the identity providers that have one.
func pictures(cfg *config.Config) map[string][]byte {
	out := make(map[string][]byte)
	for _, c := range cfg.SAML.IDPs {
		if len(c.LogoFile.Content) > 0 {
			out[c.Name] = c.LogoFile.Content
		}
	}
	return out
}
