package samlsp

// proof is a response of which the assertion is proven: it was read from bytes
// that a trusted signature covers. The envelope is proven only when
// envelopeSigned is true.
type proof struct {
	envelope       *node
	envelopeSigned bool
	assertion      *node
	wasEncrypted   bool // then the envelope holds the ciphertext still
}

// prover verifies one response of one identity provider.
type prover struct {
	*trial
	sp   *ServiceProvider
	idp  *IdentityProvider
	sha1 bool // a signature relied on it
}

// prove decodes, takes apart and verifies a response.
func (v *prover) prove(samlResponse string) (*proof, *Rejection) {
	data, r := v.decodeForm(samlResponse)
	if r != nil {
		return nil, r
	}
	v.report.Bytes = len(data)
	root, r := v.parse(data, received())
	if r != nil {
		return nil, r
	}
	doc, r := v.shapeOf(root)
	if r != nil {
		return nil, r
	}
	if r := v.policy(doc); r != nil {
		return nil, r
	}
	return v.verify(doc)
}

// policy asks for the signatures that must be there before any is verified. One
// that is encrypted with its assertion shows later.
func (v *prover) policy(doc *document) *Rejection {
	if v.report.Encrypted = doc.encrypted != nil; v.report.Encrypted {
		return v.required(signed(doc.response), true)
	}
	r := v.required(signed(doc.response), signed(doc.assertion))
	if r == nil {
		v.pass(ReasonNoSignature, ReasonSignedPart)
	}
	return r
}

// required holds the signatures that are there against what must be signed.
func (v *prover) required(response, assertion bool) *Rejection {
	require := v.idp.Require
	switch {
	case !response && !assertion && v.makes(ReasonNoSignature):
		return reject(ReasonNoSignature, "neither the response nor its assertion is signed")
	case require == SignedResponse && !response, require == SignedBoth && !response:
		return v.stands(reject(ReasonSignedPart, "the response is not signed"))
	case require == SignedAssertion && !assertion, require == SignedBoth && !assertion:
		return v.stands(reject(ReasonSignedPart, "the assertion is not signed"))
	}
	return nil
}

func signed(n *node) bool { return n.child(nsDSig, "Signature") != nil }

// verify verifies every signature that there is, and takes each element from
// what its innermost signature covers.
func (v *prover) verify(doc *document) (*proof, *Rejection) {
	p := &proof{envelope: doc.response}
	if signed(doc.response) {
		root, r := v.reread(doc.response)
		if r != nil {
			return nil, r
		}
		again, r := v.shapeOf(root)
		if r != nil {
			return nil, r
		}
		p.envelope, p.envelopeSigned, p.assertion = again.response, true, again.assertion
		doc.encrypted = again.encrypted // only what is signed is decrypted
	}
	if doc.encrypted != nil {
		var r *Rejection
		p.wasEncrypted = true
		p.assertion, r = v.openAssertion(p.envelope, doc.encrypted, p.envelopeSigned)
		return p, r
	}
	if signed(doc.assertion) {
		var r *Rejection
		p.assertion, r = v.rereadAssertion(doc.assertion, doc.response)
		return p, r
	}
	if p.assertion == nil { // required has refused what nothing covers
		p.assertion = doc.assertion
		return p, v.stands(reject(ReasonNoSignature, "nothing covers the assertion"))
	}
	return p, nil
}

func (v *prover) rereadAssertion(a *node, above ...*node) (*node, *Rejection) {
	root, r := v.reread(a, above...)
	if r == nil {
		r = v.checkAssertion(root)
	}
	return root, r
}

// reread verifies the signature of one element and reads it again from the
// bytes that were covered.
func (v *prover) reread(n *node, above ...*node) (*node, *Rejection) {
	covered, sha1, r := v.verifySignature(n, above, v.idp)
	if r != nil {
		return nil, r
	}
	v.signedWell()
	v.sha1 = v.sha1 || sha1
	root, r := v.parse(covered, canonical())
	if r != nil {
		return nil, r
	}
	if !root.is(n.space, n.local) || root.value("ID") != n.value("ID") {
		return nil, reject(ReasonDigestMismatch, "the signed element is another one")
	}
	return root, nil
}
