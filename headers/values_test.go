package headers

import (
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestApply(t *testing.T) {
	n := allNames()
	n.Set = map[string]string{"X-Api-Key": "secret"}
	h := http.Header{"Accept": {"*/*"}}
	report, err := Apply(h, n, ana())
	want := http.Header{
		"Accept": {"*/*"}, "X-Auth-Email": {"ana@example.com"}, "X-Auth-First-Name": {"Ana"}, "X-Auth-Last-Name": {"Müller"},
		"X-Auth-User": {"ana"}, "X-Auth-Roles": {"staff,editor"}, "X-Auth-Employee-Id": {"42"}, "X-Auth-Dept": {"R&D"},
		"X-Api-Key": {"secret"},
	}
	if err != nil || report.Total() != 0 || !reflect.DeepEqual(h, want) {
		t.Errorf("got %v, %+v, %v", h, report, err)
	}
	h.Add("X-Auth-Email", "second")
	if want := []string{"Ana"}; !slices.Equal(h["X-Auth-First-Name"], want) {
		t.Errorf("adding to one header changed another: %v", h)
	}
}

func TestApplySendsNothingForNobody(t *testing.T) {
	h := http.Header{"X-Auth-Email": {"left@behind.example"}}
	if report, err := Apply(h, allNames(), Values{}); err != nil || report.Total() != 0 || len(h) != 0 {
		t.Errorf("got %v, %+v, %v", h, report, err)
	}
	if _, err := Apply(h, Names{}, ana()); err != nil || len(h) != 0 {
		t.Errorf("without names: %v, %v", h, err)
	}
}

func TestApplyLeavesOutWhatNoHeaderCanCarry(t *testing.T) {
	for _, value := range []string{"a\nX-Admin: yes", "a\x00", "\t", "a\x7f", "\xff", "a\r"} {
		h := http.Header{}
		report, err := Apply(h, Names{FirstName: "X-First", Extra: map[string]string{"X-Dept": "dept"}},
			Values{FirstName: value, Attributes: map[string][]string{"dept": {value, "fine"}}})
		if err != nil || len(h) != 0 || !slices.Equal(report.Absent, []string{"X-Dept", "X-First"}) {
			t.Errorf("%q gave %v, %+v, %v", value, h, report, err)
		}
	}
	h := http.Header{}
	if _, err := Apply(h, Names{FirstName: "X-First", LastName: "X-Last"}, Values{FirstName: " ", LastName: " B "}); err != nil ||
		!reflect.DeepEqual(h, http.Header{"X-Last": {"B"}}) {
		t.Errorf("blanks: %v, %v", h, err)
	}
}

func TestJoinedRoles(t *testing.T) {
	for _, c := range []struct {
		separator string
		roles     []string
		want      string
		dropped   int
	}{
		{"", []string{"a", "b"}, "a,b", 0},
		{"", []string{"a,admin", "b"}, "b", 1},
		{";", []string{"a,b", "c;admin"}, "a,b", 1},
		{",", []string{" a", "b ", "c\n", "", "\xff", "d"}, "d", 5},
		{",", []string{"a,b"}, "", 1},
		{",", []string{"admin\u00a0", "\u2003admin", "admin\ufeff", "\u0085admin", "d"}, "d", 4}, // many apps trim these, too
		{";;", []string{"a;", "b"}, "b", 1},
		{", ", []string{"Team A", "b"}, "Team A, b", 0},
		{", ", []string{"a,admin", "b,", "c"}, "c", 2}, // whoever splits at "," and trims reads more
		{" ", []string{"Team A", "b"}, "b", 1},
	} {
		h := http.Header{}
		report, err := Apply(h, Names{Roles: "Roles", Separator: c.separator}, Values{Roles: c.roles})
		if err != nil || h.Get("Roles") != c.want || report.Dropped != c.dropped || (c.want == "") != (len(h) == 0) {
			t.Errorf("%q by %q: %v, %+v, %v", c.roles, c.separator, h, report, err)
		}
	}
}

func TestApplyRefusesTheTooLarge(t *testing.T) {
	long := strings.Repeat("z", MaxValue+1)
	for _, v := range []Values{{Email: long}, {Roles: []string{long[:4000], long[:4000]}}, {Attributes: map[string][]string{"dept": {long}}}} {
		_, err := Apply(http.Header{}, allNames(), v)
		if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "X-Auth-") || strings.Contains(err.Error(), "zzz") {
			t.Errorf("got %.200v", err)
		}
	}
	if _, err := Apply(http.Header{}, allNames(), Values{Email: long[1:]}); err != nil {
		t.Errorf("exactly %d bytes: %v", MaxValue, err)
	}
}

func TestNamesCheck(t *testing.T) {
	if err := allNames().Check(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for name, n := range map[string]Names{
		"a space":           {Email: "X Auth"},
		"a colon":           {Email: "X:Auth"},
		"non-ASCII":         {Email: "X-Ärger"},
		"no letter":         {Email: "---"},
		"Host":              {Email: "Host"},
		"Connection":        {JWT: "connection"},
		"Content_Length":    {Extra: map[string]string{"Content_Length": "x"}},
		"Signature":         {JWT: "Signature"},
		"an alias":          {Email: "X-Mail", Username: "x_mail"},
		"extra over email":  {Email: "X-Mail", Extra: map[string]string{"X.Mail": "x"}},
		"a control in set":  {Set: map[string]string{"X-Key": "a\nb"}},
		"nothing in set":    {Set: map[string]string{"X-Key": ""}},
		"control separator": {Roles: "X-Roles", Separator: "\n"},
	} {
		if err := n.Check(); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestLimit(t *testing.T) {
	v := ana()
	v.Attributes["salary"] = []string{"1"}
	if got := allNames().Limit(v).Attributes; !slices.Equal(slices.Collect(maps.Keys(got)), []string{"dept"}) {
		t.Errorf("got %v", got)
	}
	if got := DefaultNames().Limit(v).Attributes; got != nil || len(v.Attributes) != 2 {
		t.Errorf("got %v", got)
	}
}

// A name that somebody chose with a blank at its end would arrive as the name
// without it, which may be somebody else's.
func TestNamesOfPeopleAreNeverTrimmed(t *testing.T) {
	n := DefaultNames()
	n.Username, n.Extra = "X-Auth-User", map[string]string{"X-Auth-Desk": "desk"}
	for _, v := range []Values{
		{Username: "ceo "}, {EmployeeID: " 1"}, {Attributes: map[string][]string{"desk": {"7 "}}},
		{Username: "ceo\u00a0"}, {EmployeeID: "\u3000001"}, {Attributes: map[string][]string{"desk": {"\ufeff7"}}},
	} {
		h := http.Header{}
		report, err := Apply(h, n, v)
		if err != nil || len(h) != 0 || len(report.Absent) != 1 {
			t.Errorf("%+v: %v, %+v, %v", v, h, report, err)
		}
	}
	h := http.Header{}
	if _, err := Apply(h, n, Values{FirstName: "Ana "}); err != nil || h.Get("X-Auth-First-Name") != "Ana" {
		t.Errorf("a first name: %v, %v", h, err)
	}
}
