package idptest

import (
	"encoding/base64"
	"fmt"
	"time"

	"github.com/beevik/etree"
)

// The NameID formats that a Subject may carry (SAML Core §8.3).
const (
	NameIDEmail       = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
	NameIDPersistent  = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	NameIDTransient   = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
	NameIDUnspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
)

// Subject is whom a Response speaks of.
type Subject struct {
	NameID, Format string
	Attributes     []Attribute
}

// Attribute is one saml:Attribute.
type Attribute struct {
	Name, NameFormat, FriendlyName string
	Values                         []string
}

// Subject returns the person as a Response names them: the e-mail address as
// NameID, and an attribute for each thing that is known.
func (h Person) Subject() Subject {
	s := Subject{NameID: h.Email, Format: NameIDEmail}
	for _, a := range []Attribute{
		{Name: "Email", Values: []string{h.Email}},
		{Name: "FirstName", Values: []string{h.First}},
		{Name: "LastName", Values: []string{h.Last}},
		{Name: "Username", Values: []string{h.Username}},
		{Name: "EmployeeId", Values: []string{h.EmployeeID}},
		{Name: "Role", Values: h.Roles},
	} {
		if len(a.Values) > 0 && a.Values[0] != "" {
			s.Attributes = append(s.Attributes, a)
		}
	}
	return s
}

// message is a Response in the making: what an Option may change.
type message struct {
	style                   Style
	issuer                  string
	responseID, assertionID string
	inResponseTo            string
	destination, audience   string
	status, statusBelow     string
	noAssertion             bool
	subject                 Subject
	sessionIndex            string
	issued, authn           time.Time
	lifetime                time.Duration
	signing                 Signing // how
	signA, signR            bool    // what
	idp                     *IDP
	err                     error // of an Option

	editAssertion, editResponse []edit // before anything is signed
	encryption                  *encryption
	editEncrypted               []edit // the whole message, before the response is signed
	editHidden                  []edit // a NameID or attribute that will be encrypted
	tamper                      []edit // the finished Response: what an attacker can do
	wire                        []func([]byte) []byte
	encode                      func([]byte) string
}

// edit changes a tree in place.
type edit func(root *etree.Element)

// Response returns the base64 form value of a Response to r about s, its
// Assertion signed, valid for five minutes from now. Options change that.
// An error says that the message could not be made, as when a key does not
// fit its algorithm.
func (p *IDP) Response(r Request, s Subject, opts ...Option) (string, error) {
	now := p.now()
	m := &message{
		issuer: p.entityID, responseID: newID(), assertionID: newID(), inResponseTo: r.ID,
		destination: r.ACSURL, audience: r.Issuer, status: statusSuccess, subject: s, sessionIndex: newID(),
		issued: now, authn: now, lifetime: 5 * time.Minute, signA: true, idp: p,
		signing: Signing{Key: p.key.Signer}, encode: base64.StdEncoding.EncodeToString,
	}
	m.signing.KeyInfo = p.Certificates()[:1]
	for _, o := range opts {
		o(m)
	}
	if m.err != nil {
		return "", fmt.Errorf("preparing a response: %w", m.err)
	}
	raw, err := m.build()
	if err == nil {
		err = m.err
	}
	if err != nil {
		return "", fmt.Errorf("making a response: %w", err)
	}
	return m.encode(raw), nil
}

func (m *message) build() ([]byte, error) {
	root := m.response()
	var a *etree.Element
	if !m.noAssertion {
		a = m.assertion(root)
		apply(m.editAssertion, a)
	}
	apply(m.editResponse, root)
	if a != nil && m.signA {
		if err := m.signing.sign(m.style, a); err != nil {
			return nil, fmt.Errorf("signing the assertion: %w", err)
		}
	}
	if a != nil && m.encryption != nil {
		if err := m.encryption.assertion(m, a); err != nil {
			return nil, fmt.Errorf("encrypting the assertion: %w", err)
		}
	}
	apply(m.editEncrypted, root)
	if m.signR {
		if err := m.signing.sign(m.style, root); err != nil {
			return nil, fmt.Errorf("signing the response: %w", err)
		}
	}
	apply(m.tamper, root)
	raw, err := serialize(root)
	if err != nil {
		return nil, err
	}
	for _, change := range m.wire {
		raw = change(raw)
	}
	return raw, nil
}

func apply(edits []edit, root *etree.Element) {
	for _, e := range edits {
		e(root)
	}
}

// response makes the message around the assertion (SAML Core §3.3.3).
func (m *message) response() *etree.Element {
	s := m.style
	root := s.add(nil, protocolNS, "Response")
	if s == StyleInherited {
		declare(root, s.prefix(assertionNS), assertionNS)
		declare(root, s.prefix(signatureNS), signatureNS)
	}
	setAttrs(root, "ID", m.responseID, "Version", "2.0", "IssueInstant", stamp(m.issued),
		"Destination", m.destination, "InResponseTo", m.inResponseTo)
	s.text(root, assertionNS, "Issuer", m.issuer)
	code := s.add(s.add(root, protocolNS, "Status"), protocolNS, "StatusCode", "Value", m.status)
	if m.statusBelow != "" {
		s.add(code, protocolNS, "StatusCode", "Value", m.statusBelow)
	}
	return root
}

// assertion appends the assertion (SAML Core §2.3.3, Profiles §4.1.4.2).
func (m *message) assertion(root *etree.Element) *etree.Element {
	s, until := m.style, stamp(m.issued.Add(m.lifetime))
	a := s.add(root, assertionNS, "Assertion", "ID", m.assertionID, "Version", "2.0", "IssueInstant", stamp(m.issued))
	s.text(a, assertionNS, "Issuer", m.issuer)
	subject := s.add(a, assertionNS, "Subject")
	s.text(subject, assertionNS, "NameID", m.subject.NameID, "Format", m.subject.Format)
	c := s.add(subject, assertionNS, "SubjectConfirmation", "Method", confirmBearer)
	s.add(c, assertionNS, "SubjectConfirmationData", "InResponseTo", m.inResponseTo,
		"NotOnOrAfter", until, "Recipient", m.destination)
	cond := s.add(a, assertionNS, "Conditions", "NotBefore", stamp(m.issued), "NotOnOrAfter", until)
	s.text(s.add(cond, assertionNS, "AudienceRestriction"), assertionNS, "Audience", m.audience)
	authn := s.add(a, assertionNS, "AuthnStatement", "AuthnInstant", stamp(m.authn), "SessionIndex", m.sessionIndex)
	s.text(s.add(authn, assertionNS, "AuthnContext"), assertionNS, "AuthnContextClassRef",
		"urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")
	if len(m.subject.Attributes) > 0 {
		s.attributes(s.add(a, assertionNS, "AttributeStatement"), m.subject.Attributes)
	}
	return a
}

func (s Style) attributes(statement *etree.Element, list []Attribute) {
	for _, a := range list {
		e := s.add(statement, assertionNS, "Attribute", "Name", a.Name, "NameFormat", a.NameFormat, "FriendlyName", a.FriendlyName)
		for _, v := range a.Values {
			s.text(e, assertionNS, "AttributeValue", v)
		}
	}
}
