package testenv

import (
	"net/http"
	"testing"
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
