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

// signInAt takes the first steps of a sign-in without a browser: it opens an
// address that leads to the identity provider, by redirect or by a form that
// sends itself, fills in the login page, and returns the form with SAMLResponse
// that it ends with. A client that is signed in already skips the page.
func signInAt(t testing.TB, c *http.Client, url string, who PersonInfo) (Form, bool) {
	t.Helper()
	res, err := get(t.Context(), c, url)
	if err != nil {
		t.Fatalf("opening %s: %v", url, err)
	}
	for range 3 { // our form with the request, the login page, the response
		f := ReadForm(t, res)
		switch {
		case f.Values.Has("SAMLResponse"):
			return f, true
		case f.Values.Has("username"):
			f.Values.Set("username", who.Login)
			f.Values.Set("password", who.Password)
		}
		if res, err = c.PostForm(f.Action.String(), f.Values); err != nil {
			t.Fatalf("posting a form to %s: %v", f.Action.Host, err)
		}
	}
	res.Body.Close()
	return Form{}, false
}

func asksForPassword(t testing.TB, c *http.Client, url string) bool {
	t.Helper()
	return ReadForm(t, Navigate(t, c, url)).Values.Has("password")
}

// Navigate opens an address as a browser's address bar does, and follows
// redirects.
func Navigate(t testing.TB, c *http.Client, address string) *http.Response {
	t.Helper()
	return follow(t, c, http.MethodGet, address, nil)
}

// Follow does what a browser does without being asked: it goes where a page's
// refresh says and sends the forms with SAML messages that send themselves, until
// a page is there for a person. The page's body can still be read.
func Follow(t testing.TB, c *http.Client, res *http.Response) *http.Response {
	t.Helper()
	for range 20 {
		defer res.Body.Close()
		page, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatalf("reading the page at %s: %v", res.Request.URL, err)
		}
		res.Body = io.NopCloser(bytes.NewReader(page))
		_, next, refreshes := strings.Cut(refresh(parse(t, page)), "url=")
		f, found := formOf(t, res.Request.URL, page)
		switch {
		case refreshes:
			res = follow(t, c, http.MethodGet, next, nil)
		case found && (f.Values.Has("SAMLRequest") || f.Values.Has("SAMLResponse")):
			res = follow(t, c, http.MethodPost, f.Action.String(), f.Values)
		default:
			return res
		}
	}
	t.Fatalf("it goes on and on, and is now at %s", res.Request.URL)
	return nil
}

// refresh is what <meta http-equiv="refresh"> says, "" if there is none.
func refresh(page *html.Node) string {
	for n := range page.Descendants() {
		if n.Data == "meta" && strings.EqualFold(attribute(n, "http-equiv"), "refresh") {
			return attribute(n, "content")
		}
	}
	return ""
}

func follow(t testing.TB, c *http.Client, method, address string, form url.Values) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatalf("going to %s: %v", address, err)
	}
	req.Header.Set("Accept", "text/html,*/*;q=0.8")
	req.Header.Set("Sec-Fetch-Mode", "navigate")
	req.Header.Set("Sec-Fetch-Dest", "document")
	if method == http.MethodPost {
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		req.Header.Set("Sec-Fetch-Site", "none")
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatalf("going to %s: %v", address, err)
	}
	return res
}
