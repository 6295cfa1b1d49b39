package samlsp_test

func bindingProfile() []section {
	return []section{{"Bindings", "", []row{
		{"Bindings §3.4", "AuthnRequest by HTTP-Redirect, deflated; the signature covers the raw query", "done", "", "samlsp TestRedirectRequest"},
		{"Bindings §3.5", "AuthnRequest by HTTP-POST, signed inside", "done", "", "samlsp TestPostRequest"},
		{"Bindings §3.4.3", "RelayState that we send is an opaque token of less than 80 bytes", "done", "", "proxy TestManyTabsAndLongAddresses"},
		{"Bindings §3.5.3", "RelayState that we receive leads nowhere but to our own places", "done", "", "proxy TestReturnAddresses\nsamlsp TestReturnAddresses"},
		{"Bindings §3.5.5.2", "A response by POST to the ACS, with the login cookie of the browser that asked", "accepted", "", "proxy TestSignInKeepsTheDeepLinkAndServesEveryHost"},
		{"Bindings §3.4.4.1", "Response by HTTP-Redirect; ACS opened with GET shows a page", "not offered", "", ""},
		{"Bindings §3.6", "HTTP-Artifact", "not offered", "", ""},
		{"Bindings §3.3, Profiles §4.2", "PAOS, and with it ECP", "not offered", "", ""},
		{"Bindings §3.7", "SAML URI", "not offered", "", ""},
	}}}
}

func webProfile() []section {
	return []section{{"Profiles §4.1: web browser SSO", "", []row{
		{"Profiles §4.1.4.1", "AuthnRequest names us, the ACS URL and, where configured, NameIDPolicy, ForceAuthn and RequestedAuthnContext", "done", "", "samlsp TestRequestOptions\nsamlsp TestRequestAsksForContext"},
		{"Profiles §4.1.4.2", "No bearer confirmation, or one without data", "refused", "no_confirmation", ""},
		{"Profiles §4.1.4.2", "Recipient is not our ACS, byte for byte", "refused", "recipient", ""},
		{"Profiles §4.1.4.2", "The confirmation is for another request, or for none", "refused", "confirmation_request", ""},
		{"Profiles §4.1.4.2", "The confirmation does not end, has ended, or has not begun", "refused", "confirmation_no_expiry confirmation_expired confirmation_not_yet_valid", ""},
		{"Profiles §4.1.4.3", "The pending login names an identity provider that is not configured, or whose metadata has expired", "refused", "unknown_idp idp_metadata_expired", "samlsp TestPendingLoginRules"},
		{"Profiles §4.1.4.5", "An assertion comes a second time, to whichever replica", "refused", "replay", "samlsp TestOneUseUnderRace"},
		{"Profiles §4.1.5", "Unsolicited: turned away, taken as a hint, or accepted, as `idp_initiated` says", "accepted", "", "proxy TestDeniedUnsolicitedAnswers\nproxy TestReinitiateTakesTheAnswerForAHint\nproxy TestAcceptedAnswerSignsIn"},
		{"Profiles §4.1.5", "Unsolicited, and yet it answers a request anywhere in it", "refused", "unsolicited_in_response_to", ""},
		{"Core §3.4.1", "The person signed in too long ago: `max_auth_age`, or before the request that forced it", "refused", "authn_too_old", "samlsp/idptest TestForcedByTheIdentityProvider"},
		{"Profiles §4.3", "Identity provider discovery by a cookie of a common domain", "not offered", "", ""},
		{"IdP Discovery Service §2, IIP-SP04", "Identity provider discovery, both as the one who asks and as the one who answers", "done", "", "proxy TestTheDiscoveryService\nproxy TestALoginThatADiscoveryServiceAnswers"},
	}}}
}

const logoutTitle = "Profiles §4.4: single logout"

func logoutProfile() []section {
	const slo = "samlsp/slo "
	return []section{{logoutTitle, "The bytes, the shape and the signature of a message are held to the same rules as a response; the reasons have the same names.", []row{
		{"SDP-SP25, SP26, SP31, SP32", "LogoutRequest and LogoutResponse by Redirect and POST, in both directions", "accepted", "", slo + "TestHonestVariants\n" + slo + "TestResponseGoesBackTheSameWay"},
		{"Bindings §3.2", "LogoutRequest by SOAP, one message in one Body", "accepted", "", slo + "TestRequestIsReadExactly\n" + slo + "TestResponseBySOAP"},
		{"Bindings §3.2.2", "An envelope of another shape, or a header block that must be understood", "refused", "soap_envelope soap_must_understand", slo + "TestOddEnvelopes"},
		{"Bindings §3.4.4.1, SDP-SP28, SP33", "The query signature is verified over the raw query, in the order of the standard, RelayState included", "accepted", "", slo + "TestLowerCaseEscapesAreKept\n" + slo + "TestForgedSignatures: signed in another order"},
		{"Bindings §3.4.4.1", "Parameters that are double, odd or missing, not base64, not DEFLATE, or too long", "refused", "query base64 inflate too_large", slo + "TestOddQueries"},
		{"Bindings §3.5.4", "Not exactly one message in the form", "refused", "form", slo + "TestOddForms"},
		{"", "A request under the name of a response, or a RelayState that could not be sent back as it came", "refused", "wrong_message relay_state", slo + "TestKindsAreNotMixed\n" + slo + "TestRefusedAlthoughSigned: a relay state of several lines"},
		{"Profiles §4.4.4.1", "Unsigned, or signed by somebody else than the identity provider that the message names", "refused", "no_signature", slo + "TestForgedSignatures\n" + slo + "TestWrappedMessages"},
		{"Bindings §3.4.5.2, §3.5.5.2", "Meant for another address; by SOAP none is needed", "refused", "destination", slo + "TestRefusedAlthoughSigned: for another address"},
		{"Core §3.2.1, §3.7.1, E92", "Issued in the future or more than ten minutes ago, expired, or without a time; the skew counts", "refused", "time_format issued_in_future too_old expired", slo + "TestRefusedAlthoughSigned: issued long ago"},
		{"Core §3.7.1", "One request twice", "refused", "replay", slo + "TestReplay"},
		{"Core §2.2.3, SDP-SP29", "The NameID is echoed exactly, and in the clear, in what we send", "done", "", slo + "TestRequestEchoesTheNameID"},
		{"Core §2.2.4, SDP-SP30, IIP-SP16", "EncryptedID", "accepted", "", slo + "TestEncryptedNameID"},
		{"Core §3.7.1", "A request that names nobody by a NameID that could be compared", "refused", "no_subject", slo + "TestRefusedAlthoughSigned: about a BaseID"},
		{"Core §3.7.1", "Every SessionIndex is honoured; none means all sessions of that NameID at that identity provider", "accepted", "", slo + "TestNoIndexMeansAll"},
		{"Core §3.7.3.2", "Nobody we know, or an index of nobody: that is success", "accepted", "", "proxy TestWhoseSessionsEnd: nobody we know\nproxy TestWhoseSessionsEnd: an index of nobody"},
		{"SDP-SP34", "The session here ends before anybody is asked, and on every replica", "done", "", "proxy TestTheSessionEndsBeforeAnybodyIsAsked\nproxy TestIdentityProviderEndsSessions"},
		{"SAML async-slo 1.0", "The extension for asynchronous logout is passed over, and the request answered all the same", "accepted", "", slo + "TestHonestVariants: asynchronous extension"},
		{"Core §3.7.1", "A SessionIndex that is empty, too long or more than text: to pass over it could end all sessions", "refused", "session_index", slo + "TestRefusedAlthoughSigned: an empty SessionIndex"},
		{"Core §3.7.3.1", "A response from another identity provider, to another request, or that does not say how it went", "refused", "response_issuer in_response_to status_shape", slo + "TestRefusedAlthoughSigned: an answer to another request"},
		{"Core §3.7.3.2", "PartialLogout is told as such", "accepted", "", slo + "TestResponseOutcomes"},
		{"Metadata §2.2.2", "Answers go to ResponseLocation, in the binding of the request", "done", "", slo + "TestResponseAddress"},
		{"Core §3.7.3.1", "A refusal is answered only to whom the signature proves", "done", "", slo + "TestRefusalIsAnsweredToTheProven"},
		{"SDP-SP24, IIP-SP14", "Messages of pySAML2 are believed", "accepted", "", slo + "TestRequestsOfPySAML2\n" + slo + "TestResponsesOfPySAML2"},
	}}}
}

func metadataProfile() []section {
	const md = "samlsp/metadata "
	return []section{{"Metadata", "", []row{
		{"Metadata §2.3", "EntityDescriptor, or EntitiesDescriptor in any depth", "accepted", "", md + "TestParseFindsTheOneMeant"},
		{"Metadata §2.3.1, §2.3.2, IIP-MD04", "validUntil of the entity and of what is around it; past it, sign-ins end", "refused", "idp_metadata_expired", md + "TestParse\n" + md + "TestDurations"},
		{"IIP-MD04", "No validUntil, or one too far away, where `metadata_max_validity` asks for one", "refused", "", md + "TestMetadataMustEnd"},
		{"Metadata §2.4.1.1, E62", "KeyDescriptor without use signs too; any number of keys up to 32", "accepted", "", md + "TestParse\n" + md + "TestCertificatesAreCounted"},
		{"IIP-MD02", "Fetched on a schedule, conditionally; an empty or broken document never replaces a good one", "done", "", md + "TestRefreshKeepsTheLastGoodDocument\n" + md + "TestCopyIsTheLastGoodOne\n" + md + "TestInterval"},
		{"IIP-MD03", "Signed as a whole by a pinned certificate", "accepted", "", md + "TestSignedMetadata\n" + md + "TestSignedAggregateOfManyEntities"},
		{"IIP-MD03", "A signature of a part, by another key, or wrapped", "refused", "", md + "TestSignedMetadataAttacks\n" + md + "TestSignedMetadataIsReadFromWhatIsSigned"},
		{"", "A web page, JSON, another entity than before, a redirect to another host", "refused", "", md + "TestParseRefuses\n" + md + "TestSourceExpectsItsEntity\n" + md + "TestRedirectsStayOnTheirHost"},
		{"SDP-MD03, MD09, MD11, SP39", "Our own metadata: validUntil, keys, endpoints, contact, organisation, and a name for sign-in pages; no logo", "done", "", "samlsp TestMetadata\nsamlsp TestMetadataNamesUsForSignInPages\nsamlsp TestMetadataIsReadByOthers"},
		{"Metadata §3.1", "Our own metadata is signed as a whole, with `sign_metadata`", "done", "", "samlsp TestMetadataIsSigned"},
		{"IIP-MD01", "Metadata Query protocol; a URL of one works as metadata_url", "not offered", "", ""},
	}}}
}

func kantaraProfile() []section {
	return []section{{"Kantara implementation profile", "Rows that stand above are not repeated.", []row{
		{"IIP-G01", "Clock skew of 3 to 5 minutes, configurable (`clock_skew`)", "done", "", "samlsp/idptest TestVariants: clock two minutes behind"},
		{"IIP-G02", "Strings up to 256 characters", "accepted", "", "samlsp/idptest TestVariants: NameID of 256 letters"},
		{"IIP-G03", "DTD never sent, always refused", "refused", "dtd", ""},
		{"IIP-MD05, MD06, MD11", "KeyDescriptor without use is for signing, too; we encrypt nothing for an identity provider", "accepted", "", "samlsp/metadata TestParse"},
		{"IIP-MD07, MD12", "Several signing keys; expired and self-signed certificates", "accepted", "", "samlsp/idptest TestExpiredCertificate\nsamlsp/metadata TestParseWarns"},
		{"IIP-SSO01 to SSO03", "Redirect and POST requests, POST responses", "done", "", "samlsp TestRedirectRequest\nsamlsp TestPostRequest"},
		{"IIP-SSO04, SSO05", "Signed response, signed assertion, both", "accepted", "", "samlsp/idptest TestSignedPart"},
		{"IIP-SSO06", "NameID formats persistent, transient, e-mail, unspecified", "accepted", "", "samlsp/idptest TestNameIDFormats"},
		{"IIP-SSO07", "Unknown optional content is passed over", "accepted", "", "samlsp/idptest TestOptionalContent"},
		{"IIP-SP01, SP02, SP10", "Any Name and NameFormat; no xsi:type needed; unknown attributes passed over", "accepted", "", "samlsp TestAttributeValues\nsamlsp TestIdentityMapped"},
		{"IIP-SP03", "AuthnRequest with and without NameIDPolicy and Format", "done", "", "samlsp TestRequestOptions"},
		{"IIP-SP04", "Discovery protocol", "done", "", "proxy TestRoundThroughOurOwnDiscoveryService"},
		{"IIP-SP05", "Any number of identity providers for one address", "done", "", "samlsp TestProvidersSideBySide"},
		{"IIP-SP06", "RequestedAuthnContext, exact, several", "done", "", "samlsp TestRequestAsksForContext"},
		{"IIP-SP07", "Accept or refuse by AuthnContext", "refused", "authn_context", ""},
		{"IIP-SP08", "Two or more decryption keys, each tried", "accepted", "", "samlsp/idptest TestEncryptedVariants"},
		{"IIP-SP09", "Deep links survive the sign-in", "done", "", "proxy TestSignInKeepsTheDeepLinkAndServesEveryHost\ncmd/samlgate/e2e TestFragmentSurvivesTheSignIn"},
		{"IIP-SP11", "FriendlyName is never used", "refused", "missing_attribute", ""},
		{"IIP-SP13", "An unsigned Response can be refused (`require_signed: response`); the default takes either part, since some brands sign only the assertion", "refused", "signature_not_required_part", "samlsp TestSignedPartPolicy"},
		{"IIP-SP14 to SP17", "Single logout", "done", "", "samlsp/slo TestHonestVariants"},
		{"IIP-ALG01 to ALG06, ALG08", "SHA-2, RSA, ECDSA, AES-GCM, OAEP; block list of MD5, RSA-1.5 and others", "accepted", "", "samlsp TestSignedByXMLSec\nsamlsp/xmlenc TestEncryptedByOthers"},
	}}}
}

func deploymentProfile() []section {
	return []section{{"saml2int (SDP)", "", []row{
		{"SDP-G01", "Skew of 3 to 5 minutes", "done", "", "samlsp/idptest TestVariants: clock two minutes ahead"},
		{"SDP-SP02, SP03", "Requests by Redirect, never in a frame: our pages allow no frame around them", "done", "", "samlsp TestRedirectRequest\npages TestHeadersOfAStatus"},
		{"SDP-SP05, SP06", "Requests name the ACS URL as it stands in the metadata, and no index", "done", "", "samlsp TestRequestOptions\nsamlsp TestMetadata"},
		{"SDP-SP09, SP21", "Deep links survive the sign-in", "done", "", "proxy TestSignInKeepsTheDeepLinkAndServesEveryHost"},
		{"SDP-SP22", "A form that was posted before the sign-in is kept", "not offered", "", ""},
		{"SDP-SP11", "Error statuses become a page", "refused", "status", "proxy TestSignInThatEndsInARefusal"},
		{"SDP-SP12", "A missing attribute becomes a page that names it", "refused", "missing_attribute", "pages TestNearMissIsShownWhenKnown"},
		{"SDP-SP12", "A link to the errorURL of the identity provider on that page", "not offered", "", ""},
		{"SDP-SP13", "No NameID is demanded", "accepted", "", "samlsp/idptest TestVariants: no NameID"},
		{"SDP-SP14 to SP16", "subject-id and pairwise-id are attributes like others: name them in `attributes`", "accepted", "", "samlsp TestSubjectIDIsAnAttribute"},
		{"SDP-SP17", "The scope of e-mail addresses is bound to the identity provider (`email_domains`); scopes of other attributes are not looked at", "refused", "email_domain", "samlsp TestProvidersSideBySide"},
		{"SDP-SP24 to SP34", "Single logout, see above", "done", "", "samlsp/slo TestRequestEchoesTheNameID\nsamlsp/slo TestResponseGoesBackTheSameWay"},
		{"SDP-SP27", "A logout that begins here leaves in the full frame only; the form of an answer may be framed by the identity provider that asked", "done", "", "proxy TestCodesOfOthers\npages TestWhoMayFrameALogout\nproxy TestWhoMayFrameTheAnswer"},
		{"SDP-SP35", "No LogoutRequest when a session idles out", "done", "", "proxy TestWhoIsNotAskedFor: idle for too long"},
		{"SDP-SP36", "An entity ID of its own for each virtual host with its own sessions", "done", "", "proxy TestAnAppHostKeepsItsACS\ncmd/samlgate/gateway TestMessagesForAnotherIdentity"},
		{"SDP-SP37, SP38", "Several signing keys of theirs, several decryption keys of ours", "accepted", "", "samlsp/idptest TestVariants: ECDSA by the second published key, no KeyInfo\nsamlsp/idptest TestEncryptedVariants"},
		{"SDP-MD03, MD09, MD11, SP39", "Metadata content", "done", "", "samlsp TestMetadata"},
	}}}
}
