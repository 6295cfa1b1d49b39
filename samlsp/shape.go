package samlsp

import (
	"cmp"
	"slices"
	"strings"
)

// document is a response whose every element stands where the schema puts it.
// Nothing in it is proven.
type document struct {
	response  *node
	assertion *node // either this one
	encrypted *node // or its EncryptedAssertion
}

// shapeOf sorts out a received tree: one Response at the root, one Assertion or
// EncryptedAssertion directly below it and none elsewhere, each with at most one Signature, and no
// two elements of one ID. Signature wrapping needs one of these to be otherwise.
func (t *trial) shapeOf(root *node) (*document, *Rejection) {
	if !root.is(nsProtocol, "Response") && t.makes(ReasonNotResponse) {
		return nil, reject(ReasonNotResponse, "the document element is not samlp:Response")
	}
	t.pass(ReasonNotResponse)
	if r := t.checkPlaces(root); r != nil {
		return nil, r
	}
	if r := t.checkIDs(root); r != nil {
		return nil, r
	}
	if r := t.stands(checkOrder(root, responseOrder())); r != nil {
		return nil, r
	}
	if r := t.stands(checkStatus(root)); r != nil {
		return nil, r
	}
	t.pass(ReasonChildOrder, ReasonStatus)
	if encrypted := root.child(nsAssertion, "EncryptedAssertion"); encrypted != nil {
		return &document{response: root, encrypted: encrypted}, nil
	}
	assertions := root.all(nsAssertion, "Assertion")
	if len(assertions) == 0 {
		return nil, reject(ReasonNoAssertion, "the response holds no assertion")
	}
	t.pass(ReasonNoAssertion)
	if r := t.checkAssertion(assertions[0]); r != nil {
		return nil, r
	}
	return &document{response: root, assertion: assertions[0]}, nil
}

// checkAssertion looks at the children of an assertion, received or signed.
func (t *trial) checkAssertion(a *node) *Rejection {
	if r := t.stands(checkOrder(a, assertionOrder())); r != nil {
		return r
	}
	subject := a.child(nsAssertion, "Subject")
	return a.walk(nil, func(parent, n *node) *Rejection {
		switch {
		case n.is(nsAssertion, "EncryptedID") && parent != subject,
			n.is(nsAssertion, "EncryptedAttribute") && !slices.Contains(a.all(nsAssertion, "AttributeStatement"), parent):
			return t.stands(reject(ReasonEncryptionShape, "%s in a place where nothing is decrypted", n.local))
		}
		return nil
	})
}

// checkPlaces refuses every Response, Assertion and Signature that stands
// anywhere but in its one place, whatever its namespace and case: a lax parser
// further down the line must not find a second one either.
func (t *trial) checkPlaces(root *node) *Rejection {
	r := root.walk(nil, func(parent, n *node) *Rejection { return t.stands(checkPlace(root, parent, n)) })
	if r == nil {
		t.pass(ReasonMisplacedAssertion, ReasonSeveralAssertions, ReasonMisplacedSignature, ReasonSeveralSignatures)
	}
	return r
}

func checkPlace(root, parent, n *node) *Rejection {
	switch strings.ToLower(n.local) {
	case "response":
		if parent != nil {
			return reject(ReasonMisplacedAssertion, "a Response inside the response")
		}
	case "assertion", "encryptedassertion":
		if parent != root || n.space != nsAssertion {
			return reject(ReasonMisplacedAssertion, "an assertion that is no child of the response")
		}
		if len(root.all(nsAssertion, "Assertion"))+len(root.all(nsAssertion, "EncryptedAssertion")) > 1 {
			return reject(ReasonSeveralAssertions, "several assertions")
		}
	case "signature":
		return checkSignaturePlace(root, parent, n)
	}
	return nil
}

// checkSignaturePlace wants the signature where both schemas put it: right
// behind the Issuer of the Response or of its Assertion.
func checkSignaturePlace(root, parent, n *node) *Rejection {
	signable := parent == root || parent != nil && parent.is(nsAssertion, "Assertion")
	if !signable || !n.is(nsDSig, "Signature") {
		return reject(ReasonMisplacedSignature, "a signature elsewhere than in the response or its assertion")
	}
	if len(parent.all(nsDSig, "Signature")) > 1 {
		return reject(ReasonSeveralSignatures, "several signatures of one element")
	}
	if len(parent.kids) < 2 || parent.kids[1] != n || !parent.kids[0].is(nsAssertion, "Issuer") {
		return reject(ReasonMisplacedSignature, "the signature does not follow the issuer")
	}
	return nil
}

const maxID = 256 // IIP-G02

// checkIDs wants an ID on whatever may be signed, and no ID twice, in whichever
// way an element may carry one: some libraries resolve "#x" by Id, id or xml:id.
// The trees are parts of one message, which came to light by and by.
func (t *trial) checkIDs(roots ...*node) *Rejection {
	seen := make(map[string]bool)
	for _, root := range roots {
		if r := root.walk(nil, func(_, n *node) *Rejection { return t.stands(checkID(n, seen)) }); r != nil {
			return r
		}
	}
	t.pass(ReasonID, ReasonDuplicateID)
	return nil
}

func checkID(n *node, seen map[string]bool) *Rejection {
	if n.is(nsProtocol, "Response") || n.is(nsAssertion, "Assertion") {
		if id, ok := n.attr("ID"); !ok || !ncName(id) || len(id) > maxID {
			return reject(ReasonID, "%s without a proper ID", n.local)
		}
	}
	had := false
	for _, a := range n.attrs {
		if !strings.EqualFold(a.local, "id") {
			continue
		}
		if a.space != "" || had {
			return reject(ReasonID, "an element with another kind of ID")
		}
		if had = true; seen[a.value] {
			return reject(ReasonDuplicateID, "an ID stands on two elements")
		}
		seen[a.value] = true
	}
	return nil
}

// place is one step in the order of an element's children.
type place struct {
	space    string
	names    []string
	min, max int
}

const many = maxElements

// responseOrder is samlp:ResponseType (Core §3.2.2, §3.3.3).
func responseOrder() []place {
	return []place{
		{nsAssertion, []string{"Issuer"}, 0, 1},
		{nsDSig, []string{"Signature"}, 0, 1},
		{nsProtocol, []string{"Extensions"}, 0, 1},
		{nsProtocol, []string{"Status"}, 1, 1},
		{nsAssertion, []string{"Assertion", "EncryptedAssertion"}, 0, many},
	}
}

// assertionOrder is saml:AssertionType (Core §2.3.3).
func assertionOrder() []place {
	return []place{
		{nsAssertion, []string{"Issuer"}, 1, 1},
		{nsDSig, []string{"Signature"}, 0, 1},
		{nsAssertion, []string{"Subject"}, 0, 1},
		{nsAssertion, []string{"Conditions"}, 0, 1},
		{nsAssertion, []string{"Advice"}, 0, 1},
		{nsAssertion, []string{"Statement", "AuthnStatement", "AuthzDecisionStatement", "AttributeStatement"}, 0, many},
	}
}

// checkOrder refuses children that the schema does not know, or knows in
// another order or number, and text between them.
func checkOrder(n *node, order []place) *Rejection {
	if !n.blank() {
		return reject(ReasonChildOrder, "text inside %s", n.local)
	}
	i, count := 0, 0
	for _, k := range n.kids {
		for i < len(order) && !order[i].fits(k) {
			if count < order[i].min {
				return reject(ReasonChildOrder, "%s lacks its %s", n.local, order[i].names[0])
			}
			i, count = i+1, 0
		}
		if i == len(order) {
			return reject(ReasonChildOrder, "%s has an unknown child, or one out of order", n.local)
		}
		if count++; count > order[i].max {
			return reject(ReasonChildOrder, "%s has a child twice", n.local)
		}
	}
	for ; i < len(order); i, count = i+1, 0 {
		if count < order[i].min {
			return reject(ReasonChildOrder, "%s lacks its %s", n.local, order[i].names[0])
		}
	}
	return nil
}

func (p place) fits(n *node) bool {
	if n.space != p.space {
		return false
	}
	for _, name := range p.names {
		if n.local == name {
			return true
		}
	}
	return false
}

const statusPrefix = "urn:oasis:names:tc:SAML:2.0:status:"

// checkStatus turns any status but Success into a refusal that names the most
// specific standard code (Core §3.2.2.2). Such a response has no assertion, so
// this comes before anything is asked of one.
func checkStatus(response *node) *Rejection {
	status := response.child(nsProtocol, "Status")
	codes := status.all(nsProtocol, "StatusCode")
	if len(codes) != 1 {
		return reject(ReasonChildOrder, "Status needs one StatusCode")
	}
	code := codes[0].value("Value")
	if code == statusPrefix+"Success" {
		return nil
	}
	if second := codes[0].child(nsProtocol, "StatusCode"); second != nil && statusName(second.value("Value")) != "" {
		code = second.value("Value")
	}
	r := reject(ReasonStatus, "the identity provider answered %s", cmp.Or(statusName(code), "a status of its own"))
	r.Status = statusName(code)
	return r
}

// statusName returns the last part of a status code of the standard, else "":
// what others invent is not repeated to anybody.
func statusName(code string) string {
	name, ok := strings.CutPrefix(code, statusPrefix)
	if !ok || len(name) > 32 || !ncName(name) {
		return ""
	}
	return name
}
