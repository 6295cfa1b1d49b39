package pages

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// policy returns the page's Content-Security-Policy: nothing is loaded but our
// own pictures, the one style and the one script are named by hash, forms lead
// to this origin and the origins in Targets, and nobody may frame us, but for
// the answers that an identity provider has asked for in a frame of its own.
func (g *page) policy() string {
	directives := []string{
		"default-src 'none'",
		"style-src " + hash(string(g.Style)),
		"img-src 'self' data:",
		"form-action " + strings.Join(g.formAction(), " "),
		"frame-ancestors " + strings.Join(g.ancestors(), " "),
		"base-uri 'none'",
	}
	if g.Script != "" {
		directives = append(directives, "script-src "+hash(string(g.Script)))
	}
	return strings.Join(directives, "; ")
}

// formAction lists where forms may lead. Anywhere is the scheme of the first
// step; "http:", which only loopback has, stands for https too (CSP3 §6.7.2.9).
func (g *page) formAction() []string {
	named := origins(g.targets)
	list := append([]string{"'self'"}, named...)
	if g.anywhere && len(named) > 0 {
		scheme, _, _ := strings.Cut(named[0], ":")
		list = append(list, scheme+":")
	}
	return list
}

// ancestors lists who may frame the page: nobody, as a rule.
func (g *page) ancestors() []string {
	if list := origins(g.frames); len(list) > 0 {
		return list
	}
	return []string{"'none'"}
}

// hash is a CSP hash source (CSP3 §2.3.1).
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// origins returns the distinct origins of web addresses. Any other address is
// left out, so that none can smuggle a directive into the policy.
func origins(targets []string) []string {
	var list []string
	for _, target := range targets {
		if o, ok := origin(target); ok && !slices.Contains(list, o) {
			list = append(list, o)
		}
	}
	return list
}

func origin(target string) (string, bool) {
	u, err := url.Parse(target)
	if err != nil || !isWebURL(target) || strings.ContainsFunc(u.Host, notHost) {
		return "", false
	}
	return u.Scheme + "://" + u.Host, true
}

func notHost(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-._:[]", r))
}
