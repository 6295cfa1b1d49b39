package samlsp

import (
	"cmp"

	"github.com/beevik/etree"
)

const (
	// nsDiscovery is the namespace, and the binding, of the Identity Provider
	// Discovery Service Protocol and Profile (OASIS, 2008).
	nsDiscovery = "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol"
	// nsUI is that of the SAML V2.0 Metadata Extensions for Login and Discovery
	// User Interface (OASIS, 2012).
	nsUI = "urn:oasis:names:tc:SAML:metadata:ui"
)

// describeExtensions writes md:Extensions, which the schema wants first, where
// there is something to say.
func (sp *ServiceProvider) describeExtensions(role *etree.Element) {
	all := etree.NewElement("md:Extensions")
	sp.describeUI(all)
	sp.describeDiscovery(all)
	if len(all.Child) > 0 {
		role.AddChild(all)
	}
}

// describeUI publishes the name by which a sign-in page may call us (Metadata UI
// §2.1.1). There is no logo: our pictures are for our own pages.
func (sp *ServiceProvider) describeUI(extensions *etree.Element) {
	name := cmp.Or(sp.cfg.Organization.DisplayName, sp.cfg.Organization.Name)
	if name == "" {
		return
	}
	info := extensions.CreateElement("mdui:UIInfo")
	info.CreateAttr("xmlns:mdui", nsUI)
	shown := info.CreateElement("mdui:DisplayName")
	shown.CreateAttr("xml:lang", "en")
	shown.SetText(name)
}

// describeDiscovery publishes where a discovery service sends people back to
// (Identity Provider Discovery §2.5): a service must send them nowhere else.
func (sp *ServiceProvider) describeDiscovery(extensions *etree.Element) {
	if sp.cfg.DiscoveryURL == "" {
		return
	}
	answer := extensions.CreateElement("idpdisc:DiscoveryResponse")
	answer.CreateAttr("xmlns:idpdisc", nsDiscovery)
	answer.CreateAttr("Binding", nsDiscovery)
	answer.CreateAttr("Location", sp.cfg.DiscoveryURL)
	answer.CreateAttr("index", "1")
}
