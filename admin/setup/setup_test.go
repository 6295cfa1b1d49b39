package setup

import (
	"encoding/xml"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// facts are those of the gateway on the pages of docs/idp.
func facts(product string) Facts {
	const base = "https://sso.example.com/.samlgate/saml/"
	return Facts{
		IDP: "corp", Name: "Example Corp", Product: product,
		EntityID: base + "metadata", Metadata: base + "metadata", ACS: base + "acs", App: "https://wiki.example.com/",
		Signed: "both", SignRequests: true,
		Attributes: []Attribute{
			{Key: "email", Names: []string{"urn:oid:0.9.2342.19200300.100.1.3", "Email"}, NameID: true, Required: true},
			{Key: "first_name", Names: []string{"FirstName"}}, {Key: "username"},
			{Key: "employee_id", NameID: true}, {Key: "department", Names: []string{"Dept"}},
		},
		Certificates: []Certificate{
			{PEM: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", Fingerprint: strings.Repeat("AB:", 31) + "AB", Until: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)},
			{PEM: "second", Fingerprint: strings.Repeat("CD:", 31) + "CD", Until: time.Date(2030, 3, 1, 0, 0, 0, 0, time.UTC)},
		},
	}
}

func products() []string {
	return []string{"", "okta", "entra", "adfs", "google", "onelogin", "ping", "keycloak", "simplesamlphp", "shibboleth"}
}

func text(t *testing.T, g Guide) string {
	t.Helper()
	var b strings.Builder
	if err := g.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// values are all that a guide asks to type in.
func values(g Guide) []string {
	var all []string
	for _, p := range g.Parts {
		for _, f := range p.Fields {
			if !f.Choice {
				all = append(all, f.Value)
			}
		}
	}
	return all
}

// Whatever the words, nothing of what matters is left out.
func TestEveryGuideIsComplete(t *testing.T) {
	for _, product := range products() {
		f := facts(product)
		g := For(f)
		all := values(g)
		for _, want := range []string{f.EntityID, f.ACS, "urn:oid:0.9.2342.19200300.100.1.3", "FirstName", "Dept"} {
			if !slices.Contains(all, want) {
				t.Errorf("%s lacks %s", product, want)
			}
		}
		out := text(t, g)
		for _, want := range []string{"(required)", "the NameID", "Give back to the gateway operator"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s lacks %q:\n%s", product, want, out)
			}
		}
		if slices.Contains(all, "") || slices.Contains(all, f.SLO) && f.SLO != "" {
			t.Errorf("%s has an empty value: %q", product, all)
		}
		keyless := product == "google" || product == "onelogin"
		if shown := strings.Contains(out, "BEGIN CERTIFICATE") && strings.Contains(out, "2027-03-01") && strings.Contains(out, "2030-03-01"); shown == keyless {
			t.Errorf("%s: certificate shown: %t", product, shown)
		}
	}
}

// Single logout is only spoken of as a place to enter where it is offered.
func TestLogoutWhereItIsOffered(t *testing.T) {
	for _, product := range products() {
		f := facts(product)
		if strings.Contains(text(t, For(f)), "/slo") {
			t.Errorf("%s offers single logout", product)
		}
		f.SLO = "https://sso.example.com/.samlgate/saml/slo"
		shown := strings.Contains(text(t, For(f)), f.SLO)
		if byMetadata := product == "google" || product == "shibboleth"; shown == byMetadata {
			t.Errorf("%s: single logout shown: %t", product, shown)
		}
	}
}

// A terminal has 80 columns; only what must stay in one piece is longer.
func TestTextIsNarrow(t *testing.T) {
	for _, product := range products() {
		f := facts(product)
		f.Name = strings.Repeat("a long name ", 12)
		for line := range strings.Lines(text(t, For(f))) {
			line = strings.TrimSuffix(line, "\n")
			if len([]rune(line)) > columns && strings.Contains(strings.TrimSpace(line), " ") && !strings.Contains(line, "Set-Adfs") && !strings.Contains(line, "attributeID") {
				t.Errorf("%s: %d columns: %s", product, len([]rune(line)), line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Errorf("%s: blanks at the end of %q", product, line)
			}
		}
	}
}

// What must be signed is what the gateway asks for, in every product's words.
func TestSigned(t *testing.T) {
	says := func(product, signed, label, want string) {
		t.Helper()
		f := facts(product)
		f.Signed = signed
		for _, p := range For(f).Parts {
			for _, field := range p.Fields {
				if field.Label == label {
					if field.Value != want {
						t.Errorf("%s, %s: %s is %q, want %q", product, signed, label, field.Value, want)
					}
					return
				}
			}
		}
		t.Errorf("%s has no %s", product, label)
	}
	says("", "either", "Signed", "the response or the assertion")
	says("", "both", "Signed", "the response and the assertion")
	says("okta", "assertion", "Response", "Signed or Unsigned")
	says("okta", "assertion", "Assertion Signature", "Signed")
	says("entra", "assertion", "Signing Option", "Sign SAML assertion")
	says("entra", "either", "Signing Option", "Sign SAML response and assertion")
	says("google", "response", "Signed response", "ticked")
	says("google", "assertion", "Signed response", "unticked")
	says("onelogin", "both", "SAML signature element", "Both")
	says("ping", "response", "Signing Key", "Sign Response")
	says("keycloak", "response", "Sign assertions", "off")
	says("keycloak", "response", "Sign documents", "on")
}

func TestNameIDFormat(t *testing.T) {
	for format, want := range map[string]string{"": "EmailAddress", formatEmail: "EmailAddress", formatPersistent: "Persistent", "urn:x": "urn:x"} {
		f := facts("okta")
		f.NameIDFormat = format
		if got := For(f).Parts[0].Fields[3]; got.Label != "Name ID format" || got.Value != want {
			t.Errorf("%q: %+v", format, got)
		}
	}
}

// What comes from the configuration cannot leave the snippets it stands in.
func TestSnippetsQuote(t *testing.T) {
	f := facts("simplesamlphp")
	f.EntityID = `urn:x'];system('id');//\`
	if code := For(f).Parts[0].Code; !strings.HasPrefix(code, `$metadata['urn:x\'];system(\'id\');//\\'] = [`) {
		t.Errorf("PHP goes on after the entity ID:\n%s", code)
	}
	f = facts("shibboleth")
	f.EntityID, f.Metadata = `urn:x"/><evil a="&`, `https://sso.example.com/?a=1&b="`
	f.Attributes = append(f.Attributes, Attribute{Key: "x", Names: []string{`y"/><evil a="`}})
	for _, p := range For(f).Parts[:2] {
		d := xml.NewDecoder(strings.NewReader(p.Code))
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%v in\n%s", err, p.Code)
			}
			if start, ok := token.(xml.StartElement); ok && start.Name.Local == "evil" {
				t.Errorf("an element came in:\n%s", p.Code)
			}
		}
	}
}

func TestValidatorMatchesTheACSAlone(t *testing.T) {
	f := facts("onelogin")
	validator := regexp.MustCompile(For(f).Parts[0].Fields[2].Value)
	if !validator.MatchString(f.ACS) || validator.MatchString("https://ssoxexample.com/.samlgate/saml/acs") || validator.MatchString(f.ACS+"x") {
		t.Errorf("%s", validator)
	}
}

// The pages of docs/idp know every label, and the guide uses no other words.
func TestWordsAreThoseOfThePages(t *testing.T) {
	own := []string{"Metadata", "Entity ID", "ACS URL", "Metadata of PingFederate"} // ours, where a product has none
	for _, product := range products()[1:] {
		page, err := os.ReadFile("../../docs/idp/" + product + ".md")
		if err != nil {
			t.Fatal(err)
		}
		flat := strings.Join(strings.Fields(string(page)), " ")
		f := facts(product)
		f.SLO = "https://sso.example.com/.samlgate/saml/slo"
		g := For(f)
		for _, p := range g.Parts[:len(g.Parts)-3] {
			for _, f := range p.Fields {
				if !slices.Contains(own, f.Label) && !strings.Contains(flat, f.Label) {
					t.Errorf("%s.md does not know %q", product, f.Label)
				}
			}
		}
	}
}
