package setup

// plain is for a product without words of its own: those of SAML.
func plain() words {
	return words{
		title: "SAML 2.0",
		enter: func(f Facts) []Part {
			p := Part{Title: "Values to enter", Fields: []Field{
				enter("Entity ID", f.EntityID, "also called audience or identifier"),
				enter("ACS URL", f.ACS, "also called reply URL; by HTTP-POST"),
				enter("Metadata", f.Metadata, "all of this in one document"),
			}}
			if f.SLO != "" {
				p.Fields = append(p.Fields, enter("Single logout URL", f.SLO, "by HTTP-Redirect or HTTP-POST"))
			}
			p.Fields = append(p.Fields, choose("Signed", map[string]string{
				"assertion": "the assertion", "response": "the response", "both": "the response and the assertion",
			}[f.Signed], "with SHA-256 or more"))
			if f.Signed == "either" {
				p.Fields[len(p.Fields)-1].Value = "the response or the assertion"
			}
			format := nameID(f, "NameID format", [4]string{formatEmail, "", "", ""})
			if f.NameIDFormat == "" {
				format.Note = "or any other, with the e-mail address as an attribute"
			}
			p.Fields = append(p.Fields, format)
			return []Part{p}
		},
		certificate: plainCertificate,
		back:        back("The identity provider's metadata, as a file or an address. Or its entity ID, its sign-in address and its certificate."),
	}
}

const plainCertificate = "It verifies the gateway's requests and can encrypt answers. The metadata has it too."
