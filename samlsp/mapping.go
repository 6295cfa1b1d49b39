package samlsp

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/samlgate/samlgate/identity"
)

const (
	nameIDSource = "NameID" // the source that stands for the subject itself

	formatEmail       = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
	formatUnspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
	formatPersistent  = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	formatTransient   = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
)

// sources returns the ordered sources of a field by its configuration key.
func (m Mapping) sources(field string) ([]string, bool) {
	switch field {
	case "email":
		return m.Email, true
	case "first_name":
		return m.FirstName, true
	case "last_name":
		return m.LastName, true
	case "username":
		return m.Username, true
	case "roles":
		return m.Roles, true
	case "employee_id":
		return m.EmployeeID, true
	}
	s, ok := m.Extra[field]
	return s, ok
}

func (m Mapping) validate(required []string) error {
	for _, field := range required {
		if s, known := m.sources(field); !known || len(s) == 0 {
			return fmt.Errorf("required attribute %q has no source", field)
		}
	}
	return nil
}

func (m Mapping) clone() Mapping {
	for _, f := range []*[]string{&m.Email, &m.FirstName, &m.LastName, &m.Username, &m.Roles, &m.EmployeeID} {
		*f = slices.Clone(*f)
	}
	m.Extra = maps.Clone(m.Extra)
	for k, v := range m.Extra {
		m.Extra[k] = slices.Clone(v)
	}
	return m
}

// Identity returns the person whom the assertion describes, by the mapping of
// the identity provider. It refuses, with a [Rejection], whoever lacks a
// required attribute, has not exactly one e-mail address where one is given,
// or an address in a domain for which this identity provider may not speak.
func (a *Assertion) Identity() (identity.Identity, error) {
	if missing := a.missing(); missing != nil && a.makes(ReasonMissingAttribute) {
		return identity.Identity{}, missing
	}
	email, err := a.email()
	if err != nil {
		return identity.Identity{}, err
	}
	person, err := a.person(email)
	if err != nil {
		return identity.Identity{}, err
	}
	m := a.idp.Attributes
	id := identity.Identity{
		IDP: a.idp.Name, Person: person, Email: email, NameID: a.nameID, Authn: a.authn,
		FirstName: a.first(m.FirstName), LastName: a.first(m.LastName), Username: a.first(m.Username),
		EmployeeID: a.first(m.EmployeeID), Roles: a.values(m.Roles),
	}
	for key, sources := range m.Extra {
		if values := a.values(sources); len(values) > 0 {
			if id.Attributes == nil {
				id.Attributes = make(map[string][]string, len(m.Extra))
			}
			id.Attributes[key] = values
		}
	}
	return id, nil
}

func (a *Assertion) makes(check Reason) bool { return !a.off[check] }

// person is the e-mail address, or else the NameID. A transient NameID is
// another one at every sign-in (Core §8.3.8): limits and deactivation could not
// hold on to it, so it names nobody.
func (a *Assertion) person(email identity.Email) (identity.Person, error) {
	key := a.nameID.Key(a.idp.EntityID)
	if a.nameID.Format == formatTransient {
		key = ""
	}
	p, err := identity.PersonOf(email, a.idp.Name, key)
	if err != nil && a.makes(ReasonNobody) {
		return "", reject(ReasonNobody, "no e-mail address and no lasting NameID")
	}
	return p, nil
}

// email is the one address there is, or empty. The same address twice is still
// two: which of them an app would take is anybody's guess.
func (a *Assertion) email() (identity.Email, error) {
	values := a.values(a.emailSources())
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1 && a.makes(ReasonSeveralEmails):
		return "", reject(ReasonSeveralEmails, "%d e-mail values", len(values))
	}
	normalize := identity.NormalizeEmail
	if a.idp.InsecureUnicodeEmail != "" {
		normalize = identity.NormalizeUnicodeEmail
	}
	email, err := normalize(values[0])
	if err != nil {
		if a.makes(ReasonEmailInvalid) {
			return "", reject(ReasonEmailInvalid, "%v", err)
		}
		return identity.Email(values[0]), nil
	}
	if len(a.idp.EmailDomains) > 0 && !slices.Contains(a.idp.EmailDomains, email.Domain()) && a.makes(ReasonEmailDomain) {
		return "", reject(ReasonEmailDomain, "idp %q may not speak for the domain of this address", a.idp.Name)
	}
	return email, nil
}

// emailSources leaves out a NameID whose format says that it is no address.
func (a *Assertion) emailSources() []string {
	switch a.nameID.Format {
	case "", formatEmail, formatUnspecified:
		return a.idp.Attributes.Email
	}
	return slices.DeleteFunc(slices.Clone(a.idp.Attributes.Email), func(s string) bool { return s == nameIDSource })
}

func (a *Assertion) first(sources []string) string {
	if values := a.values(sources); len(values) > 0 {
		return values[0]
	}
	return ""
}

// values returns all values of the first source that is present. The source
// "NameID" is the subject, never an attribute that calls itself so.
func (a *Assertion) values(sources []string) []string {
	for _, source := range sources {
		if source == nameIDSource {
			if a.nameID.Value != "" {
				return []string{a.nameID.Value}
			}
			continue
		}
		var all []string
		for _, at := range a.attributes {
			if at.name == source {
				all = append(all, at.values...)
			}
		}
		if len(all) > 0 {
			return all
		}
	}
	return nil
}

// missing returns the refusal for the first required field without a value.
func (a *Assertion) missing() error {
	for _, field := range a.idp.Required {
		sources, _ := a.idp.Attributes.sources(field)
		look := sources
		if field == "email" {
			look = a.emailSources()
		}
		if len(a.values(look)) > 0 {
			continue
		}
		m := &MissingAttribute{Field: field, Wanted: slices.Clone(sources), NearMiss: a.nearMiss(sources)}
		r := reject(ReasonMissingAttribute, "%s: wanted one of %q", field, sources)
		if m.NearMiss != "" {
			r.Detail += fmt.Sprintf(", got %q: names are case-sensitive", m.NearMiss)
		}
		r.Missing = m
		return r
	}
	return nil
}

const maxShownName = 128

// nearMiss returns a name that was sent and differs from a wanted one in case
// only. Names never come longer than an operator would type.
func (a *Assertion) nearMiss(wanted []string) string {
	for _, w := range wanted {
		for _, at := range a.attributes {
			if at.name != w && len(at.name) <= maxShownName && strings.EqualFold(at.name, w) {
				return at.name
			}
		}
	}
	return ""
}
