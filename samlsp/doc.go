// Package samlsp is a SAML 2.0 service provider: it writes requests, reads
// responses and publishes its own metadata.
//
// The one way to an [Assertion] is [ServiceProvider.VerifyResponse]. It trusts
// no byte before the bytes were looked at one by one (size, depth, counts, no
// DTD, comment, CDATA section or processing instruction), no element that is
// not where the schema puts it, no signature but the one enveloped signature of
// a trusted certificate over that very element, and no value that was not read
// again from the bytes that this signature covered. What is refused is refused
// with a [Rejection] whose [Reason] names the class of the mistake.
//
// What is encrypted is opened by package xmlenc and then trusted as little as
// before: it is read by the same strict reader, as a document of its own, has to
// fit into the message without a second place or ID, and has to be signed,
// inside or by the response around it.
//
// Sections cited in comments are those of SAML 2.0 Core, Bindings and Profiles.
package samlsp
