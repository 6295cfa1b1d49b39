package gateway

import (
	"net/url"

	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/proxy/route"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/samlsp"
)

// furtherConfig is that of the gateway's own service provider under another
// name, at other addresses.
func (b *base) furtherConfig(t *tree, c config.ServiceProvider) samlsp.Config {
	out := b.spConfig(t)
	at := EndpointsAt(t.cfg, c)
	out.EntityID, out.MetadataURL, out.ACSURL, out.SLOURL, out.SOAPURL = c.EntityID, at.Metadata, at.ACS, at.SLO, at.SOAP
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
		SOAP: at(c.Paths.SOAP, "soap"),
	}
}

// further are the SP identities beside the gateway's own, as the sign-in needs to
// know them.
func (t *tree) further() []signin.ServiceProvider {
	var all []signin.ServiceProvider
	for _, c := range t.cfg.SAML.ServiceProviders {
		at := EndpointsAt(t.cfg, c)
		host, _ := split(at.ACS)
		_, metadata := split(at.Metadata)
		_, acs := split(at.ACS)
		_, slo := split(at.SLO)
		_, soap := split(at.SOAP)
		all = append(all, signin.ServiceProvider{
			Name: c.Name, Host: host, MetadataPath: metadata, ACSPath: acs, SLOPath: slo, SOAPPath: soap,
			Metadata: metadataHandler(t.identities[c.Name]),
		})
	}
	return all
}

// split returns the canonical host and the path of an address that the
// configuration has checked.
func split(address string) (host, path string) {
	u, err := url.Parse(address)
	if err != nil {
		return "", ""
	}
	if host, err = route.CanonicalHost(u.Host); err != nil {
		return "", ""
	}
	return host, u.Path
}
