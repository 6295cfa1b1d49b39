package samlsp

import (
	"errors"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/identity"
)

// said is an assertion with the given attributes, each "Name=value".
func said(m Mapping, required []string, nameID identity.NameID, pairs ...string) *Assertion {
	a := &Assertion{idp: &IdentityProvider{Name: "corp", Attributes: m, Required: required, EmailDomains: []string{"example.com"}}, nameID: nameID}
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		a.attributes = append(a.attributes, attribute{name, []string{value}})
	}
	return a
}

func unicodeEmail(a *Assertion) *Assertion {
	a.idp.InsecureUnicodeEmail = "our directory"
	return a
}

// With the operator's reason a person may be called by letters outside ASCII,
// in whichever of two ways they are written.
func TestIdentityUnicodeEmail(t *testing.T) {
	for _, sent := range []string{"Jos\u00e9@Example.com", "jose\u0301@example.com"} {
		id, err := unicodeEmail(said(Mapping{Email: []string{"mail"}}, nil, identity.NameID{}, "mail="+sent)).Identity()
		if err != nil || id.Person != "jos\u00e9@example.com" || id.Email.Domain() != "example.com" {
			t.Errorf("%q is %q, %v", sent, id.Person, err)
		}
	}
}

func TestIdentityRefused(t *testing.T) {
	m := Mapping{Email: []string{"Email", "mail", "NameID"}, FirstName: []string{"FirstName"}}
	for name, row := range map[string]struct {
		want Reason
		a    *Assertion
	}{
		"two addresses":         {ReasonSeveralEmails, said(m, nil, identity.NameID{}, "Email=a@example.com", "Email=b@example.com")},
		"one address twice":     {ReasonSeveralEmails, said(m, nil, identity.NameID{}, "Email=a@example.com", "Email=a@example.com")},
		"letters beyond ASCII":  {ReasonEmailInvalid, said(m, nil, identity.NameID{}, "Email=jos\u00e9@example.com")},
		"kelvin sign":           {ReasonEmailInvalid, unicodeEmail(said(m, nil, identity.NameID{}, "Email=\u212a@example.com"))},
		"letters there, domain": {ReasonEmailDomain, unicodeEmail(said(m, nil, identity.NameID{}, "Email=jos\u00e9@example.org"))},
		"no address":            {ReasonEmailInvalid, said(m, nil, identity.NameID{}, "Email=ana")},
		"another domain":        {ReasonEmailDomain, said(m, nil, identity.NameID{}, "Email=a@example.org")},
		"domain by suffix":      {ReasonEmailDomain, said(m, nil, identity.NameID{}, "Email=a@notexample.com")},
		"sub-domain":            {ReasonEmailDomain, said(m, nil, identity.NameID{}, "Email=a@x.example.com")},
		"nobody":                {ReasonNobody, said(m, nil, identity.NameID{})},
		"transient":             {ReasonNobody, said(m, nil, identity.NameID{Value: "x", Format: formatTransient})},
		"blank NameID":          {ReasonNobody, said(m, nil, identity.NameID{Value: " ", Format: formatPersistent})},
		"NameID with a blank":   {ReasonNobody, said(m, nil, identity.NameID{Value: "x ", Format: formatPersistent})},
		"blank address":         {ReasonEmailInvalid, said(m, nil, identity.NameID{Value: "a@example.com"}, "Email= ")},
		"address with a blank":  {ReasonEmailInvalid, said(m, nil, identity.NameID{}, "Email=a@example.com ")},
		"required, absent":      {ReasonMissingAttribute, said(m, []string{"first_name"}, identity.NameID{}, "Email=a@example.com")},
		"required, other case":  {ReasonMissingAttribute, said(m, []string{"email"}, identity.NameID{}, "EMail=a@example.com")},
		"required, NameID is p": {ReasonMissingAttribute, said(m, []string{"email"}, identity.NameID{Value: "a@example.com", Format: formatPersistent})},
		"attribute NameID":      {ReasonNobody, said(m, nil, identity.NameID{}, "NameID=a@example.com")},
	} {
		id, err := row.a.Identity()
		var r *Rejection
		if !errors.As(err, &r) || r.Reason != row.want || id.Person != "" {
			t.Errorf("%s: %v; want %v", name, err, row.want)
		} else if strings.Contains(err.Error(), "a@") || strings.Contains(err.Error(), "example") {
			t.Errorf("%s: the text tells a value: %v", name, err)
		}
	}
}

func TestMissingAttributeNamesTheNearMiss(t *testing.T) {
	a := said(Mapping{Email: []string{"OfficeEMail"}}, []string{"email"}, identity.NameID{}, "officeemail=secret@example.com", "x=y")
	_, err := a.Identity()
	var r *Rejection
	if !errors.As(err, &r) || r.Missing == nil || r.Missing.NearMiss != "officeemail" || r.Missing.Field != "email" || r.Missing.Wanted[0] != "OfficeEMail" {
		t.Fatalf("%v", err)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the text tells a value: %v", err)
	}
	if names := a.AttributeNames(); len(names) != 2 || names[0] != "officeemail" {
		t.Errorf("names %q", names)
	}
}

func TestIdentityMapped(t *testing.T) {
	m := Mapping{
		Email: []string{"Email", "mail", "NameID"}, FirstName: []string{"givenName", "FirstName"}, Roles: []string{"Role"},
		Username: []string{"NameID"}, Extra: map[string][]string{"team": {"Team"}, "none": {"None"}},
	}
	id, err := said(m, []string{"email", "roles", "team"}, identity.NameID{Value: "ana"}, "mail=Ana@Example.com", "FirstName=Ana", "Role=a", "Role= b ", "Team=t").Identity()
	if err != nil {
		t.Fatal(err)
	}
	if id.Person != "ana@example.com" || id.IDP != "corp" || id.FirstName != "Ana" || id.LastName != "" || id.Username != "ana" ||
		len(id.Roles) != 2 || id.Roles[1] != " b " || len(id.Attributes) != 1 || id.Attributes["team"][0] != "t" {
		t.Errorf("%+v", id)
	}
	id, err = said(m, nil, identity.NameID{Value: "p1", Format: formatPersistent}).Identity()
	if err != nil || id.Person != "corp\x00persistent:p1" || id.Email != "" {
		t.Errorf("by NameID: %+v, %v", id, err)
	}
	// Ana's persistent identifier, chosen by Bo as his user name: the message that
	// asks for another format needs no signature.
	bo, err := said(Mapping{}, nil, identity.NameID{Value: "p1"}).Identity()
	if err != nil || bo.Person == id.Person {
		t.Errorf("Bo is Ana: %q, %v", bo.Person, err)
	}
	id, err = said(m, nil, identity.NameID{Value: "Ana@Example.com", Format: formatEmail}).Identity()
	if err != nil || id.Email != "ana@example.com" {
		t.Errorf("address as NameID: %+v, %v", id, err)
	}
}

// Values keep their text; what is no text is no value.
func TestAttributeValues(t *testing.T) {
	open, shut := `<saml:AttributeValue>a</saml:AttributeValue>`, `</saml:AttributeValue>`
	for _, row := range []struct {
		xml  string
		want []string
	}{
		{`<saml:AttributeValue xsi:nil="true"/>`, []string{"b"}},
		{`<saml:AttributeValue xsi:nil="1">x` + shut, []string{"b"}},
		{`<saml:AttributeValue/>`, []string{"b"}},
		{`<saml:AttributeValue><x>y</x>` + shut, []string{"b"}},
		{`<saml:AttributeValue>v<x>y</x>` + shut, []string{"b"}},
		{`<saml:AttributeValue> v, w ` + shut, []string{" v, w ", "b"}},
		{`<saml:AttributeValue><saml:NameID>n</saml:NameID>` + shut, []string{"n", "b"}},
		{`<saml:AttributeValue xsi:type="xs:integer">1` + shut, []string{"1", "b"}},
		{`<saml:AttributeValue>Grüße 漢字` + shut, []string{"Grüße 漢字", "b"}},
	} {
		a := allow(t, row.xml, good().replaced(t, open, row.xml))
		if a == nil {
			continue
		}
		id, err := a.Identity()
		if err != nil || strings.Join(id.Roles, "|") != strings.Join(row.want, "|") {
			t.Errorf("%s: %q, %v; want %q", row.xml, id.Roles, err, row.want)
		}
	}
	a := allow(t, "5000 values", bigMessage(t, 5000, ""))
	if a == nil {
		t.FailNow()
	}
	if id, err := a.Identity(); err != nil || len(id.Roles) != 5001 {
		t.Errorf("%d roles, %v", len(id.Roles), err)
	}
}

func TestSourcesNameTheAttributeThatWon(t *testing.T) {
	a := said(Mapping{Email: []string{"Email", "mail"}, FirstName: []string{"FirstName"}, Username: []string{"NameID"}, Extra: map[string][]string{"team": {"Team"}}},
		nil, identity.NameID{Value: "u1"}, "mail=a@example.com", "team=x", "Team=y")
	got := a.Sources()
	if len(got) != 3 || got["email"] != "mail" || got["username"] != "NameID" || got["team"] != "Team" {
		t.Errorf("%v", got)
	}
}
