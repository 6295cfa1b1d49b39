// Package headers is the contract between the gateway and the apps behind it:
// which request headers say who the person is, and how an app knows that the
// gateway wrote them.
//
// On the gateway's side [Managed] removes every header a client could use to
// pretend, [Apply] sets ours, [Signer] adds a signed token (a JWT) that carries
// the same facts, and [MessageSigner] signs the request as a whole (RFC 9421).
//
// On the app's side a [Verifier] checks the token, the signature or both,
// refuses any identity header that these do not back, and hands the app its
// [Claims]. An upstream app
// written in Go can import this package alone: it needs nothing but the
// standard library, go-jose and httpsfv.
//
// A token is reused for many requests of one session during its short life. It
// proves who the person is and for which app, not that a request is fresh: the
// Verifier keeps no memory of token ids and does not detect a replay within
// that life. Let the network between gateway and app be private, or use TLS. A
// signature is made for one request and taken once.
package headers
