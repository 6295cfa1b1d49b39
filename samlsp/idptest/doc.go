// Package idptest is an identity provider for tests and for the demo. It
// speaks SAML 2.0: it reads AuthnRequests of both bindings, checks their
// signatures, and answers with signed Responses under full control.
//
// Three visitors:
//
//   - [IDP.Response] makes one Response; an [Option] changes one thing in it.
//   - [IDP] is an [http.Handler] that shows people a page to choose who they
//     are, and signs them in at the service providers it was told of.
//   - [Misbehaviours] is a table of attacks and mistakes. Each is a pair: a
//     message that must be refused, and its twin without the one mutation that
//     must be accepted, so that no refusal counts for an accidental reason.
//
// Everyone may sign in as anyone here. No gateway that serves people links
// this package.
package idptest
