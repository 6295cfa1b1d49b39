package idptest

import "slices"

// ideas are pairs that are one idea with other values: each list is named for
// its first. A pair that is in none is an idea of its own.
func ideas() [][]string {
	return slices.Concat(signatureIdeas(), bytesIdeas(), messageIdeas(), personIdeas())
}

func signatureIdeas() [][]string {
	return [][]string{
		{"signature of the assertion stripped", "signature of the response stripped", "both signatures stripped", "nothing was ever signed"},
		{"NameID changed after signing", "attribute changed after signing", "attribute added after signing", "assertion changed below a signed response",
			"assertion changed, response signed anew by nobody", "SHA-1 allowed: changed after signing", "changed after it was signed, then encrypted"},
		{"signature value missing", "signature value empty", "signature without SignedInfo", "no SignatureMethod", "no DigestMethod", "no CanonicalizationMethod"},
		{"SignedInfo twice, forged one last", "SignedInfo twice, forged one first"},
		{"signature last in the assertion", "signature last in the response", "signature before the issuer"},
		{"signature inside the subject", "signature inside the status"},
		{"two signatures on the assertion", "50 signatures"},
		{"signed by a stranger who shows his certificate", "signed by a stranger without KeyInfo", "signed by a stranger, encrypted", "SHA-1 allowed: signed by a stranger",
			"CBC: signed by a stranger"},
		{"signed by a stranger who shows the genuine certificate", "signed by a stranger who shows both certificates"},
		{"RSA with SHA-1", "ECDSA with SHA-1", "CBC: weak signature method"},
		{"RSA with MD5", "SHA-1 allowed: MD5 signature"},
		{"MD5 digest", "SHA-1 allowed: MD5 digest"},
		{"HMAC with the public key as secret", "HMAC with the PEM certificate as secret", "HMAC with an empty secret", "SHA-1 allowed: HMAC with SHA-1"},
		{"no algorithm named", "algorithm none", "RSA-PSS", "DSA", "EdDSA", "algorithm with a blank behind", "SHA-1 allowed: DSA"},
		{"RSA signature called ECDSA", "ECDSA signature called RSA", "RSA-SHA256 signature called RSA-SHA512", "SHA-1 allowed: the signature called SHA-256"},
		{"ECDSA signature in ASN.1", "ECDSA signature of odd length"},
		{"reference to another element", "reference to a web address"},
		{"two references", "two references, the second elsewhere", "200 references"},
		{"XPath transform", "XSLT transform", "base64 transform"},
		{"SignedInfo canonicalized with comments", "SignedInfo canonicalized by nothing known", "inclusive canonicalization", "exclusive canonicalization with comments"},
		{"encrypted assertion unsigned, though needed", "response signed, encrypted assertion not, both needed"},
	}
}

func bytesIdeas() [][]string {
	return [][]string{
		{"comment in the NameID", "comment in the e-mail attribute", "comment in the audience", "comment in the issuer", "comment in the digest"},
		{"comment between elements, signed by the IdP", "comment before the message"},
		{"CDATA in the NameID", "CDATA at the end of the e-mail attribute"},
		{"processing instruction in the NameID, signed by the IdP", "processing instruction in an attribute value"},
		{"processing instruction before the message", "second declaration"},
		{"a document type in the ciphertext", "a comment in the ciphertext", "a CDATA section in the ciphertext", "a processing instruction in the ciphertext",
			"text behind the assertion in the ciphertext", "text before the assertion in the ciphertext", "broken UTF-8 in the ciphertext",
			"an element bomb in the ciphertext", "CBC: document type in the plaintext", "CBC: text behind the assertion"},
		{"UTF-16 with a byte order mark", "UTF-16 without a byte order mark", "UTF-16 claimed"},
		{"UTF-7 claimed", "ISO-8859-1 claimed", "EBCDIC claimed"},
		{"overlong UTF-8", "surrogates in UTF-8", "stray continuation byte"},
		{"NUL byte", "NUL byte as a reference", "U+FFFF"},
		{"text after the end", "text before the start"},
		{"second root element", "two assertions in one ciphertext"},
		{"not base64", "base64 of the other alphabet", "hexadecimal", "escaped twice"},
		{"entities that grow exponentially", "entity nobody declared"},
		{"DTD elsewhere", "parameter entity of a web address", "entity that names a file"},
		{"100 elements deep", "10,000 elements deep", "deep and never closed"},
		{"3,000 XML attributes", "7,000 XML attributes with long names", "5,000 namespaces"},
		{"30,000 elements", "20,000 SAML attributes"},
		{"2 MiB of blanks", "2 MiB of base64 blanks", "an attribute value of 1 MiB, signed by the IdP"},
		{"empty prefix on an element", "empty prefix on an attribute", "two colons in a name"},
		{"xml:id where no ID is", "xml:id beside ID"},
	}
}

func messageIdeas() [][]string {
	return [][]string{
		{"assertion without ID", "response without ID"},
		{"response and assertion of one ID", "one ID for the response and the encrypted assertion", "CBC: one ID twice"},
		{"two elements of one ID, outside the assertion", "one ID for the EncryptedData and the assertion in it"},
		{"EncryptedAttribute with the ID of the assertion", "two EncryptedAttributes with one ID"},
		{"issuer twice in the assertion", "issuer twice in the response"},
		{"conditions twice", "subject twice", "status twice"},
		{"version 1.1 of the assertion", "version 1.1 of the response"},
		{"failure with an assertion inside", "failure with an assertion inside, response signed", "failure without an assertion"},
		{"no status", "status without a code"},
		{"audience of another service", "audience that begins like ours", "audience of blanks"},
		{"recipient elsewhere", "recipient with a slash more", "two confirmations of which none fits", "unasked: recipient elsewhere"},
		{"destination elsewhere", "destination elsewhere, response unsigned", "destination with a slash more", "unasked: destination elsewhere"},
		{"assertion of another issuer", "issuer in other letter case"},
		{"assertion issued in the future", "response issued in the future", "from half an hour ahead"},
		{"conditions ended", "expired half an hour ago"},
		{"session of the IdP over", "second session of the IdP over"},
		{"response answers another request", "answers another request"},
		{"response answers none, confirmation ours", "answers no request"},
		{"confirmation answers another request", "stolen assertion in a response to our request"},
		{"unasked: answers somebody's request", "unasked: response answers a request"},
		{"unasked: second confirmation answers a request", "unasked: confirmation by key answers a request"},
		{"the same assertion in a new response", "the same assertion, now with the response signed"},
		{"holder of key", "sender vouches", "confirmation without method"},
		{"NameID twice", "encrypted NameID beside the NameID"},
		{"signed in by password, not by two factors", "a class that begins like the right one", "the right class in other letters"},
		{"no class", "no context"},
		{"response of another namespace", "response of SAML 1.1"},
		{"EncryptedAttribute in the advice", "EncryptedID outside the subject"},
		{"content in AES-192", "content in Triple DES"},
		{"ciphertext changed", "tag changed", "NameID encrypted and changed", "attribute encrypted and changed"},
		{"content key by RSA PKCS #1 v1.5", "NameID encrypted by RSA PKCS #1 v1.5"},
		{"CBC: padding changed", "CBC: first block changed, so that a tag is broken", "CBC: a block in the middle changed"},
		{"content key changed", "CBC: content key changed"},
		{"unsigned assertion, encrypted, in an unsigned response", "CBC: unsigned assertion"},
		{"no EncryptedData", "EncryptedData twice"},
	}
}

func personIdeas() [][]string {
	return [][]string{
		{"two e-mail attributes", "e-mail again in a second AttributeStatement", "e-mail under two NameFormats", "second e-mail address, encrypted"},
		{"no e-mail attribute", "no attributes"},
		{"e-mail attribute without a value", "e-mail attribute that is nil, with white space"},
		{"e-mail attribute in other letter case", "e-mail attribute with a blank in its name"},
		{"e-mail with a Kelvin sign", "e-mail with a letter of another script"},
		{"e-mail with a blank behind", "e-mail of a blank", "e-mail with a line break"},
		{"e-mail list", "e-mail with two @"},
		{"e-mail of a foreign domain", "address of another domain, encrypted"},
		{"e-mail of a domain that ends like ours", "e-mail of a domain below ours"},
	}
}

// withIdeas gives its idea to each pair, and says which are forgeries.
func withIdeas(list []Misbehaviour) []Misbehaviour {
	first := make(map[string]string) // :: name → idea
	for _, same := range ideas() {
		for _, name := range same {
			first[name] = same[0]
		}
	}
	for i, m := range list {
		if list[i].Idea = first[m.Name]; list[i].Idea == "" {
			list[i].Idea = m.Name
		}
		list[i].Forges = m.Class == ClassWrapping || slices.Contains(forgeries(), m.Name)
	}
	return list
}

// forgeries are pairs besides the wrappings that mean to sign in [Mallory], of
// whom nobody signed anything.
func forgeries() []string {
	return []string{
		"NameID changed after signing", "attribute changed after signing", "assertion changed below a signed response", "SHA-1 allowed: changed after signing",
		"encrypted assertion, forged one before it", "encrypted assertion, forged one in its KeyInfo",
		"genuine assertion in the advice of a forged one, encrypted", "signature taken over, original in its object, encrypted",
	}
}
