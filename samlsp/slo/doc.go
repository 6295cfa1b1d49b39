// Package slo is SAML single logout, both directions: what we ask of an identity
// provider when somebody signs out here, and what identity providers ask of us
// when somebody signs out there (Profiles §4.4).
//
// It speaks the HTTP-Redirect and HTTP-POST bindings both ways and answers SOAP,
// and knows nothing of HTTP itself: [FromRedirect], [FromForm] and [FromSOAP]
// take what was received apart, [Service.VerifyRequest] and
// [Service.VerifyResponse] believe it or refuse it with a [Rejection], and
// [Service.NewRequest] and [Service.NewResponse] write what is to be sent.
//
// Nothing unsigned is believed, by whichever binding it came: a forged request
// would end the sessions of others, a forged answer would tell people that they
// are signed out where they are not. A message is proven by the certificates of
// the identity provider that it names as its issuer and by no other's; it is
// meant for our address, some minutes old at most, and a request counts once.
// The RelayState is echoed and never interpreted.
package slo
