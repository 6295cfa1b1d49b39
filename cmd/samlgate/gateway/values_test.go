package gateway_test

import (
	"fmt"
	"net/http"
	"testing"
)

// What the file says of presets and encodings is what reaches the app, over the
// first sign-in and a public path, and on other routes too nobody else may say
// it.
func TestPresetsAndEncodings(t *testing.T) {
	s := prepare(t)
	s.app = func(w http.ResponseWriter, r *http.Request) {
		h := r.Header
		fmt.Fprintf(w, "%s|%s|%s|%s|%s|%v", h["X-Webauth-User"], h["X-Webauth-Groups"], h["X-Auth-Email"], h["X-Auth-First-Name"], h["X-Api-Key"], h["X-Auth-Assertion"] != nil)
	}
	s.change("metadata_file: corp.xml", `metadata_file: corp.xml
      insecure_unicode_email: a test
      roles: {default: ["Entwicklung & Bau", "a,admin"]}`)
	s.change("headers: {", "headers: {set: {X-Api-Key: k}, encoding: {X-Auth-First-Name: base64}, ")
	s.change("public: [/about]}", "public: [/about], headers: {preset: grafana, first_name: X-Auth-First-Name, encoding: percent}}")
	s.run()
	lie := []string{"X-WEBAUTH-USER", "boss", "X_Webauth_Groups", "admin", "X-Api-Key", "mine"}
	a := s.post(s.post(s.get(s.url("wiki", "/")), "person", "jos\u00e9@example.com"))
	if want := "[jos%C3%A9@example.com]|[Entwicklung%20&%20Bau]|[]|[Jos%C3%A9]|[k]|true"; a.body != want {
		t.Errorf("%d %s, want %s", a.status, a.body, want)
	}
	if a := s.get(s.url("wiki", "/"), lie...); a.body != "[jos%C3%A9@example.com]|[Entwicklung%20&%20Bau]|[]|[Jos%C3%A9]|[k]|true" {
		t.Errorf("beside lies: %d %s", a.status, a.body)
	}
	if a := s.get(s.url("wiki", "/about"), lie...); a.body != "[]|[]|[]|[]|[k]|false" {
		t.Errorf("on a public path: %d %s", a.status, a.body)
	}
}
