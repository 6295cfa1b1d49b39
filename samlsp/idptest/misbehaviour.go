package idptest

import (
	"slices"
	"time"
)

// Class is a family of misbehaviours.
type Class string

// The classes.
const (
	ClassSignature  Class = "signature"  // missing, doubled, misplaced, pointing elsewhere
	ClassWrapping   Class = "wrapping"   // a genuine signature carried along by a forged message
	ClassAlgorithm  Class = "algorithm"  // weak or confused cryptography
	ClassKey        Class = "key"        // signed by somebody else
	ClassText       Class = "text"       // comments, CDATA, processing instructions
	ClassEncoding   Class = "encoding"   // bytes that two readers read in two ways
	ClassNamespace  Class = "namespace"  // names that two readers read in two ways
	ClassShape      Class = "shape"      // elements too many, too few, or elsewhere
	ClassConditions Class = "conditions" // audience, recipient, destination, issuer
	ClassTime       Class = "time"
	ClassRequest    Class = "request" // answers to something else
	ClassReplay     Class = "replay"
	ClassSubject    Class = "subject"
	ClassPerson     Class = "person" // signed attributes that name nobody, or somebody else
	ClassBomb       Class = "bomb"
	ClassEncrypted  Class = "encrypted" // what is encrypted, and how
	ClassAuthn      Class = "authn"     // signed in too long ago, or too weakly
)

// Misbehaviour is one way in which a message can be wrong, as a pair: Make is
// refused with the reason Want, Twin is the same message without the one
// mutation and is accepted.
//
// The pairs speak of ana@example.com and expect a service provider that reads
// the e-mail address from the attribute "Email" alone, requires it, takes the
// domains of [Domains], accepts a signature on either element, trusts every
// certificate of the IDP and allows at most five minutes of skew, unless Setup
// says something else. Those that encrypt need two RSA certificates of the
// service provider (see [IDP.AddSP]).
type Misbehaviour struct {
	Name  string
	Class Class
	Want  string // a samlsp.Reason by its name

	// Idea is what is tried: pairs that try the same with other values share it.
	Idea string
	// Forges says that the message is good for nothing unless it signs in Mallory.
	Forges bool

	Setup Setup

	base, mutation []Option
	first          []Option // sent and accepted before Make; nil = nothing
}

// Setup is what the service provider is set up with, and expects, for one pair.
type Setup struct {
	AllowSHA1, AllowCBC bool
	Require             string        // the signature policy; empty = either
	Unsolicited         bool          // no request is pending
	MaxAuthAge          time.Duration // of the person's sign-in; 0 = any
	Forced              bool          // the request was sent now, with ForceAuthn
	AuthnContext        []string      // will do; none = any
}

// Domains are the e-mail domains that the pairs need.
func Domains() []string { return []string{"example.com", "example.com.evil.example"} }

// Make returns the base64 form value that must be refused.
func (m Misbehaviour) Make(p *IDP, r Request) (string, error) {
	return p.Response(r, Ana(), slices.Concat(m.base, m.mutation)...)
}

// Twin returns the one that must be accepted.
func (m Misbehaviour) Twin(p *IDP, r Request) (string, error) {
	return p.Response(r, Ana(), m.base...)
}

// First returns a message that must be accepted before Make is sent to the
// same service provider; false when there is none.
func (m Misbehaviour) First(p *IDP, r Request) (string, bool, error) {
	if m.first == nil {
		return "", false, nil
	}
	s, err := p.Response(r, Ana(), slices.Concat(m.base, m.first)...)
	return s, true, err
}

// Ana is whom the pairs speak of.
func Ana() Subject {
	return Person{Email: "ana@example.com", First: "Ana", Last: "Doe", Username: "ana", EmployeeID: "E1", Roles: []string{"staff"}}.Subject()
}

// Misbehaviours returns every pair. IDs inside are new at each call.
func Misbehaviours() []Misbehaviour {
	return withIdeas(slices.Concat(
		signatureAttacks(), referenceAttacks(), wrappingAttacks(), algorithmAttacks(), keyAttacks(),
		textAttacks(), encodingAttacks(), namespaceAttacks(), shapeMistakes(), statusMistakes(),
		conditionMistakes(), timeMistakes(), requestMistakes(), replays(),
		subjectMistakes(), personMistakes(), bombs(), oldAlgorithms(), unasked(), staleSignIns(),
		ciphertexts(), plaintexts(), changedCiphertexts(), encryptedParts(),
	))
}

// rows gives its class to each pair.
func rows(c Class, list ...Misbehaviour) []Misbehaviour {
	for i := range list {
		list[i].Class = c
	}
	return list
}

// with sets up the service provider for these pairs.
func with(s Setup, list ...Misbehaviour) []Misbehaviour {
	for i := range list {
		list[i].Setup = s
	}
	return list
}

// pair is one misbehaviour: the mutation, then what both messages share.
func pair(name, want string, mutation Option, base ...Option) Misbehaviour {
	return Misbehaviour{Name: name, Want: want, base: base, mutation: []Option{mutation}}
}
