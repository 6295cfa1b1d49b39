package setup

import (
	"net/url"
	"regexp"
	"strings"
)

func okta() words {
	return words{
		title: "Okta", enter: oktaFields,
		where: "Sign On > Attribute Statements; groups in Group Attribute Statements",
		sources: map[string]string{
			"email": "user.profile.email, or user.email in older orgs", "first_name": "user.profile.firstName, or user.firstName",
			"last_name": "user.profile.lastName, or user.lastName", "employee_id": "user.profile.employeeNumber, or user.employeeNumber",
			"roles": "a filter on the groups that applications need",
		},
		certificate: "Upload it as Signature Certificate.",
		back:        back("Sign On > SAML Signing Certificates > Actions > View IdP metadata, saved as a file; or the Metadata URL below Metadata details."),
	}
}

func oktaFields(f Facts) []Part {
	signed := func(part string) string { return pick(f.signs(part), "Signed", "Signed or Unsigned") }
	return []Part{{
		Title: "SAML Settings", Where: "Applications > Applications > Create App Integration > SAML 2.0 > Configure SAML",
		Fields: []Field{
			enter("Single sign-on URL", f.ACS, "leave Use this for Recipient URL and Destination URL ticked"),
			enter("Audience URI (SP Entity ID)", f.EntityID, ""),
			leave("Default RelayState", ""),
			nameID(f, "Name ID format", [4]string{"EmailAddress", "Unspecified", "Persistent", "Transient"}),
			choose("Application username", "Email", ""),
		},
	}, {
		Title: "Show Advanced Settings",
		Fields: append([]Field{
			choose("Response", signed("response"), ""),
			choose("Assertion Signature", signed("assertion"), ""),
			choose("Signature Algorithm", "RSA-SHA256", ""),
			choose("Digest Algorithm", "SHA256", ""),
			choose("Assertion Encryption", "Unencrypted", "or Encrypted with an algorithm in GCM"),
			choose("Signed Requests", pick(f.SignRequests, "ticked, if Okta shall insist", "unticked"), ""),
		}, oktaLogout(f)...),
	}}
}

func oktaLogout(f Facts) []Field {
	if f.SLO == "" {
		return nil
	}
	return []Field{
		enter("Single Logout URL", f.SLO, "after Allow application to initiate Single Logout, which wants Signature Certificate too"),
		enter("SP Issuer", f.EntityID, ""),
	}
}

func entra() words {
	return words{
		title: "Microsoft Entra ID",
		enter: func(f Facts) []Part {
			option := map[string]string{"assertion": "Sign SAML assertion", "response": "Sign SAML response"}[f.Signed]
			if option == "" {
				option = "Sign SAML response and assertion"
			}
			return []Part{{
				Title: "Basic SAML Configuration", Where: "Entra ID > Enterprise apps > the app > Single sign-on > SAML",
				Fields: []Field{
					enter("Identifier (Entity ID)", f.EntityID, "and no second one"),
					enter("Reply URL (Assertion Consumer Service URL)", f.ACS, ""),
					start(f, "Sign on URL (Optional)", "tiles in My Apps then start there"),
					leave("Relay State (Optional)", ""),
					logout(f, "Logout Url (Optional)", ""),
				},
			}, {
				Title: "SAML Certificates", Where: "Token signing certificate > Edit",
				Fields: []Field{choose("Signing Option", option, ""), choose("Signing Algorithm", "SHA-256", "")},
			}}
		},
		where: "Attributes & Claims; the long names are there from the start",
		sources: map[string]string{
			"email": "user.mail", "first_name": "user.givenname", "last_name": "user.surname",
			"employee_id": "user.employeeid, with Namespace empty", "roles": "app roles, the better way, or a group claim",
		},
		certificate: "Optional: under Verification certificates (optional) tick Require verification certificates and upload it. Entra then refuses requests that the gateway did not sign.",
		back:        back("SAML Certificates > App Federation Metadata Url, with its ?appid= at the end."),
	}
}

func google() words {
	return words{
		title: "Google Workspace",
		enter: func(f Facts) []Part {
			response := choose("Signed response", pick(f.signs("response"), "ticked", "unticked"), "")
			if f.Signed == "both" {
				response.Note = "Google signs one of the two: the gateway's require_signed has to be response"
			}
			return []Part{{
				Title: "Service provider details", Where: "Apps > Web and mobile apps > Add app > Add custom SAML app",
				Fields: []Field{
					enter("ACS URL", f.ACS, ""),
					enter("Entity ID", f.EntityID, ""),
					leave("Start URL (optional)", ""),
					response,
					nameID(f, "Name ID format", [4]string{"EMAIL", "UNSPECIFIED", "PERSISTENT", "TRANSIENT"}),
					choose("Name ID", "Basic Information > Primary email", ""),
				},
			}}
		},
		where: "Attribute mapping > Attributes > Add mapping, under App attributes",
		sources: map[string]string{
			"email": "Basic Information > Primary email", "first_name": "Basic Information > First name",
			"last_name": "Basic Information > Last name", "employee_id": "Employee Details > Employee ID",
			"roles": "Group membership (optional), the groups that matter",
		},
		attributes:  "An app starts off: turn it on under User access.",
		certificate: "Google takes none.", keyless: true,
		back: back("GoogleIDPMetadata.xml, the file from Download metadata. There is no address to fetch it from."),
	}
}

func onelogin() words {
	return words{
		title: "OneLogin", enter: oneloginFields,
		where: "Parameters > +, once for each; tick Include in SAML assertion",
		sources: map[string]string{
			"email": "Email", "first_name": "First Name", "last_name": "Last Name",
			"employee_id": "a custom user field", "roles": "User Roles, with Multi-value parameter ticked",
		},
		certificate: "OneLogin needs none for signing in.", keyless: true,
		back: back("SSO > Issuer URL: the address of the metadata. SSO > SAML Signature Algorithm must be SHA-256."),
	}
}

func oneloginFields(f Facts) []Part {
	element := choose("SAML signature element", "Both", "")
	if single := map[string]string{"assertion": "Assertion", "response": "Response"}[f.Signed]; single != "" {
		element = choose(element.Label, single, unconfirmed)
	}
	validator := "^" + strings.ReplaceAll(regexp.QuoteMeta(f.ACS), "/", `\/`) + "$"
	return []Part{{
		Title: "Configuration", Where: "Applications > Applications > Add App > SAML Custom Connector (Advanced)",
		Fields: []Field{
			enter("Audience (EntityID)", f.EntityID, ""),
			enter("Recipient", f.ACS, ""),
			enter("ACS (Consumer) URL Validator", validator, "a regular expression"),
			enter("ACS (Consumer) URL", f.ACS, ""),
			logout(f, "Single Logout URL", "tick Sign SLO Request and Sign SLO Response"),
			start(f, "Login URL", ""),
			choose("SAML initiator", "Service Provider", "tiles then open the login URL"),
			nameID(f, "SAML nameID format", [4]string{"Email", "Unspecified", "Persistent", "Transient"}),
			element,
			choose("Encrypt assertion", "unticked", "or ticked, with the response signed"),
		},
	}}
}

func ping() words {
	return words{
		title: "PingOne or PingFederate", enter: pingFields,
		where: "Attribute Mappings in PingOne; Extend the Contract in PingFederate",
		sources: map[string]string{
			"email": "Email Address", "first_name": "Given Name", "last_name": "Family Name", "roles": "Group Names",
			"employee_id": "External ID, or a custom attribute",
		},
		certificate: "Verification Certificate in PingOne, Signature Verification Settings in PingFederate, if requests must be signed.",
		back: func(f Facts) Part {
			return Part{
				Title: "Give back to the gateway operator",
				Text:  []string{"PingOne: IDP Metadata URL on the Configuration tab. PingFederate: the address below, with your host."},
				Fields: []Field{enter("Metadata of PingFederate",
					"https://pingfederate.example.com/pf/federation_metadata.ping?PartnerSpId="+url.QueryEscape(f.EntityID), "")},
			}
		},
	}
}

func pingFields(f Facts) []Part {
	key := choose("Signing Key", "Sign Assertion & Response", "")
	if single := map[string]string{"assertion": "Sign Assertion", "response": "Sign Response"}[f.Signed]; single != "" {
		key = choose(key.Label, single, unconfirmed)
	}
	return []Part{{
		Title: "PingOne", Where: "Applications > Applications > + > SAML Application",
		Fields: []Field{
			enter("ACS URLs", f.ACS, ""),
			enter("Entity ID", f.EntityID, ""),
			key,
			choose("Signing Algorithm", "RSA_SHA256", "or another with SHA-256 or more"),
			logout(f, "SLO Endpoint", ""),
			nameID(f, "Subject NameID Format", [4]string{formatEmail, formatUnspecified, formatPersistent, formatTransient}),
			choose("Enforce Signed AuthnRequest", pick(f.SignRequests, "on, if PingOne shall insist", "off"), ""),
		},
	}, {
		Title: "PingFederate", Where: "Applications > Integration > SP Connections > Create Connection",
		Text: []string{"Import Metadata takes the gateway's metadata. By hand:"},
		Fields: []Field{
			enter("Metadata", f.Metadata, ""),
			enter("Partner's Entity ID (Connection ID)", f.EntityID, ""),
			enter("Assertion Consumer Service URL", f.ACS, "binding POST, default"),
			choose("Allowable SAML Bindings", "POST and Redirect", ""),
			choose("SAML Profiles", pick(f.SLO == "", "SP-Initiated SSO", "SP-Initiated SSO, IdP-Initiated SLO, SP-Initiated SLO"), ""),
			logout(f, "SLO Service URLs", "binding Redirect"),
		},
	}}
}
