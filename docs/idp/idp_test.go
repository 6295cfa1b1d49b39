// Package idp_test holds the pages in this folder to their word: every
// configuration loads, every refusal they name exists.
package idp_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/samlsp"
)

// products is every product that saml.idps[].preset knows, one page each.
func products() []string {
	return []string{"okta", "entra", "adfs", "google", "onelogin", "ping", "keycloak", "simplesamlphp", "shibboleth"}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every page has the same sections in the same order.
func TestPagesHaveTheSameSections(t *testing.T) {
	want := []string{
		"Before you start", "Set up the application", "Attributes", "Give back to the gateway operator",
		"Certificates", "Test", "Common mistakes", "Gateway configuration",
	}
	for _, name := range products() {
		if got := headings(read(t, name+".md")); !slices.Equal(got, want) {
			t.Errorf("%s.md has the sections %q", name, got)
		}
	}
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) != len(products())+1 {
		t.Errorf("pages are %q; each product has one, and there is README.md", pages)
	}
}

func headings(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			found = append(found, strings.TrimSpace(title))
		}
	}
	return found
}

// block is the YAML of a page, which has exactly one.
func block(t *testing.T, name string) string {
	t.Helper()
	found := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```").FindAllStringSubmatch(read(t, name+".md"), -1)
	if len(found) != 1 {
		t.Fatalf("%s.md has %d yaml blocks; want 1", name, len(found))
	}
	return found[0][1]
}

// frame is what a page leaves to the rest of a configuration.
const frame = `
server: {external_url: https://sso.example.com}
session: {cookie_keys: ["${file:cookie.key}"]}
headers: {signing: {keys: [{id: k1, file: signing.key}]}}
routes: [{name: wiki, host: wiki.example.com, upstream: http://10.0.0.5:8080}]
`

// load completes a block, in a folder with the files it refers to.
func load(t *testing.T, block string) config.IDP {
	t.Helper()
	dir := folder(t)
	whole := strings.Replace(block, "saml:\n", "saml:\n  keys: [{cert_file: sp.crt, key_file: sp.key}]\n", 1) + frame
	file := filepath.Join(dir, "config.yaml")
	put(t, file, []byte(whole))
	cfg, err := config.Load(file, config.Options{})
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, whole)
	}
	if len(cfg.SAML.IDPs) != 1 {
		t.Fatalf("%d identity providers; want 1", len(cfg.SAML.IDPs))
	}
	return cfg.SAML.IDPs[0]
}

// Every block leaves to its preset what the product decides.
func TestBlocksLoad(t *testing.T) {
	for _, name := range products() {
		t.Run(name, func(t *testing.T) {
			idp := load(t, block(t, name))
			if idp.Preset != name || len(idp.EmailDomains) == 0 || len(idp.Attributes["email"]) == 0 {
				t.Errorf("preset %q, email_domains %q, email from %q", idp.Preset, idp.EmailDomains, idp.Attributes["email"])
			}
			for _, key := range []string{"require_signed:", "name_id_format:", "request_binding:", "sign_requests:", "attributes:", "required:"} {
				if strings.Contains(block(t, name), key) {
					t.Errorf("the block says %s itself", key)
				}
			}
		})
	}
}

// The table "Settings by product" is what the presets are.
func TestSettingsTableAgreesWithThePresets(t *testing.T) {
	rows := table(t, read(t, "README.md"), "| product | require_signed |")
	if len(rows) != len(products()) {
		t.Fatalf("%d rows; want one for each of %d products", len(rows), len(products()))
	}
	for i, name := range products() {
		row := rows[i]
		row[4], _, _ = strings.Cut(row[4], ";")
		want := settings(name, load(t, "saml:\n  idps: [{name: corp, metadata_file: GoogleIDPMetadata.xml, preset: "+name+"}]\n"))
		if !slices.Equal(row[:len(want)], want) {
			t.Errorf("%s:\n got %q\nwant %q", name, row[:len(want)], want)
		}
		if got := settings(name, load(t, block(t, name))); !slices.Equal(got, want) {
			t.Errorf("the block of %s means\n     %q\nwant %q", name, got, want)
		}
	}
}

// settings is an identity provider as a row of the table.
func settings(name string, idp config.IDP) []string {
	signs := "no"
	if idp.SignRequests {
		signs = "yes"
	}
	format := "empty"
	if idp.NameIDFormat != "" {
		format = "`" + idp.NameIDFormat + "`"
	}
	row := []string{name, "`" + idp.RequireSigned + "`", format, "`" + idp.RequestBinding + "`", signs}
	for _, field := range []string{"email", "first_name", "last_name", "roles", "employee_id"} {
		row = append(row, "`"+strings.Join(idp.Attributes[field], "`, `")+"`")
	}
	return row
}

// Every refusal that a page explains is one that the gateway makes, under the
// title that people read.
func TestRefusalsExist(t *testing.T) {
	titles, reasons := pageTitles(t), knownReasons()
	for _, name := range append(products(), "README") {
		for _, row := range table(t, read(t, name+".md"), "| page that people see |") {
			if !slices.Contains(titles, row[0]) {
				t.Errorf("%s.md: no page is called %q", name, row[0])
			}
			for _, quoted := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(row[1], -1) {
				if !slices.Contains(reasons, quoted[1]) {
					t.Errorf("%s.md: no refusal has the reason %q", name, quoted[1])
				}
			}
		}
	}
}

func pageTitles(t *testing.T) []string {
	t.Helper()
	var catalogue struct {
		Problems map[string]struct{ Title string }
	}
	if err := json.Unmarshal([]byte(read(t, "../../pages/lang/en.json")), &catalogue); err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, p := range catalogue.Problems {
		titles = append(titles, p.Title)
	}
	return titles
}

// knownReasons adds to those of the verifier what the sign-in itself refuses.
func knownReasons() []string {
	known := []string{"no_login_cookie", "no_pending_login", "idp_not_loaded", "role_denied"}
	for _, r := range samlsp.Reasons() {
		known = append(known, r.String())
	}
	return known
}

// table returns the cells of the one table with that beginning.
func table(t *testing.T, text, head string) [][]string {
	t.Helper()
	_, rest, found := strings.Cut(text, head)
	if !found {
		t.Fatalf("there is no table %q", head)
	}
	var rows [][]string
	for _, line := range strings.Split(rest, "\n")[2:] {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

// Links lead to pages and sections that exist.
func TestLinksLead(t *testing.T) {
	for _, name := range append(products(), "README") {
		for _, link := range regexp.MustCompile(`\]\(([^)]*)\)`).FindAllStringSubmatch(read(t, name+".md"), -1) {
			file, section, _ := strings.Cut(link[1], "#")
			var anchors []string
			for _, h := range headings(read(t, file)) {
				anchors = append(anchors, anchor(h))
			}
			if section != "" && !slices.Contains(anchors, section) {
				t.Errorf("%s.md: %s has no section %q", name, file, section)
			}
		}
	}
}

// anchor is the fragment of a heading: small letters and hyphens.
func anchor(heading string) string {
	var out bytes.Buffer
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			out.WriteByte('-')
		case r == '-' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			out.WriteRune(r)
		}
	}
	return out.String()
}
