package samlsp

import "github.com/beevik/etree"

// nsDiscovery is the namespace, and the binding, of the Identity Provider
// Discovery Service Protocol and Profile (OASIS, 2008).
const nsDiscovery = "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol"

// describeDiscovery publishes where a discovery service sends people back to
// (Identity Provider Discovery §2.5): a service must send them nowhere else.
// It stands in md:Extensions, which the schema wants first.
func (sp *ServiceProvider) describeDiscovery(role *etree.Element) {
	if sp.cfg.DiscoveryURL == "" {
		return
	}
	answer := role.CreateElement("md:Extensions").CreateElement("idpdisc:DiscoveryResponse")
	answer.CreateAttr("xmlns:idpdisc", nsDiscovery)
	answer.CreateAttr("Binding", nsDiscovery)
	answer.CreateAttr("Location", sp.cfg.DiscoveryURL)
	answer.CreateAttr("index", "1")
}
