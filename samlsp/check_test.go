package samlsp

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// checks returns the names of the verdicts, each once.
func (r Report) checks(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, v := range r.Verdicts {
		if slices.Contains(names, v.Check) {
			t.Errorf("two verdicts of %s", v.Check)
		}
		names = append(names, v.Check)
	}
	return names
}

func TestExamineAccepted(t *testing.T) {
	m := good()
	m.response = true
	xml := m.sealed(t)
	m.now = m.now.Add(7 * time.Second)
	a, r, err := m.provider(t).Examine(t.Context(), encode(xml), m.want)
	if a == nil || err != nil {
		t.Fatal(err)
	}
	_, err = a.Identity()
	r = r.WithPerson(err)
	for _, v := range r.Verdicts {
		if !v.Passed || v.Detail != "" {
			t.Errorf("%+v", v)
		}
	}
	order := slices.DeleteFunc(r.checks(t), func(s string) bool {
		return !slices.Contains([]string{"unknown_idp", "base64", "comment", "several_assertions", "no_signature", "signature_invalid", "digest_mismatch",
			"destination", "in_response_to", "audience", "recipient", "expired", "authn_in_future", "replay", "email_domain"}, s)
	})
	if got, want := strings.Join(order, " "), "unknown_idp base64 comment several_assertions no_signature signature_invalid digest_mismatch "+
		"destination in_response_to expired audience recipient authn_in_future replay email_domain"; got != want {
		t.Errorf("checks were made in the order %s", got)
	}
	if r.IDP != "corp" || r.Bytes != len(xml) || !r.Proven || r.Encrypted || r.UsedSHA1 || !r.Issued.Equal(testNow()) || r.ClockOff != -7*time.Second {
		t.Errorf("%+v", r)
	}
	if got := strings.Join(r.Attributes, " "); got != "Email FirstName Role" {
		t.Errorf("attributes %q", got)
	}
}

// A refusal is the last verdict, everything before it passed, and a forgery is
// known as one.
func TestExamineRefused(t *testing.T) {
	for _, row := range []struct {
		name, check string
		proven      bool
		edit        func(*message)
	}{
		{"a comment", "comment", false, func(m *message) {
			m.editSigned = func(s string) string { return strings.Replace(s, ">n-1<", ">n-<!---->1<", 1) }
		}},
		{"a forgery", "digest_mismatch", false, func(m *message) {
			m.editSigned = func(s string) string { return strings.Replace(s, ">n-1<", ">n-2<", 1) }
		}},
		{"a stranger", "signature_invalid", false, func(m *message) { m.signWith = testKeys().p384 }},
		{"another audience", "audience", true, func(m *message) { m.xml = strings.Replace(m.xml, testEntity, "urn:other", 1) }},
		{"a text that is no time", "time_format", true, func(m *message) {
			m.xml = strings.Replace(m.xml, `AuthnInstant="`, `AuthnInstant="x`, 1)
		}},
		{"no address", "missing_attribute", true, func(m *message) {
			m.xml = strings.Replace(m.xml, `Name="Email"`, `Name="email"`, 1)
		}},
	} {
		m := good()
		row.edit(m)
		a, r, err := m.provider(t).Examine(t.Context(), encode(m.sealed(t)), m.want)
		if err == nil {
			_, err = a.Identity()
			r = r.WithPerson(err)
		}
		r.checks(t)
		for i, v := range r.Verdicts {
			if last := i == len(r.Verdicts)-1; last == v.Passed || last && (v.Check != row.check || !strings.Contains(err.Error(), v.Detail)) {
				t.Errorf("%s: verdict %d of %d: %+v", row.name, i+1, len(r.Verdicts), v)
			}
			if strings.Contains(strings.ToLower(v.Detail), "ana@") || strings.Contains(v.Detail, "n-1") {
				t.Errorf("%s: a value is told: %s", row.name, v.Detail)
			}
		}
		if r.Proven != row.proven || r.Proven != (len(r.Attributes) == 3) || r.Proven == r.Issued.IsZero() {
			t.Errorf("%s: %+v", row.name, r)
		}
	}
}

// Nothing but a test switches a check off: in the code that is shipped, off is
// only handed on and looked into.
func TestNothingSwitchesChecksOff(t *testing.T) {
	isOff := func(n ast.Expr) bool {
		s, ok := n.(*ast.SelectorExpr)
		return ok && s.Sel.Name == "off"
	}
	var found int
	for _, dir := range []string{".", "slo"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			set := token.NewFileSet()
			tree, err := parser.ParseFile(set, file, source, 0)
			if err != nil {
				t.Fatal(err)
			}
			allowed := map[ast.Node]bool{} // each mention that only reads or hands on
			ast.Inspect(tree, func(n ast.Node) bool {
				switch x := n.(type) {
				case *ast.AssignStmt:
					for _, left := range x.Lhs {
						ast.Inspect(left, func(n ast.Node) bool {
							if e, ok := n.(ast.Expr); ok && isOff(e) {
								t.Errorf("%s assigns off", set.Position(n.Pos()))
							}
							return true
						})
					}
				case *ast.KeyValueExpr:
					if key, ok := x.Key.(*ast.Ident); ok && key.Name == "off" {
						if !isOff(x.Value) {
							t.Errorf("%s gives off a value", set.Position(x.Pos()))
						}
						allowed[x.Value] = true
					}
				case *ast.IndexExpr:
					allowed[x.X] = true
				case *ast.CompositeLit: // without field names it would name no off
					kind, _ := x.Type.(*ast.Ident)
					holders := []string{"trial", "ServiceProvider", "Assertion", "Service"}
					if kind != nil && slices.Contains(holders, kind.Name) && len(x.Elts) > 0 {
						if _, named := x.Elts[0].(*ast.KeyValueExpr); !named {
							t.Errorf("%s makes a %s without the names of its fields", set.Position(x.Pos()), kind.Name)
						}
					}
				}
				return true
			})
			ast.Inspect(tree, func(n ast.Node) bool {
				if e, ok := n.(ast.Expr); ok && isOff(e) {
					if found++; !allowed[n] {
						t.Errorf("%s does something else with off", set.Position(n.Pos()))
					}
				}
				return true
			})
		}
	}
	if found == 0 {
		t.Error("nothing is called off any more: this test guards nothing")
	}
}
