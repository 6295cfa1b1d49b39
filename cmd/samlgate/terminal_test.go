package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/samlgate/samlgate/admin/logins"
)

// commands is what a terminal would obey: C0, C1 (U+009B is CSI in UTF-8 too),
// and what turns the direction of text.
const commands = "\x1b[2J\u009b31m\x7f\u202etxt.exe\U000e0041"

// obeyed reports whether a terminal would do something.
func obeyed(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
	})
}

// What people are called is theirs to choose, and JSON is read in terminals too.
func TestJSONCommandsNoTerminal(t *testing.T) {
	a := evil()
	a.Result, a.Reason, a.IDP = commands, commands, commands
	v := logins.Trial{Done: true, Attempt: &a, Person: &logins.Person{Email: "ana@example.com", LastName: commands, Attributes: map[string][]string{commands: {commands}}}}
	d := newDesk(t, `{"id": "x", "url": "https://sso.example.com/`+"\u009b"+`"}`, asJSON(t, v))
	s := samlgate(t, d.flags("try", "idp", "corp", "--output", "json")...)
	if obeyed(s.out + s.err) {
		t.Errorf("%q %q", s.out, s.err)
	}
	if !json.Valid([]byte(s.out)) {
		t.Errorf("no JSON alone: %q", s.out)
	}
	s.prints(`"last_name": "\u001b[2J\u009b31m\u007f\u202etxt.exe\udb40\udc41"`)
	d = newDesk(t, `{"id": "x", "url": "https://sso.example.com/"}`, asJSON(t, v))
	if s := samlgate(t, d.flags("try", "idp", "corp")...).fitsTerminal(); obeyed(s.out + s.err) {
		t.Errorf("%q %q", s.out, s.err)
	}
	d = newDesk(t, asJSON(t, a))
	if s := samlgate(t, d.flags("logins", "show", "x")...).fitsTerminal(); obeyed(s.out + s.err) {
		t.Errorf("%q %q", s.out, s.err)
	}
}

// Whatever listens at --admin may be somebody else's.
func TestRefusalsCommandNoTerminal(t *testing.T) {
	d := newDesk(t, "")
	d.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, asJSON(t, map[string]string{"error": "x", "message": commands + strings.Repeat("long ", 1000)}))
	})
	if s := samlgate(t, d.flags("logins", "list")...).exits(exitFailed); obeyed(s.err) || len(s.err) > 500 {
		t.Errorf("%q", s.err)
	}
}
