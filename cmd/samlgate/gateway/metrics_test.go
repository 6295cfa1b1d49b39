package gateway_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	scraped    = regexp.MustCompile(`(?m)^# TYPE (samlgate_\w+)`)
	documented = regexp.MustCompile("(?m)^\\| `(samlgate_\\w+)` \\| ([^|]*)\\|")
	labelled   = regexp.MustCompile(`(?m)^(samlgate_\w+?)(?:_bucket|_sum|_count)?\{([^}]*)\}`)
	label      = regexp.MustCompile("(\\w+)=\"[^\"]*\"|`(\\w+)`")
)

// docs/metrics.md lists what a scrape shows, and nothing else, labels included.
func TestMetricsAreDocumented(t *testing.T) {
	s := start(t)
	s.signIn()
	s.get(s.url("wiki", "/about"), "X-Auth-Email", "boss@example.com")
	s.get(s.url("sso", "/.samlgate/login?return_to=https://evil.example.com/"))
	s.get(s.url("wiki", "/.samlgate/nothing"))
	s.get(s.url("sso", "/.samlgate/saml/slo?SAMLRequest=x"))
	scrape := s.get(s.adminURL("/metrics")).body
	b, err := os.ReadFile("../../../docs/metrics.md")
	s.must(err)

	want := map[string]string{}
	for _, m := range documented.FindAllStringSubmatch(string(b), -1) {
		want[m[1]] = labels(m[2])
	}
	// Series that need a rarer event than these requests are known by their help alone.
	rare := []string{"samlgate_sessions_ended_total", "samlgate_store_errors_total", "samlgate_store_unconfirmed_total", "samlgate_header_values_dropped_total", "samlgate_set_cookies_dropped_total", "samlgate_sha1_logins_total"}
	got := map[string]bool{}
	for _, m := range scraped.FindAllStringSubmatch(scrape, -1) {
		got[m[1]] = true
		if _, ok := want[m[1]]; !ok {
			t.Errorf("docs/metrics.md does not speak of %s", m[1])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !got[name] && !slices.Contains(rare, name) {
			t.Errorf("no scrape shows %s", name)
		}
	}
	for _, m := range labelled.FindAllStringSubmatch(scrape, -1) {
		if has := labels(strings.Split(m[2], ",le=")[0]); has != want[m[1]] {
			t.Errorf("%s has the labels %s, documented are %s", m[1], has, want[m[1]])
		}
	}
	if strings.Contains(scrape, "ana@") || strings.Contains(scrape, "boss@") {
		t.Error("a metric speaks of a person")
	}
}

func labels(text string) string {
	var all []string
	for _, m := range label.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1]+m[2])
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}
