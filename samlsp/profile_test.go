package samlsp_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

var update = flag.Bool("update", false, "write docs/saml-profile.md anew")

const profileFile = "../docs/saml-profile.md"

// section is a part of the profile.
type section struct {
	title, about string
	rows         []row
}

// row is one thing that a specification says, and what becomes of it here.
type row struct {
	ref, says string
	does      string // accepted, refused, done or not offered
	reasons   string // of a refusal, by their names; their pairs show it
	tests     string // further ones: "folder TestName" or "folder TestName: case", one a line
}

func profile() []section {
	return slices.Concat(coreProfile(), bindingProfile(), webProfile(), logoutProfile(), metadataProfile(), kantaraProfile(), deploymentProfile())
}

const preface = `# SAML profile

What samlgate accepts as a SAML 2.0 service provider, what it refuses, and why. This page is written by a test from the
tables of the tests, and compared with them at every run: ` + "`go test ./samlsp -run Profile -update`" + ` writes it anew.

* **accepted**: an honest message may be so. **refused**: it is turned away with that reason, which the log, the metrics and
  ` + "`logins show`" + ` know by the same name. **done**: what samlgate sends or does itself. **not offered**: there is no such door.
* Most refusals are shown by pairs (` + "`samlsp/idptest`" + `): a message that is refused for exactly that reason, and its twin without the
  one mistake, which gets in. ` + "`TestEachCheckIsNeeded`" + ` then switches the one check off and sees the mistake get in, for more than
  120 different ideas; where several checks refuse the same, it lists them.
* A date, an order or a place that the standard leaves open is read in the stricter way. Doubt means no.
`

func TestProfile(t *testing.T) {
	var b strings.Builder
	b.WriteString(preface)
	known, tests := idptest.Misbehaviours(), sources{}
	for _, s := range profile() {
		fmt.Fprintf(&b, "\n## %s\n\n", s.title)
		if s.about != "" {
			fmt.Fprintf(&b, "%s\n\n", s.about)
		}
		b.WriteString("| section | what | samlgate | shown by |\n|---|---|---|---|\n")
		for _, r := range s.rows {
			pairs := known
			if s.title == logoutTitle { // the pairs are responses
				pairs = nil
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.ref, r.says, r.outcome(), r.shown(t, pairs, tests))
		}
	}
	if *update {
		if err := os.WriteFile(profileFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(profileFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != b.String() {
		t.Error("docs/saml-profile.md is stale: go test ./samlsp -run Profile -update")
	}
}

func (r row) outcome() string {
	if r.reasons == "" {
		return r.does
	}
	return r.does + ": `" + strings.Join(strings.Fields(r.reasons), "` `") + "`"
}

const shownPairs = 3

// shown lists the pairs of the reasons and the other tests, each of which exists.
func (r row) shown(t *testing.T, known []idptest.Misbehaviour, tests sources) string {
	t.Helper()
	var all, pairs []string
	for _, m := range known {
		if slices.Contains(strings.Fields(r.reasons), m.Want) {
			pairs = append(pairs, m.Name)
		}
	}
	if n := len(pairs); n > shownPairs {
		pairs = append(pairs[:shownPairs], fmt.Sprintf("%d more", n-shownPairs))
	}
	if len(pairs) > 0 {
		all = append(all, "pairs: "+strings.Join(pairs, "; "))
	}
	for line := range strings.Lines(r.tests) {
		folder, test, ok := strings.Cut(strings.TrimSpace(line), " ")
		name, part, one := strings.Cut(test, ": ")
		if !ok || !tests.exists(t, folder, name, part, one) {
			t.Errorf("%s: no test %q", r.ref, line)
		}
		if all = append(all, "`"+folder+"` "+name); one {
			all[len(all)-1] += " (" + part + ")"
		}
	}
	if len(all) == 0 && r.does != "not offered" {
		t.Errorf("%s: nothing shows that it is %s", r.ref, r.does)
	}
	return strings.ReplaceAll(strings.Join(all, "<br>"), "|", "\\|")
}

// sources are the tests of each folder, read once.
type sources map[string]string

// exists finds a test, and the case in a text of the same folder.
func (s sources) exists(t *testing.T, folder, name, part string, one bool) bool {
	t.Helper()
	if s[folder] == "" {
		files, err := filepath.Glob(filepath.Join("..", folder, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			source, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			s[folder] += string(source)
		}
	}
	return strings.Contains(s[folder], "\nfunc "+name+"(t *testing.T)") && (!one || strings.Contains(s[folder], `"`+part+`"`))
}

// Whatever may be refused stands in the profile.
func TestProfileNamesEveryReason(t *testing.T) {
	named := make(map[string]bool)
	for _, s := range profile() {
		for _, r := range s.rows {
			for _, reason := range strings.Fields(r.reasons) {
				named[reason] = true
			}
		}
	}
	for _, r := range samlsp.Reasons() {
		if !named[r.String()] {
			t.Errorf("%v is in no row", r)
		}
		delete(named, r.String())
	}
	source, err := os.ReadFile("slo/reason.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`Reason = "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		if delete(named, m[1]); !slices.ContainsFunc(logoutProfile()[0].rows, func(r row) bool { return slices.Contains(strings.Fields(r.reasons), m[1]) }) {
			t.Errorf("%s is in no row about logout", m[1])
		}
	}
	for name := range named {
		t.Errorf("%s is no reason", name)
	}
}
