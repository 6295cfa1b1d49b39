package gateway

import (
	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/samlsp"
)

// furtherConfig is that of the gateway's own service provider under another
// name, at other addresses.
func (b *base) furtherConfig(t *tree, c config.ServiceProvider) samlsp.Config {
	out := b.spConfig(t)
	at := EndpointsAt(t.cfg, c)
	out.EntityID, out.MetadataURL, out.ACSURL, out.SLOURL = c.EntityID, at.Metadata, at.ACS, at.SLO
	return out
}

// EndpointsAt returns the addresses that an identity provider knows of a further
// SP identity. Where the configuration gives no path they lie below the prefix.
func EndpointsAt(cfg *config.Config, c config.ServiceProvider) Endpoints {
	at := func(known, name string) string {
		if known == "" {
			known = cfg.Server.Prefix + "/saml/" + c.Name + "/" + name
		}
		return c.Origin + known
	}
	return Endpoints{
		Metadata: at(c.Paths.Metadata, "metadata"), ACS: at(c.Paths.ACS, "acs"), SLO: at(c.Paths.SLO, "slo"),
	}
}
