package identity

import "strings"

// Means reports whether n and o name one principal at the provider whose entity
// id is issuer: by the rule of SAML Core §3.3.4 they are identical. What is left
// out counts as what it stands for: no NameQualifier is the issuer, no
// SPNameQualifier is the service provider that is spoken to (§8.3.7). No Format
// is any: large providers name people with one at the sign-in and without at the
// logout. The SPProvidedID is our own name for the principal, which may be given
// between two messages (§3.6), and says nothing.
//
// Values are compared byte by byte. A value that is empty names nobody.
func (n NameID) Means(o NameID, issuer string) bool {
	return n.Value != "" && n.Value == o.Value &&
		(n.Format == "" || o.Format == "" || n.FormatName() == o.FormatName()) &&
		qualifier(n.NameQualifier, issuer) == qualifier(o.NameQualifier, issuer) &&
		(n.SPNameQualifier == "" || o.SPNameQualifier == "" || n.SPNameQualifier == o.SPNameQualifier)
}

// FormatName returns the Format as NameIDs are compared by it: the last part of
// a name that SAML defines, else what was written.
//
//	urn:oasis:names:tc:SAML:2.0:nameid-format:persistent → persistent
func (n NameID) FormatName() string {
	format := n.Format
	if format == "" {
		return "unspecified"
	}
	for _, standard := range []string{"urn:oasis:names:tc:SAML:1.1:nameid-format:", "urn:oasis:names:tc:SAML:2.0:nameid-format:"} {
		format = strings.TrimPrefix(format, standard)
	}
	return format
}

// qualifier is the NameQualifier that is meant.
func qualifier(written, issuer string) string {
	if written == issuer {
		return ""
	}
	return written
}
