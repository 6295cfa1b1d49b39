package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/admin"
)

// hostile is a session whose browser and address would like to command the
// terminal.
func hostile(n int) admin.Session {
	at := time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	return admin.Session{
		ID: fmt.Sprintf("b042.abcdefghijklmn%02d", n), User: "ana" + strings.Repeat("x", 80) + commands + "@example.com", IDP: "corp" + commands,
		Address: commands, Browser: "Firefox" + commands + "\r\nb000.forged  root@example.com", Roles: []string{commands, "staff"}, Created: at, LastUsed: at, Expires: at.Add(time.Hour), IdleTimeout: "30m0s",
	}
}

func TestSessionsList(t *testing.T) {
	first := asJSON(t, admin.SessionList{Sessions: []admin.Session{hostile(1), hostile(2)}, Cursor: "next"})
	last := asJSON(t, admin.SessionList{Sessions: []admin.Session{hostile(3)}})
	d := newDesk(t, first, last)
	s := samlgate(t, d.flags("sessions", "list", "--idp", "corp", "--route", "wiki")...).exits(exitOK).fitsTerminal().
		prints("ID ", "LAST USED", "b042.abcdefghijklmn01  anaxxx", "b042.abcdefghijklmn03", "03-03 12:00")
	if obeyed(s.out) || strings.Count(s.out, "\n") != 4 || s.err != "" {
		t.Errorf("%q %q", s.out, s.err)
	}
	if d.asked[0] != "GET /api/v1/sessions?idp=corp&limit=100&route=wiki " || d.asked[1] != "GET /api/v1/sessions?cursor=next&idp=corp&limit=98&route=wiki " {
		t.Errorf("asked %q", d.asked)
	}
	d = newDesk(t, first)
	samlgate(t, d.flags("sessions", "list", "--user", "ana@example.com", "--limit", "2")...).exits(exitOK).complains("2 are shown and there may be more")
	d = newDesk(t, first, last)
	if s := samlgate(t, d.flags("sessions", "list", "--limit", "0", "--output", "json")...).exits(exitOK); obeyed(s.out) || strings.Count(s.out, `"id"`) != 3 {
		t.Errorf("%q", s.out)
	}
	if d.asked[0] != "GET /api/v1/sessions?limit=1000 " {
		t.Errorf("asked %q", d.asked)
	}
	samlgate(t, newDesk(t, `{"sessions": []}`).flags("sessions", "list")...).exits(exitOK).prints("No such session.")
	samlgate(t, newDesk(t, first).flags("sessions", "list", "--limit=-1")...).exits(exitFailed)
	samlgate(t, newDesk(t, first).flags("sessions", "list", "--limit", "0")...).exits(exitFailed).complains("the same page again")
}

func TestSessionsShow(t *testing.T) {
	d := newDesk(t, asJSON(t, hostile(1)))
	s := samlgate(t, d.flags("sessions", "show", "b042.abcdefghijklmn01")...).exits(exitOK).fitsTerminal().prints("Id           b042.abcdefghijklmn01", "Ends by      2026-03-03 13:00:00 UTC", "staff")
	if obeyed(s.out) {
		t.Errorf("%q", s.out)
	}
}

func TestSessionsEnd(t *testing.T) {
	end := func(stdin, answer string, args ...string) (*said, *desk) {
		d := newDesk(t, answer)
		return samlgateReading(t, stdin, d.flags(append([]string{"sessions", "end"}, args...)...)...), d
	}
	asks := func(d *desk, want string) {
		t.Helper()
		if len(d.asked) != 1 || d.asked[0] != want+" " {
			t.Errorf("asked %q, want %q", d.asked, want)
		}
	}
	s, d := end("", `{"ended": 1}`, "b042.abcdefghijklmn01", "--reason", "stolen laptop")
	s.exits(exitOK).prints("1 session ended")
	asks(d, "DELETE /api/v1/sessions/b042.abcdefghijklmn01?reason=stolen+laptop")
	s, d = end("", `{"ended": 12}`, "--user", "ana@example.com")
	s.exits(exitOK).prints("12 sessions ended")
	asks(d, "DELETE /api/v1/sessions?user=ana%40example.com")
	s, d = end("", `{}`, "--all", "--yes")
	s.exits(exitOK).prints("all sessions ended")
	asks(d, "DELETE /api/v1/sessions?all=true")

	// Nobody is signed out by a forgotten word or a variable that is not set.
	for _, args := range [][]string{{}, {"--user", ""}, {"--idp", ""}, {""}, {"--all", "--user", "ana@example.com"}, {"b042.x", "--all"}} {
		s, d := end("y\n", `{}`, args...)
		s.exits(exitFailed).complains("name what to end")
		if len(d.asked) != 0 {
			t.Errorf("%q: asked %q", args, d.asked)
		}
	}
	for _, args := range [][]string{{"--all"}, {"--idp", "corp" + commands}} {
		s, d := end("y\n", `{}`, args...) // a pipe: nobody has read the question
		s.exits(exitFailed).complains("--yes")
		if len(d.asked) != 0 || obeyed(s.err) {
			t.Errorf("%q: asked %q, said %q", args, d.asked, s.err)
		}
	}

	// Many are ended in several calls.
	d = newDesk(t, `{"ended": 1000, "cursor": "a"}`, `{"ended": 0, "cursor": "b"}`, `{"ended": 7}`)
	samlgate(t, d.flags("sessions", "end", "--idp", "corp", "--yes")...).exits(exitOK).prints("1007 sessions ended")
	if d.asked[2] != "DELETE /api/v1/sessions?cursor=b&idp=corp " {
		t.Errorf("asked %q", d.asked)
	}
}

func TestUsers(t *testing.T) {
	idle, most, at := "10m0s", 2, time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	u := admin.User{ID: "ana@example.com" + commands + strings.Repeat("x", 100), Sessions: 3, LastUsed: &at, IDPs: []string{"corp"}, Operator: admin.UserLimits{IdleTimeout: &idle, MaxConcurrent: &most}}
	d := newDesk(t, asJSON(t, admin.UserList{Users: []admin.User{u, {ID: "b@example.com", IDPs: []string{}}}}))
	s := samlgate(t, d.flags("users", "list")...).exits(exitOK).fitsTerminal().prints("SESSIONS", "ana@example.com", "10m", "03-03 12:00")
	if obeyed(s.out) {
		t.Errorf("%q", s.out)
	}
	d = newDesk(t, asJSON(t, u))
	samlgate(t, d.flags("users", "show", "corp|persistent:a/b")...).exits(exitOK).fitsTerminal().prints("Set here     idle timeout 10m, at most 2 sessions", "Own choice   nothing")
	samlgate(t, d.flags("users", "set", "ana@example.com", "--idle-timeout", "10m", "--max-concurrent", "0", "--reason", "kiosk")...).exits(exitOK)
	samlgate(t, d.flags("users", "set", "ana@example.com", "--unset", "idle-timeout", "--unset", "max-concurrent", "--output", "json")...).exits(exitOK).prints(`"max_concurrent": 2`)
	want := []string{"GET /api/v1/users/corp%7Cpersistent:a%2Fb ", `PATCH /api/v1/users/ana@example.com {"idle_timeout":"10m0s","max_concurrent":0,"reason":"kiosk"}`,
		`PATCH /api/v1/users/ana@example.com {"idle_timeout":null,"max_concurrent":null}`}
	if fmt.Sprint(d.asked) != fmt.Sprint(want) {
		t.Errorf("asked %q, want %q", d.asked, want)
	}
	samlgate(t, d.flags("users", "set", "ana@example.com")...).exits(exitFailed).complains("nothing to set")
	samlgate(t, d.flags("users", "set", "ana@example.com", "--unset", "roles")...).exits(exitConfig)
	samlgate(t, d.flags("users", "set", "ana@example.com", "--unset", "idle-timeout", "--idle-timeout", "1m")...).exits(exitFailed).complains("at once")
}

func TestShortSpan(t *testing.T) {
	for in, want := range map[string]string{"10m0s": "10m", "1h0m0s": "1h", "1h30m0s": "1h30m", "1m30s": "1m30s", "45s": "45s", "10h0m5s": "10h0m5s"} {
		if got := shortSpan(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
