package setup

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// bindingPOST is that of SAML Bindings §3.5.
const bindingPOST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

func simplesamlphp() words {
	return words{
		title: "SimpleSAMLphp",
		enter: func(f Facts) []Part {
			return []Part{{
				Title: "metadata/saml20-sp-remote.php",
				Text:  []string{"Give the address to Federation > Tools > XML to SimpleSAMLphp metadata converter, or write the entry by hand:"},
				Fields: []Field{
					enter("Metadata", f.Metadata, ""),
					enter("Entity ID", f.EntityID, ""),
					enter("ACS URL", f.ACS, ""),
				},
				Code: phpEntry(f),
			}}
		},
		attributes:  "They are sent under the names of the authentication source, or as urn:oid after core:AttributeMap with name2oid.",
		certificate: "Save it as cert/samlgate.crt, the name in the entry above.",
		back:        back("The address of the metadata, which Federation in the admin pages shows. It ends in module.php/saml/idp/metadata."),
	}
}

// phpEntry is the entry of saml20-sp-remote.php.
func phpEntry(f Facts) string {
	var b strings.Builder
	fmt.Fprintf(&b, "$metadata[%s] = [\n    'AssertionConsumerService' => [[\n", php(f.EntityID))
	fmt.Fprintf(&b, "        'Binding' => %s,\n        'Location' => %s,\n", php(bindingPOST), php(f.ACS))
	b.WriteString("        'index' => 0,\n        'isDefault' => true,\n    ]],\n")
	if f.SLO != "" {
		fmt.Fprintf(&b, "    'SingleLogoutService' => [[\n        'Binding' => %s,\n        'Location' => %s,\n    ]],\n    'sign.logout' => true,\n",
			php("urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"), php(f.SLO))
	}
	b.WriteString("    'certificate' => 'samlgate.crt',\n")
	fmt.Fprintf(&b, "    'validate.authnrequest' => %t,\n", f.SignRequests)
	if f.NameIDFormat != "" {
		fmt.Fprintf(&b, "    'NameIDFormat' => %s,\n", php(f.NameIDFormat))
	}
	for _, part := range []string{"response", "assertion"} {
		if f.Signed != "either" && f.signs(part) {
			fmt.Fprintf(&b, "    'saml20.sign.%s' => true,\n", part)
		}
	}
	b.WriteString("    'attributes' => [\n")
	for _, a := range f.Attributes {
		if len(a.Names) > 0 {
			fmt.Fprintf(&b, "        %s,\n", php(a.Names[0]))
		}
	}
	b.WriteString("    ],\n];")
	return b.String()
}

// php is a text as a PHP literal in single quotes.
func php(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

func shibboleth() words {
	return words{
		title: "Shibboleth Identity Provider",
		enter: func(f Facts) []Part {
			var text []string
			if f.SLO != "" {
				text = []string{"The metadata has the address of single logout; conf/relying-party.xml has to list SAML2.Logout."}
			}
			return []Part{{
				Title: "conf/metadata-providers.xml", Text: text,
				Fields: []Field{enter("Metadata", f.Metadata, ""), enter("Entity ID", f.EntityID, ""), enter("ACS URL", f.ACS, "")},
				Code: `<MetadataProvider id="samlgate" xsi:type="FileBackedHTTPMetadataProvider"` +
					"\n    metadataURL=\"" + escaped(f.Metadata) + "\"" +
					"\n    backingFile=\"%{idp.home}/metadata/samlgate-backing.xml\"/>",
			}, {
				Title: "conf/attribute-filter.xml",
				Text:  []string{"Without this the gateway receives a NameID and nothing else. Each attributeID needs a definition in attribute-resolver.xml."},
				Code:  filterPolicy(f),
			}}
		},
		where:       "the attribute registry, or an encoder: what stands on the wire",
		certificate: "It stands in the metadata; nothing has to be done with it.",
		back:        back("The metadata of the IdP, with its present certificates and addresses: as an address, or as a file with this one entity."),
	}
}

// filterPolicy releases what the gateway reads.
func filterPolicy(f Facts) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<AttributeFilterPolicy id=\"samlgate\">\n    <PolicyRequirementRule xsi:type=\"Requester\"\n        value=\"%s\"/>\n", escaped(f.EntityID))
	for _, a := range f.Attributes {
		for _, name := range a.Names {
			fmt.Fprintf(&b, "    <AttributeRule attributeID=\"%s\" permitAny=\"true\"/>\n", escaped(attributeID(name)))
		}
	}
	b.WriteString("</AttributeFilterPolicy>")
	return b.String()
}

// attributeID is what Shibboleth calls an attribute, by its name on the wire;
// one that is not among the usual keeps its name.
func attributeID(name string) string {
	usual := map[string]string{
		"urn:oid:0.9.2342.19200300.100.1.3": "mail", "urn:oid:2.5.4.42": "givenName", "urn:oid:2.5.4.4": "sn",
		"urn:oid:1.3.6.1.4.1.5923.1.1.1.1": "eduPersonAffiliation", "urn:oid:1.3.6.1.4.1.5923.1.1.1.7": "eduPersonEntitlement",
		"urn:oid:1.3.6.1.4.1.5923.1.5.1.1": "isMemberOf", "urn:oid:2.16.840.1.113730.3.1.3": "employeeNumber",
		"urn:oid:0.9.2342.19200300.100.1.1": "uid", "urn:oid:1.3.6.1.4.1.5923.1.1.1.6": "eduPersonPrincipalName",
	}
	if id, is := usual[name]; is {
		return id
	}
	return name
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder never fails
	return b.String()
}
