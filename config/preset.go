package config

import (
	"maps"
	"slices"
)

// A preset is what a product of identity providers wants otherwise than the
// defaults of an idp block; what it leaves empty stays at those. It may ask for
// more than they do and never for less: nothing here takes SHA-1, CBC, unsigned
// requests or sign-ins that nobody asked for. docs/idp/README.md shows all of
// them side by side, and a test compares.
type preset struct {
	requireSigned string
	attributes    Attributes
}

const (
	claims   = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
	msClaims = "http://schemas.microsoft.com/ws/2008/06/identity/claims/"
)

// presets are the products by the word that stands in the file.
func presets() map[string]preset {
	return map[string]preset{
		"okta":          {"both", typedNames("Email")},
		"entra":         {"both", claimNames(msClaims+"role", msClaims+"groups")},
		"adfs":          {"assertion", claimNames(msClaims + "role")},
		"google":        {"response", typedNames("Email", "NameID")},
		"onelogin":      {"both", typedNames("Email", "NameID")},
		"ping":          {"", typedNames("Email")},
		"keycloak":      {"both", keycloakNames()},
		"simplesamlphp": {"both", ldapNames()},
		"shibboleth":    {"both", oidNames()},
	}
}

// usePreset lays a preset over the defaults, before the rest of the block is
// read: whatever the operator writes wins.
func (p *IDP) usePreset() {
	chosen, known := presets()[p.Preset]
	if !known {
		return
	}
	if chosen.requireSigned != "" {
		p.RequireSigned = chosen.requireSigned
	}
	maps.Copy(p.Attributes, chosen.attributes)
}

// typedNames are for products in which the administrator types the names in.
func typedNames(email ...string) Attributes {
	return Attributes{
		"email": email, "first_name": {"FirstName"}, "last_name": {"LastName"},
		"roles": {"groups"}, "employee_id": {"EmployeeId"},
	}
}

// claimNames are those of Microsoft's claims; the employee ID is none of them.
func claimNames(roles ...string) Attributes {
	return Attributes{
		"email": {claims + "emailaddress"}, "first_name": {claims + "givenname"}, "last_name": {claims + "surname"},
		"roles": roles, "employee_id": {"EmployeeId"},
	}
}

// keycloakNames are typed in, or those of its predefined X500 mappers.
func keycloakNames() Attributes {
	return Attributes{
		"email":      {"Email", "urn:oid:1.2.840.113549.1.9.1"},
		"first_name": {"FirstName", "urn:oid:2.5.4.42"}, "last_name": {"LastName", "urn:oid:2.5.4.4"},
		"roles": {"Role", "groups"}, "employee_id": {"EmployeeId"},
	}
}

// oidNames are those of the SAML V2.0 X.500/LDAP attribute profile and of eduPerson.
func oidNames() Attributes {
	return Attributes{
		"email":      {"urn:oid:0.9.2342.19200300.100.1.3"},
		"first_name": {"urn:oid:2.5.4.42"}, "last_name": {"urn:oid:2.5.4.4"},
		"roles":       {"urn:oid:1.3.6.1.4.1.5923.1.1.1.1", "urn:oid:1.3.6.1.4.1.5923.1.1.1.7", "urn:oid:1.3.6.1.4.1.5923.1.5.1.1"},
		"employee_id": {"urn:oid:2.16.840.1.113730.3.1.3"},
	}
}

// ldapNames are those of LDAP, or the same as OIDs after a filter. Only the
// affiliation stands for roles.
func ldapNames() Attributes {
	names := oidNames()
	names["roles"] = names["roles"][:1]
	for key, ldap := range map[string]string{
		"email": "mail", "first_name": "givenName", "last_name": "sn", "roles": "eduPersonAffiliation", "employee_id": "employeeNumber",
	} {
		names[key] = slices.Insert(names[key], 0, ldap)
	}
	return names
}
