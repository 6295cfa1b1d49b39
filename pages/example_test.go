package pages_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/samlgate/samlgate/pages"
)

// A script that calls an address without a session gets the twin of the page.
func ExamplePages_Error() {
	p, err := pages.New(pages.Config{Title: "Example Corp"})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest("GET", "https://wiki.example.com/api/pages", nil)
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	p.Error(w, r, pages.Problem{
		Code:      pages.NotSignedIn,
		RequestID: "01K9ZT4Q7M3X",
		Args:      map[string]string{"route": "Wiki"},
		LoginURL:  "https://sso.example.com/.samlgate/login",
	})
	fmt.Println(w.Code)
	fmt.Print(w.Body)
	// Output:
	// 401
	// {"error":"not_signed_in","message":"You need to be signed in to open this application.","request_id":"01K9ZT4Q7M3X","login_url":"https://sso.example.com/.samlgate/login"}
}
