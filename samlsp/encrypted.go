package samlsp

import (
	"crypto"
	"errors"
	"slices"
	"strings"

	"github.com/samlgate/samlgate/samlsp/xmlenc"
)

// maxInsideKeys bounds the encrypted keys of all EncryptedIDs and
// EncryptedAttributes of one assertion: each costs an operation with each of our
// keys.
const maxInsideKeys = 16

// openAssertion decrypts the assertion of a response and proves it: by its own
// signature, or by that of the response if it covers the ciphertext (Core
// §2.3.4, §5.3, §6.2).
//
// Nobody but the identity provider can have made a ciphertext that is covered.
// Where it is not, and AES-CBC does not notice changes either, somebody may be
// changing one to learn from our answers what it says: then every refusal is
// the same, until the signature inside is verified (see [xmlenc.Policy]).
func (v *prover) openAssertion(response, encrypted *node, covered bool) (*node, *Rejection) {
	m, r := readEncrypted(encrypted)
	if r != nil {
		return nil, r
	}
	plain, r := v.sp.decrypt(v.trial, m, covered || v.idp.AllowCBC)
	if r != nil {
		return nil, r
	}
	before := *v.trial
	v.pass(ReasonEncryptionShape, ReasonEncryptionAlgorithm, ReasonDecrypt)
	a, r := v.proveInside(plain, response, encrypted, covered)
	if r != nil && !covered && !m.Authenticated() && v.makes(ReasonDecrypt) {
		*v.trial = before // the report does not tell either how far we came
		return nil, undecipherable()
	}
	return a, r
}

// proveInside reads a decrypted assertion as a document of its own: prefixes
// that only the response declares mean nothing in it, since what was encrypted
// must not change its meaning with where it stands.
func (v *prover) proveInside(plain []byte, response, encrypted *node, covered bool) (*node, *Rejection) {
	a, r := v.readPlain(plain, response.size())
	if r != nil {
		return nil, r
	}
	if !a.is(nsAssertion, "Assertion") {
		return nil, reject(ReasonNoAssertion, "something else than an assertion was encrypted")
	}
	v.pass(ReasonNoAssertion)
	if r := v.checkPlaces(response.replaced(encrypted, a)); r != nil {
		return nil, r
	}
	if r := v.checkIDs(response, a); r != nil {
		return nil, r
	}
	if r := v.checkAssertion(a); r != nil {
		return nil, r
	}
	if r := v.required(covered, signed(a)); r != nil {
		return nil, r
	}
	v.pass(ReasonNoSignature, ReasonSignedPart)
	if !signed(a) {
		return a, nil
	}
	return v.rereadAssertion(a)
}

// openInside decrypts the EncryptedID and the EncryptedAttributes of a proven
// assertion, in place. A signature covers their ciphertexts, so AES-CBC is safe.
func (v *prover) openInside(p *proof) *Rejection {
	o := &insideOpener{trial: v.trial, sp: v.sp, ids: []*node{p.envelope}, room: maxElements - p.assertion.size()}
	if p.wasEncrypted {
		o.ids = append(o.ids, p.assertion)
	}
	if subject := p.assertion.child(nsAssertion, "Subject"); subject != nil {
		if r := o.open(subject, "EncryptedID", "NameID"); r != nil {
			return r
		}
	}
	for _, statement := range p.assertion.all(nsAssertion, "AttributeStatement") {
		if r := o.open(statement, "EncryptedAttribute", "Attribute"); r != nil {
			return r
		}
	}
	if len(o.found) == 0 {
		return nil
	}
	if r := v.checkIDs(o.ids...); r != nil {
		return r
	}
	for _, f := range o.found {
		f.parent.kids = f.parent.replaced(f.encrypted, f.plain).kids
	}
	return nil
}

// insideOpener collects what was encrypted inside one assertion.
type insideOpener struct {
	*trial
	sp    *ServiceProvider
	ids   []*node // the parts of the message, each a tree
	keys  int     // encrypted keys met so far
	room  int     // elements that may still come
	found []decrypted
}

type decrypted struct{ parent, encrypted, plain *node }

// open decrypts the children of that name, each of which must hold one element
// of the other name.
func (o *insideOpener) open(parent *node, local, holds string) *Rejection {
	for _, encrypted := range parent.all(nsAssertion, local) {
		m, r := readEncrypted(encrypted)
		if r != nil {
			return r
		}
		if o.keys += m.Keys(); o.keys > maxInsideKeys && o.makes(ReasonEncryptionShape) {
			return reject(ReasonEncryptionShape, "more than %d encrypted keys inside the assertion", maxInsideKeys)
		}
		data, r := o.sp.decrypt(o.trial, m, true)
		if r != nil {
			return r
		}
		plain, r := o.readPlain(data, maxElements-o.room)
		if r != nil {
			return r
		}
		if !plain.is(nsAssertion, holds) && o.makes(ReasonEncryptionShape) {
			return reject(ReasonEncryptionShape, "%s holds something else than %s", local, holds)
		}
		if r := plain.walk(nil, func(_, n *node) *Rejection { return o.stands(noMessage(n)) }); r != nil {
			return r
		}
		o.room -= plain.size()
		o.ids = append(o.ids, plain)
		o.found = append(o.found, decrypted{parent, encrypted, plain})
	}
	return nil
}

// noMessage refuses what has no place in a NameID or an Attribute.
func noMessage(n *node) *Rejection {
	switch local := strings.ToLower(n.local); local {
	case "response", "assertion", "signature":
		return reject(ReasonMisplacedAssertion, "a Response, Assertion or Signature in what was encrypted")
	default:
		if strings.HasPrefix(local, "encrypted") {
			return reject(ReasonEncryptionShape, "something encrypted in what was encrypted")
		}
	}
	return nil
}

// readEncrypted looks at the ciphertext, which anybody can see, so that its
// mistakes may be told to anybody.
func readEncrypted(encrypted *node) (*xmlenc.Message, *Rejection) {
	m, err := xmlenc.Read(cipherElement(encrypted))
	if err != nil {
		return nil, encryptionRefused(err)
	}
	return m, nil
}

// decrypt tries all our keys. Once a key is used there is one refusal.
func (sp *ServiceProvider) decrypt(t *trial, m *xmlenc.Message, allowCBC bool) ([]byte, *Rejection) {
	var keys []crypto.Decrypter
	for _, k := range sp.cfg.Keys {
		if d, ok := k.Key.(crypto.Decrypter); ok {
			keys = append(keys, d)
		}
	}
	plain, err := m.Decrypt(keys, xmlenc.Policy{AllowCBC: allowCBC || !t.makes(ReasonEncryptionAlgorithm)})
	if err != nil {
		return nil, encryptionRefused(err)
	}
	return plain, nil
}

func encryptionRefused(err error) *Rejection {
	var algorithm *xmlenc.AlgorithmError
	switch {
	case errors.As(err, &algorithm):
		return reject(ReasonEncryptionAlgorithm, "%v", algorithm)
	case errors.Is(err, xmlenc.ErrShape):
		return reject(ReasonEncryptionShape, "%v", err)
	case errors.Is(err, xmlenc.ErrNoKeys):
		return reject(ReasonDecrypt, "we have %v", err)
	}
	return undecipherable()
}

// undecipherable is the one answer to all that may go wrong with our keys.
func undecipherable() *Rejection {
	return reject(ReasonDecrypt, "nothing that we can read comes out of it with our keys")
}

// readPlain reads what was decrypted as strictly as what came over the wire.
// used counts the elements that the message has already.
func (t *trial) readPlain(data []byte, used int) (*node, *Rejection) {
	l := received()
	l.elements = max(0, l.elements-used)
	n, r := t.parse(data, l)
	if r != nil {
		r.Detail = "decrypted: " + r.Detail
	}
	return n, r
}

// size is the number of elements of a tree.
func (n *node) size() int {
	sum := 1
	for _, k := range n.kids {
		sum += k.size()
	}
	return sum
}

// replaced returns a copy of n with another child in the place of one.
func (n *node) replaced(child, by *node) *node {
	c := *n
	c.kids = slices.Clone(n.kids)
	for i, k := range c.kids {
		if k == child {
			in := *by
			in.before = k.before
			c.kids[i] = &in
		}
	}
	return &c
}
