package route

import (
	"fmt"
	"strings"
	"testing"
)

func TestRouter(t *testing.T) {
	r, err := New([]Entry[int]{
		{Name: "wiki", Hosts: []string{"Wiki.example.com.", "w.example.com"}, Path: "/", Value: 1},
		{Name: "wiki-api", Hosts: []string{"wiki.example.com"}, Path: "/api/", Value: 2},
		{Name: "wiki-api-v2", Hosts: []string{"wiki.example.com:443"}, Path: "/api/v2", Value: 3},
		{Name: "any", Hosts: []string{"*.example.com"}, Value: 4},
		{Name: "hr", Hosts: []string{"hr.example.com"}, Path: "/hr"},
		{Name: "six", Hosts: []string{"[::1]"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{
		"wiki.example.com /":         "wiki",
		"w.example.com /api":         "wiki",
		"wiki.example.com /api":      "wiki-api",
		"wiki.example.com /api/v1":   "wiki-api",
		"wiki.example.com /apix":     "wiki",
		"wiki.example.com /API":      "wiki",
		"wiki.example.com /api/v2/x": "wiki-api-v2",
		"wiki.example.com /api/v22":  "wiki-api",
		"other.example.com /x":       "any",
		"a.b.example.com /":          "",
		"example.com /":              "",
		"hr.example.com /hr/x":       "hr",
		"hr.example.com /x":          "", // an exact host owns all its paths
		"localhost /":                "",
		"[::1] /":                    "six",
	} {
		host, target, _ := strings.Cut(at, " ")
		e, ok := r.Match(host, path(t, target))
		if got := name(e); got != want || ok != (want != "") {
			t.Errorf("%s went to %q, want %q", at, got, want)
		}
	}
	if _, ok := r.Match("wiki.example.com", Path{}); ok {
		t.Error("the zero path has a route")
	}
	if !r.ExactHost("wiki.example.com") || r.ExactHost("other.example.com") || r.ExactHost("*.example.com") {
		t.Error("ExactHost is for hosts that are named")
	}
	if !r.HasHost("other.example.com") || r.HasHost("example.com") || r.HasHost("a.b.example.com") || r.HasHost("") {
		t.Error("HasHost is for hosts that are served")
	}
	if e, _ := r.Match("wiki.example.com", path(t, "/api")); e.Value != 2 {
		t.Errorf("value %d", e.Value)
	}
}

func name(e *Entry[int]) string {
	if e == nil {
		return ""
	}
	return e.Name
}

func TestRouterMistakes(t *testing.T) {
	one := func(hosts, path string) Entry[int] {
		return Entry[int]{Name: "r", Hosts: strings.Fields(hosts), Path: path}
	}
	for _, entries := range [][]Entry[int]{
		{one("", "/")},
		{one("a b:c", "/")},
		{one("*", "/")},
		{one("*.", "/")},
		{one("a.*.com", "/")},
		{one("*.*.com", "/")},
		{one("a.com", "x")},
		{one("a.com", "/a//b")},
		{one("a.com", "/a/../b")},
		{one("a.com A.com.", "/")},
		{one("a.com", "/x"), one("A.COM:80", "/x/")},
		{one("*.a.com", ""), one("*.A.com", "/")},
		{one("a.com", "/%61"), one("a.com", "/a")},
	} {
		if _, err := New(entries); err == nil {
			t.Errorf("%v was taken", entries)
		}
	}
	_, err := New([]Entry[int]{one("a_ b!", "/"), one("a.com", "/;"), one("b.com", "/"), one("b.com", "")})
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("not all mistakes at once: %v", err)
	}
}

func ExampleRouter() {
	r, err := New([]Entry[string]{
		{Name: "wiki", Hosts: []string{"wiki.example.com"}, Path: "/", Value: "http://10.0.0.5:8080"},
		{Name: "api", Hosts: []string{"wiki.example.com"}, Path: "/api", Value: "http://10.0.0.6:8080"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	host, _ := CanonicalHost("Wiki.Example.com:443")
	p, _ := ParsePath("/api/%75sers")
	e, _ := r.Match(host, p)
	fmt.Println(e.Name, e.Value, p)
	// Output: api http://10.0.0.6:8080 /api/users
}
