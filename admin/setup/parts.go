package setup

import (
	"fmt"
	"slices"
	"strings"
)

// enter is a value to enter as it stands.
func enter(label, value, note string) Field { return Field{Label: label, Value: value, Note: note} }

// choose is a value to choose among those that the product offers.
func choose(label, value, note string) Field {
	return Field{Label: label, Value: value, Choice: true, Note: note}
}

// leave is a field that stays empty.
func leave(label, note string) Field { return choose(label, "leave it empty", note) }

// start is the address that tiles and bookmarks should open.
func start(f Facts, label, note string) Field {
	if f.App == "" {
		return leave(label, "")
	}
	return enter(label, f.App, note)
}

// unconfirmed marks what comes from experience and is not in the product's documentation.
const unconfirmed = "†"

// logout is the address of single logout, where it is offered.
func logout(f Facts, label, note string) Field {
	if f.SLO == "" {
		return leave(label, "this gateway offers no single logout")
	}
	return enter(label, f.SLO, note)
}

// signs reports whether the response or assertion should be signed.
func (f Facts) signs(part string) bool {
	return f.Signed == part || f.Signed == "both" || f.Signed == "either"
}

// pick is yes or no, as the product words it.
func pick(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// The NameID formats of SAML Core §8.3 that products have words for.
const (
	formatEmail       = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
	formatUnspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
	formatPersistent  = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	formatTransient   = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
)

// nameID is the format to choose: the one that the gateway asks for, else the
// e-mail address. named are the words for e-mail, unspecified, persistent and
// transient; a format without a word stands as its URI.
func nameID(f Facts, label string, named [4]string) Field {
	if f.NameIDFormat == "" {
		return choose(label, named[0], "")
	}
	i := slices.Index([]string{formatEmail, formatUnspecified, formatPersistent, formatTransient}, f.NameIDFormat)
	if i < 0 || named[i] == "" {
		return choose(label, f.NameIDFormat, "the gateway asks for exactly this")
	}
	return choose(label, named[i], "the gateway asks for exactly this: "+f.NameIDFormat)
}

// attributes lists what to send, under exact names.
func attributes(f Facts, w words) Part {
	p := Part{Title: "Attributes to send", Where: w.where,
		Text: []string{"Names are case-sensitive. Without a required one nobody is signed in."}}
	if w.attributes != "" {
		p.Text = append(p.Text, w.attributes)
	}
	for _, a := range f.Attributes {
		if field, used := attribute(a, w.sources[a.Key]); used {
			p.Fields = append(p.Fields, field)
		}
	}
	return p
}

func attribute(a Attribute, source string) (Field, bool) {
	label := meaning(a.Key) + pick(a.Required, " (required)", "")
	switch {
	case len(a.Names) > 0:
		var notes []string
		if source != "" {
			notes = append(notes, "from "+source)
		}
		if more := slices.Clone(a.Names[1:]); len(more) > 0 || a.NameID {
			if a.NameID {
				more = append(more, "the NameID")
			}
			notes = append(notes, "read as well: "+strings.Join(more, ", "))
		}
		return enter(label, a.Names[0], strings.Join(notes, "; ")), true
	case a.NameID:
		return choose(label, "comes as the NameID", ""), true
	}
	return Field{}, false
}

// meaning is what an attribute holds; one of the operator's own says so itself.
func meaning(key string) string {
	known := map[string]string{
		"email": "E-mail address", "first_name": "First name", "last_name": "Last name", "username": "User name",
		"roles": "Roles or groups", "employee_id": "Employee ID",
	}
	if m, is := known[key]; is {
		return m
	}
	return key
}

// certificates shows what the gateway signs with, and what may follow it.
func certificates(f Facts, w words) Part {
	p := Part{Title: "Certificate of the gateway", Text: []string{w.certificate}}
	if w.keyless {
		return p
	}
	for i, c := range f.Certificates {
		title := pick(i == 0, "SHA-256 fingerprint", fmt.Sprintf("SHA-256 fingerprint, number %d", i+1))
		p.Fields = append(p.Fields, enter(title, c.Fingerprint, "valid until "+c.Until.UTC().Format("2006-01-02")+
			pick(i == 0, "", "; in the metadata too, for a change of keys")))
	}
	if len(f.Certificates) > 0 {
		p.Code = f.Certificates[0].PEM
	}
	return p
}

// back is what the operator of the gateway needs in return.
func back(text ...string) func(Facts) Part {
	return func(Facts) Part { return Part{Title: "Give back to the gateway operator", Text: text} }
}
