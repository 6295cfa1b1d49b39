package route

import "testing"

func path(t testing.TB, s string) Path {
	t.Helper()
	p, err := ParsePath(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return p
}

func TestPattern(t *testing.T) {
	check := func(want bool, pattern, method, at string) {
		t.Helper()
		p, err := ParsePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if p.Match(method, path(t, at)) != want {
			t.Errorf("%q on %s %s: want %v", pattern, method, at, want)
		}
	}
	allow := func(pattern, method, at string) { t.Helper(); check(true, pattern, method, at) }
	deny := func(pattern, method, at string) { t.Helper(); check(false, pattern, method, at) }

	allow("/x", "GET", "/x")
	allow("/x", "DELETE", "/x")
	allow("/%78%20y", "GET", "/x%20y")
	deny("/x", "GET", "/x/")
	deny("/x", "GET", "/x/y")
	deny("/x", "GET", "/X")
	deny("/x", "GET", "/x.")
	deny("/x", "GET", "/x%20")
	deny("/x", "GET", "/xy")
	allow("/x/", "GET", "/x/")
	allow("/x/", "GET", "/x/y/z")
	deny("/x/", "GET", "/x")
	deny("/x/", "GET", "/xy/")
	allow("/", "GET", "/anything")
	allow("GET,POST /x", "POST", "/x")
	allow("GET /x", "HEAD", "/x")
	deny("GET,POST /x", "PUT", "/x")
	deny("POST /x", "HEAD", "/x")
	deny("GET /x", "get", "/x")

	if (Pattern{}).Match("GET", path(t, "/")) || (Pattern{}).Match("GET", Path{}) {
		t.Error("the zero pattern matches")
	}
}

func TestBlockPattern(t *testing.T) {
	check := func(want bool, pattern, method, at string) {
		t.Helper()
		p, err := ParseBlockPattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if p.Match(method, path(t, at)) != want {
			t.Errorf("%q on %s %s: want %v", pattern, method, at, want)
		}
	}
	blocks := func(pattern, method, at string) { t.Helper(); check(true, pattern, method, at) }
	leaves := func(pattern, method, at string) { t.Helper(); check(false, pattern, method, at) }

	for _, at := range []string{"/admin", "/ADMIN", "/admin/", "/Admin/x", "/admin.", "/admin..", "/admin%20", "/admin%20.", "/admin./x",
		"/admin%20/x", "/%61dmin", "/adm%C4%B1n", "/%EF%BD%81dmin", "/admin%C2%A0"} {
		blocks("/admin", "GET", at)
		blocks("/admin/", "GET", at)
		blocks("/Admin", "GET", at)
	}
	for _, at := range []string{"/", "/administrator", "/x/admin", "/admi", "/.admin", "/admin-x"} {
		leaves("/admin", "GET", at)
	}
	blocks("/password/reset", "GET", "/pa%C3%9Fword/Reset") // "ß" in capitals is "SS"
	blocks("/kim", "GET", "/%E2%84%AAim")                   // KELVIN SIGN
	blocks("/stra%C3%9Fe", "GET", "/STRASSE")
	leaves("/a/b", "GET", "/a")
	blocks("/", "GET", "/x")
	blocks("GET,POST /x", "post", "/x")
	blocks("GET /x", "HEAD", "/X/")
	leaves("POST /x", "GET", "/x")

	if (BlockPattern{}).Match("GET", path(t, "/")) {
		t.Error("the zero pattern blocks")
	}
}

func TestPatternsThatCouldNeverMatch(t *testing.T) {
	for _, bad := range []string{"", "x", "GET", "GET ", " /x", "get /x", "GET, POST /x", "GET,,POST /x", "GET  /x", "/a//b", "/../x", "/a;b", "/%2f", "/a%", "G\x00T /x"} {
		if _, err := ParsePattern(bad); err == nil {
			t.Errorf("pattern %q was taken", bad)
		}
		if _, err := ParseBlockPattern(bad); err == nil {
			t.Errorf("block %q was taken", bad)
		}
	}
}

// A block never has a hole where the plain pattern of the same text matches.
func FuzzBlockCoversPattern(f *testing.F) {
	f.Add("/admin", "/admin/x")
	f.Add("/stra%C3%9Fe/", "/stra%C3%9Fe/%C4%B0")
	f.Fuzz(func(t *testing.T, pattern, at string) {
		open, err := ParsePattern(pattern)
		if err != nil {
			return
		}
		block, err := ParseBlockPattern(pattern)
		if err != nil {
			t.Fatalf("%q is a pattern but no block: %v", pattern, err)
		}
		for _, s := range []string{at, pattern + at} {
			if p, err := ParsePath(s); err == nil && open.Match("GET", p) && !block.Match("GET", p) {
				t.Fatalf("block %q leaves %q open", pattern, s)
			}
		}
	})
}
