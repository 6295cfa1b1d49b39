package config

import (
	"fmt"
	"strings"
)

// asked checks what is asked of an identity provider, and what is let pass.
func (c *checker) asked(path string, p *IDP) {
	c.nameIDFormat(path+".name_id_format", p)
	c.uris(path+".authn_context", p.AuthnContext)
	if p.AllowSHA1 {
		c.warn(path+".allow_sha1", "lets in signatures that rest on SHA-1, which can be forged; have the identity provider sign with SHA-256")
	}
	if p.AllowCBC {
		c.warn(path+".allow_cbc", "lets in AES-CBC that no signature covers: whoever intercepts such an assertion could read it "+
			"by trying; have the identity provider encrypt with AES-GCM, or sign the response")
	}
}

// nameIDFormat takes the names of SAML in full, or their last part alone.
func (c *checker) nameIDFormat(at string, p *IDP) {
	switch p.NameIDFormat {
	case "emailAddress", "unspecified":
		p.NameIDFormat = "urn:oasis:names:tc:SAML:1.1:nameid-format:" + p.NameIDFormat
	case "persistent", "transient":
		p.NameIDFormat = "urn:oasis:names:tc:SAML:2.0:nameid-format:" + p.NameIDFormat
	case "":
	default:
		if !isURI(p.NameIDFormat) && !c.unknown(at) {
			c.mistake(at, "is no URI; short for one there are emailAddress, persistent, transient and unspecified")
		}
	}
}

func (c *checker) uris(path string, all []string) {
	for i, s := range all {
		if at := fmt.Sprintf("%s[%d]", path, i); s != "" && !isURI(s) && !c.unknown(at) {
			c.mistake(at, "is no URI, such as urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken")
		}
	}
}

// isURI says that s may be one that SAML names something by (Core §1.3.2).
func isURI(s string) bool { return isIdentifier(s) && strings.IndexByte(s, ':') > 0 }

// isIdentifier says that s may stand where SAML wants an URI, and many write
// less: an entity ID (Core §8.3.6).
func isIdentifier(s string) bool {
	return len(s) <= 1024 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("<>\"", r) })
}
