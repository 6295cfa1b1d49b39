package e2e

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// TestDemoJourney makes the same journey in `samlgate demo`: the embedded store
// and the demo's own identity provider, whose page has a button for each person.
func TestDemoJourney(t *testing.T) {
	_, site := testenv.StartDemo(t)
	b := testenv.NewBrowser(t)
	wiki, hr := site.App("wiki"), site.App("hr")

	b.Open(wiki + "/deep/link?q=1")
	people := demoPeople(t, b)
	b.Screenshot("demo-idp")

	b.ClickText(people[0])
	b.WaitURL(wiki + "/deep/link?q=1")
	b.WaitText(people[0])
	b.Screenshot("demo-wiki")
	b.Open(hr + "/")
	b.WaitURL(hr)
	b.WaitText(people[0])

	b.Open(wiki + "/.samlgate/logout")
	b.WaitText(signedOut)
	b.Screenshot("demo-signed-out")
	// Like any identity provider, the demo's keeps a session of its own.
	b.Open("http://localhost:" + site.Port + "/.demo-idp/logout")
	b.Open(hr + "/after-the-logout")
	if again := demoPeople(t, b); !slices.Equal(again, people) {
		t.Errorf("after the logout the demo asks %v, want %v", again, people)
	}

	// The second person is a contractor, whom HR does not admit.
	b.Open(wiki + "/second-person")
	demoPeople(t, b)
	b.ClickText(people[1])
	b.WaitURL(wiki + "/second-person")
	b.WaitText(people[1])
	if strings.Contains(b.Source(), people[0]) {
		t.Errorf("the second person's page still speaks of %s", people[0])
	}
	b.NoProblems()
}

// TestDemoRefusesRestricted lets the third person of the demo try.
func TestDemoRefusesRestricted(t *testing.T) {
	_, site := testenv.StartDemo(t)
	b := testenv.NewBrowser(t)
	b.Open(site.App("wiki") + "/")
	demoPeople(t, b)
	b.ClickText("Restricted")
	b.WaitText("Support ID")
	if b.Status() != 403 {
		t.Errorf("the status is %d, want 403", b.Status())
	}
	b.Screenshot("demo-restricted")
	b.NoProblems()
}

var address = regexp.MustCompile(`[\w.+-]+@[\w-]+(\.[\w-]+)+`)

// demoPeople waits for the demo's identity provider and returns the addresses of
// the people whom it offers, in the order of the page.
func demoPeople(t *testing.T, b *testenv.Browser) []string {
	t.Helper()
	b.WaitText("@")
	var people []string
	for _, a := range address.FindAllString(b.Text("body"), -1) {
		if !slices.Contains(people, a) {
			people = append(people, a)
		}
	}
	if len(people) != 3 {
		t.Fatalf("the demo's identity provider at %s offers %v, want three people", b.URL(), people)
	}
	return people
}
