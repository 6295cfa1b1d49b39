package samlsp

import (
	"crypto"
	"encoding/base64"
	"time"

	"github.com/beevik/etree"

	"github.com/samlgate/samlgate/samlsp/xmlenc"
)

const metadataLife = 365 * 24 * time.Hour

// Metadata returns the metadata document of this service provider
// (Metadata §2.3.2, §2.4.4). The same configuration gives the same bytes for a
// day.
func (sp *ServiceProvider) Metadata() ([]byte, error) {
	doc := etree.NewDocument()
	doc.CreateProcInst("xml", `version="1.0" encoding="UTF-8"`)
	root := doc.CreateElement("md:EntityDescriptor")
	root.CreateAttr("xmlns:md", nsMetadata)
	root.CreateAttr("xmlns:ds", nsDSig)
	root.CreateAttr("entityID", sp.cfg.EntityID)
	root.CreateAttr("validUntil", stamp(sp.metadataEnd()))
	sp.describeRole(root.CreateElement("md:SPSSODescriptor"))
	sp.describeOwner(root)
	doc.Indent(2)
	if sp.cfg.SignMetadata {
		return sp.signMetadata(doc)
	}
	return doc.WriteToBytes()
}

// metadataEnd falls on midnight, so that the document and its ETag rest.
func (sp *ServiceProvider) metadataEnd() time.Time {
	life := sp.cfg.MetadataLife
	if life <= 0 {
		life = metadataLife
	}
	return sp.cfg.Now().UTC().Truncate(24 * time.Hour).Add(24*time.Hour + life)
}

// describeRole writes md:SPSSODescriptor in the order of its schema.
func (sp *ServiceProvider) describeRole(role *etree.Element) {
	role.CreateAttr("protocolSupportEnumeration", nsProtocol)
	role.CreateAttr("AuthnRequestsSigned", yesNo(sp.signsAllRequests()))
	role.CreateAttr("WantAssertionsSigned", "true")
	sp.describeExtensions(role)
	for _, k := range sp.cfg.Keys {
		describeKey(role, k, "signing")
	}
	for _, k := range sp.cfg.Keys {
		if d, ok := k.Key.(crypto.Decrypter); ok && xmlenc.UsableKey(d) { // key transport is RSA-OAEP
			describeKey(role, k, "encryption")
		}
	}
	sp.describeLogout(role)
	for _, format := range []string{formatEmail, formatPersistent, formatTransient, formatUnspecified} {
		role.CreateElement("md:NameIDFormat").SetText(format)
	}
	acs := role.CreateElement("md:AssertionConsumerService")
	acs.CreateAttr("Binding", string(PostBinding))
	acs.CreateAttr("Location", sp.cfg.ACSURL)
	acs.CreateAttr("index", "0")
	acs.CreateAttr("isDefault", "true")
}

// describeLogout writes md:SingleLogoutService; whoever takes the first comes
// with the browser, where cookies of the apps can go, too.
func (sp *ServiceProvider) describeLogout(role *etree.Element) {
	for _, e := range []struct {
		binding Binding
		url     string
	}{{RedirectBinding, sp.cfg.SLOURL}, {PostBinding, sp.cfg.SLOURL}, {soapBinding, sp.cfg.SOAPURL}} {
		if e.url == "" {
			continue
		}
		service := role.CreateElement("md:SingleLogoutService")
		service.CreateAttr("Binding", string(e.binding))
		service.CreateAttr("Location", e.url)
	}
}

// soapBinding is the one that needs no browser (Bindings §3.2).
const soapBinding Binding = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"

// signsAllRequests: what is published here must hold at every identity provider.
func (sp *ServiceProvider) signsAllRequests() bool {
	for _, idp := range sp.IDPs() {
		if !idp.SignRequests {
			return false
		}
	}
	return true
}

func describeKey(role *etree.Element, k KeyPair, use string) {
	d := role.CreateElement("md:KeyDescriptor")
	d.CreateAttr("use", use)
	data := d.CreateElement("ds:KeyInfo").CreateElement("ds:X509Data")
	data.CreateElement("ds:X509Certificate").SetText(base64.StdEncoding.EncodeToString(k.Certificate.Raw))
	if use != "encryption" {
		return
	}
	for _, uri := range []string{
		xmlenc.AES256GCM, xmlenc.AES128GCM, xmlenc.OAEP, xmlenc.OAEPMGF1P,
	} {
		d.CreateElement("md:EncryptionMethod").CreateAttr("Algorithm", uri)
	}
}

// describeOwner writes md:Organization and md:ContactPerson where they are set.
func (sp *ServiceProvider) describeOwner(root *etree.Element) {
	if o := sp.cfg.Organization; o.Name != "" {
		el := root.CreateElement("md:Organization")
		for _, part := range []struct{ tag, text, fallback string }{
			{"md:OrganizationName", o.Name, ""},
			{"md:OrganizationDisplayName", o.DisplayName, o.Name},
			{"md:OrganizationURL", o.URL, sp.cfg.EntityID},
		} {
			child := el.CreateElement(part.tag)
			child.CreateAttr("xml:lang", "en")
			if child.SetText(part.text); part.text == "" {
				child.SetText(part.fallback)
			}
		}
	}
	if c := sp.cfg.Contact; c.Email != "" {
		el := root.CreateElement("md:ContactPerson")
		el.CreateAttr("contactType", "technical")
		if c.Name != "" {
			el.CreateElement("md:GivenName").SetText(c.Name)
		}
		el.CreateElement("md:EmailAddress").SetText("mailto:" + c.Email)
	}
}

func yesNo(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
