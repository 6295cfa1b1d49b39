// Package httpsig signs and verifies HTTP messages by RFC 9421, in the profile
// that the gateway needs: header fields whole, the derived components @method,
// @authority, @path, @query and @status, and the algorithms ed25519,
// ecdsa-p256-sha256 and hmac-sha256. Whatever else a signature covers or asks
// for makes it unverifiable, never ignored.
//
// The package knows keys, messages and signatures. Which components must be
// covered, by whom and how recently, is for its caller to say: package headers
// does so for identities.
package httpsig
