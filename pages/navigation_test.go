package pages

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestIsNavigation(t *testing.T) {
	ask := func(method, headers string) *http.Request {
		r := httptest.NewRequest(method, "/", nil)
		for line := range strings.SplitSeq(headers, " | ") {
			name, value, _ := strings.Cut(line, ": ")
			r.Header.Set(name, value)
		}
		return r
	}
	check := func(method, headers string, navigation, page bool) {
		t.Helper()
		r := ask(method, headers)
		if got := IsNavigation(r); got != navigation {
			t.Errorf("%s %s: IsNavigation = %v", method, headers, got)
		}
		if got := readsPage(r); got != page {
			t.Errorf("%s %s: readsPage = %v", method, headers, got)
		}
	}
	both := func(method, headers string) { t.Helper(); check(method, headers, true, true) }
	page := func(method, headers string) { t.Helper(); check(method, headers, false, true) }
	none := func(method, headers string) { t.Helper(); check(method, headers, false, false) }

	both(http.MethodGet, "Sec-Fetch-Mode: navigate | Sec-Fetch-Dest: document")
	both(http.MethodPost, "Sec-Fetch-Mode: navigate | Sec-Fetch-Dest: document")
	page(http.MethodGet, "Sec-Fetch-Mode: navigate | Sec-Fetch-Dest: iframe | Accept: text/html")
	page(http.MethodGet, "Sec-Fetch-Mode: navigate")
	none(http.MethodGet, "Sec-Fetch-Dest: document | Accept: text/html")
	none(http.MethodGet, "Sec-Fetch-Mode: cors | Sec-Fetch-Dest: empty | Accept: text/html")
	none(http.MethodGet, "Sec-Fetch-Mode: no-cors | Sec-Fetch-Dest: image | Accept: text/html")
	none(http.MethodGet, "Sec-Fetch-Mode: websocket | Sec-Fetch-Dest: empty")
	none(http.MethodGet, "Sec-Fetch-Site: none | Accept: text/html")

	both(http.MethodGet, "Accept: text/html,application/xhtml+xml,*/*;q=0.8")
	both(http.MethodHead, "Accept: application/xml, TEXT/HTML ;q=0.5")
	page(http.MethodPost, "Accept: text/html")
	none(http.MethodGet, "Accept: */*")
	none(http.MethodGet, "Accept: application/json, text/html;q=0")
	none(http.MethodGet, "Accept: text/html;q=0.000")
	none(http.MethodGet, "Accept: text/htmlx")
	none(http.MethodGet, "Accept: text/html | X-Requested-With: XMLHttpRequest")
	none(http.MethodGet, "Accept: text/html | Upgrade: websocket")
	none(http.MethodGet, "User-Agent: curl/8")
}
