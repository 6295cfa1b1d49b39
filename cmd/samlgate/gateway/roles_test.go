package gateway_test

import (
	"io"
	"net/http"
	"testing"
)

// What the file says of an identity provider's roles holds at the app.
func TestRolesSync(t *testing.T) {
	for sync, want := range map[string]string{"every_login": "staff", "never": "guest"} {
		s := prepare(t)
		s.app = func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("X-Auth-Roles")) }
		s.change("metadata_file: corp.xml", "metadata_file: corp.xml\n      roles: {default: [guest], sync: "+sync+"}").run()
		if a := s.post(s.post(s.get(s.url("wiki", "/")), "person", "ana@example.com")); a.body != want {
			t.Errorf("%s: %d with roles %q, want %q", sync, a.status, a.body, want)
		}
	}
}

// Whose address has letters outside ASCII comes in where the file says so.
func TestUnicodeEmail(t *testing.T) {
	for reason, want := range map[string]int{"": 403, "our directory": 200} {
		s := prepare(t)
		s.change("metadata_file: corp.xml", "metadata_file: corp.xml\n      insecure_unicode_email: \""+reason+"\"").run()
		a := s.post(s.post(s.get(s.url("wiki", "/")), "person", "jos\u00e9@example.com"))
		if a.status != want || (a.body == "hello jos\u00e9@example.com") != (want == 200) {
			t.Errorf("with reason %q: %d %s", reason, a.status, a.body)
		}
	}
}
