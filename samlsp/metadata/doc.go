// Package metadata learns what an identity provider is from its SAML metadata,
// from a file or from a URL that is read again and again, and reads the
// certificates that operators paste by hand.
//
// Metadata decides whose signatures are believed, so whoever can write it can
// sign in as anybody: files come from the operator, URLs are https or the
// document is signed by somebody pinned. The XML is read as a stream with hard
// limits; where a signature is asked for, what is read is the canonical form that
// the signature covers. The last good document stays until a better one comes,
// on disk too. Sections cited are those of SAML 2.0 Metadata.
package metadata
