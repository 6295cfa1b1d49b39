package testenv

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Form is an HTML form with the values it would send.
type Form struct {
	Action *url.URL // absolute
	Values url.Values
}

// Login takes the first steps of a sign-in without a browser: it opens an
// address that leads to an AuthnRequest, by redirect or by a form that sends
// itself, fills in SimpleSAMLphp's login page and returns the form with
// SAMLResponse and RelayState that it then wants posted to the service provider.
// A client that is signed in already skips the page.
func (s *SSP) Login(t testing.TB, c *http.Client, requestURL string, p PersonInfo) Form {
	t.Helper()
	f, ok := signInAt(t, c, requestURL, p)
	if !ok {
		t.Fatalf("SimpleSAMLphp did not accept the login of %s; it logged:\n%s", p.Login, s.Log())
	}
	return f
}

// Origin is [SSP.URL].
func (s *SSP) Origin() string { return s.URL }

// ReadForm reads the first form of a page, and fails the test if there is none.
func ReadForm(t testing.TB, res *http.Response) Form {
	t.Helper()
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("reading the page at %s: %v", res.Request.URL, err)
	}
	f, ok := formOf(t, res.Request.URL, page)
	if !ok {
		t.Fatalf("no form on the page at %s (status %d); it says: %s", res.Request.URL, res.StatusCode, visible(parse(t, page)))
	}
	return f
}

// formOf is the first form of a page that came from an address.
func formOf(t testing.TB, from *url.URL, page []byte) (Form, bool) {
	t.Helper()
	form := find(parse(t, page), "form")
	if form == nil {
		return Form{}, false
	}
	action, err := from.Parse(attribute(form, "action"))
	if err != nil {
		t.Fatalf("reading the form's address on %s: %v", from, err)
	}
	f := Form{action, url.Values{}}
	for n := range form.Descendants() {
		if n.Data == "input" && attribute(n, "name") != "" && attribute(n, "type") != "checkbox" {
			f.Values.Add(attribute(n, "name"), attribute(n, "value"))
		}
	}
	return f, true
}

func parse(t testing.TB, page []byte) *html.Node {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatalf("reading a page: %v", err)
	}
	return doc
}

func find(n *html.Node, element string) *html.Node {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == element {
			return d
		}
	}
	return nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func visible(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "script" && d.Parent.Data != "style" {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
