// Package setup says what the administrator of an identity provider has to
// enter, in the words of that product: once as a [Guide], which the command
// line prints and the operators' listener shows, so that the two cannot differ.
//
// Nothing of it is secret: addresses, names of attributes and certificates, as
// the gateway's own metadata has them. The words are those of docs/idp, which a
// test compares.
package setup

import "time"

// Facts are what the gateway knows about itself and one identity provider.
type Facts struct {
	IDP          string // its name in the configuration
	Name         string // as people read it
	Product      string // its preset; empty: a product without words of its own
	As           string // the further SP identity that this is about; empty: the gateway's own
	EntityID     string // the gateway's
	Metadata     string // address of the gateway's metadata
	ACS          string // where answers go, by HTTP-POST
	SLO          string // where single logout goes; empty: it is not offered
	App          string // address of the first app, where tiles should lead
	Signed       string // what must be signed: assertion, response, both or either
	SignRequests bool
	NameIDFormat string // asked for in requests; empty leaves the choice
	Attributes   []Attribute
	Certificates []Certificate // the first signs, the others follow it or went before
}

// Attribute is one thing that the gateway reads from an assertion.
type Attribute struct {
	Key      string   // email, first_name …, or one of the operator's own
	Names    []string // exact Names, the first present one wins
	NameID   bool     // the NameID will do
	Required bool     // without it nobody is signed in
}

// Certificate is one of the gateway's own.
type Certificate struct {
	PEM         string
	Fingerprint string // SHA-256 of the whole, as hex with colons
	Until       time.Time
}

// Guide is what to enter, part by part.
type Guide struct {
	IDP     string `json:"idp"`
	Name    string `json:"name"`
	Product string `json:"product"`                    // its full name, or SAML 2.0
	As      string `json:"service_provider,omitempty"` // the further SP identity; empty: the gateway's own
	Page    string `json:"page,omitempty"`             // the page that tells each step
	Parts   []Part `json:"parts"`
}

// Part is what belongs together, under a title.
type Part struct {
	Title  string   `json:"title"`
	Where  string   `json:"where,omitempty"` // the way there in the product
	Text   []string `json:"text,omitempty"`  // sentences
	Fields []Field  `json:"fields,omitempty"`
	Code   string   `json:"code,omitempty"` // to copy as a whole
}

// Field is a label of the product and what goes there.
type Field struct {
	Label string `json:"label"`
	Value string `json:"value"`
	// Choice is a value to choose, tick or leave out, and none to type in.
	Choice bool   `json:"choice,omitempty"`
	Note   string `json:"note,omitempty"`
}

// words are those of one product.
type words struct {
	title       string
	enter       func(Facts) []Part
	where       string            // where attributes are entered
	sources     map[string]string // attribute key → what the product calls that
	attributes  string            // a sentence about attributes
	certificate string            // what to do with the gateway's certificate
	keyless     bool              // the product takes no certificate of ours
	back        func(Facts) Part
}

// For returns the guide of an identity provider.
func For(f Facts) Guide {
	w := wordsOf(f.Product)
	g := Guide{IDP: f.IDP, Name: f.Name, Product: w.title, As: f.As}
	if f.Product != "" {
		g.Page = "docs/idp/" + f.Product + ".md"
	}
	g.Parts = append(w.enter(f), attributes(f, w), certificates(f, w), w.back(f))
	return g
}

func wordsOf(product string) words {
	all := map[string]func() words{
		"okta": okta, "entra": entra, "adfs": adfs, "google": google, "onelogin": onelogin, "ping": ping,
		"keycloak": keycloak, "simplesamlphp": simplesamlphp, "shibboleth": shibboleth,
	}
	if w, known := all[product]; known {
		return w()
	}
	return plain()
}
