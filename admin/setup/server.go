package setup

func adfs() words {
	return words{
		title: "AD FS", enter: adfsFields,
		where: "Edit Claim Issuance Policy > Add Rule > Send LDAP Attributes as Claims",
		sources: map[string]string{
			"email": "E-Mail-Addresses, as E-Mail Address", "first_name": "Given-Name, as Given Name", "last_name": "Surname, as Surname",
			"employee_id": "the LDAP attribute that holds it, under this name", "roles": "group membership, as Role",
		},
		certificate: "Signature tab of the trust's properties; an import of the metadata puts it there.",
		back:        back("https://, your host, /FederationMetadata/2007-06/FederationMetadata.xml: the address if the gateway can reach it, else the file."),
	}
}

func adfsFields(f Facts) []Part {
	p := Part{
		Title: "Relying party trust", Where: "Relying Party Trusts > Add Relying Party Trust > Claims aware",
		Text: []string{"The first address alone will do. Where AD FS cannot reach it, import the metadata from a file, or enter the rest by hand."},
		Fields: []Field{
			enter("Federation metadata address", f.Metadata, ""),
			enter("Relying party SAML 2.0 SSO service URL", f.ACS, "binding POST, default"),
			enter("Relying party trust identifier", f.EntityID, ""),
			choose("Secure hash algorithm", "SHA-256", "on the tab Advanced"),
		},
	}
	if f.SLO != "" {
		p.Fields = append(p.Fields, enter("SAML Logout", f.SLO, "on the tab Endpoints, binding POST; an import of the metadata puts it there. It works with a rule that makes a Name ID"))
	}
	part := Part{
		Title: "What is signed",
		Text: []string{"AD FS signs the assertion. It encrypts as soon as the trust has a certificate for it, and then has to sign the response too, " +
			"or not to encrypt (-EncryptClaims $false)."},
		Code: `Set-AdfsRelyingPartyTrust -TargetName "samlgate" -SamlResponseSignature MessageAndAssertion`,
	}
	return []Part{p, part}
}

func keycloak() words {
	return words{
		title: "Keycloak", enter: keycloakFields,
		where: "Client scopes > the scope that ends in -dedicated > Configure a new mapper",
		sources: map[string]string{
			"email": "User Property email", "first_name": "User Property firstName", "last_name": "User Property lastName",
			"employee_id": "User Attribute employeeId, or as your realm calls it", "roles": "the client scope role_list, by itself",
		},
		certificate: "Keys > Client signature required: on, and Import key, format Certificate PEM. Importing the client from the metadata does it.",
		back:        back("Realm settings > General > Endpoints > SAML 2.0 Identity Provider Metadata: its address."),
	}
}

func keycloakFields(f Facts) []Part {
	onOff := func(is bool) string { return pick(is, "on", "off") }
	settings := Part{
		Title: "Settings", Where: "Clients > Import client with the gateway's metadata, or Clients > Create client > SAML",
		Fields: []Field{
			enter("Client ID", f.EntityID, ""),
			start(f, "Home URL", ""),
			enter("Valid redirect URIs", f.ACS, "without a wildcard"),
			leave("IDP-Initiated SSO URL name", ""),
			enter("Master SAML Processing URL", f.ACS, "by hand; nothing after an import"),
			nameID(f, "Name ID format", [4]string{"email", "", "persistent", "transient"}),
			choose("Force POST binding", "on", ""),
			choose("Include AuthnStatement", "on", ""),
			choose("Optimize REDIRECT signing key lookup", "off", ""),
			choose("Sign documents", onOff(f.signs("response")), ""),
			choose("Sign assertions", onOff(f.signs("assertion")), ""),
			choose("Signature algorithm", "RSA_SHA256", "or more"),
			choose("Canonicalization method", "EXCLUSIVE", ""),
			choose("Client signature required", onOff(f.SignRequests), "on the tab Keys"),
			choose("Front channel logout", onOff(f.SLO != ""), ""),
		},
	}
	endpoints := Part{
		Title: "Fine Grain SAML Endpoint Configuration", Where: "Advanced",
		Fields: []Field{enter("Assertion Consumer Service POST Binding URL", f.ACS, "")},
	}
	if f.SLO == "" {
		endpoints.Text = []string{"Remove both Logout Service URLs, which an import fills in: this gateway offers no single logout."}
	} else {
		endpoints.Fields = append(endpoints.Fields,
			enter("Logout Service POST Binding URL", f.SLO, ""), enter("Logout Service Redirect Binding URL", f.SLO, ""))
	}
	return []Part{settings, endpoints}
}
