package pages

import (
	"net/http"
	"strings"
)

// IsNavigation reports whether a person's browser asks for a whole page in its
// top window: the one case in which a redirect to the login helps. It is false
// for scripts, images, web sockets, programs and frames: a frame could not show
// an identity provider's login, and no login may begin in one.
//
// With fetch metadata (https://www.w3.org/TR/fetch-metadata/) mode "navigate"
// and destination "document" must both be there; half of the pair is no
// evidence. Without it, GET or HEAD and an Accept that names text/html are taken
// for a browser, unless the request says it is a script's or asks for an upgrade.
func IsNavigation(r *http.Request) bool {
	if hasFetchMetadata(r) {
		return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
	}
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && acceptsPage(r)
}

// readsPage reports whether an answer should be a page for eyes. It is wider
// than IsNavigation, for nothing is granted by it: a form sent by a browser
// without fetch metadata, or a frame, still has a person behind it.
func readsPage(r *http.Request) bool {
	if hasFetchMetadata(r) {
		return r.Header.Get("Sec-Fetch-Mode") == "navigate"
	}
	return acceptsPage(r)
}

func hasFetchMetadata(r *http.Request) bool {
	for _, name := range []string{"Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-Site"} {
		if len(r.Header.Values(name)) > 0 {
			return true
		}
	}
	return false
}

func acceptsPage(r *http.Request) bool {
	if r.Header.Get("Upgrade") != "" || strings.EqualFold(r.Header.Get("X-Requested-With"), "XMLHttpRequest") {
		return false
	}
	for _, line := range r.Header.Values("Accept") {
		for item := range strings.SplitSeq(line, ",") {
			if isHTML(item) {
				return true
			}
		}
	}
	return false
}

// isHTML reports whether one item of Accept names text/html with a weight above
// zero (RFC 9110 §12.5.1; §12.4.2: 0 means "not acceptable").
func isHTML(item string) bool {
	media, params, _ := strings.Cut(item, ";")
	if !strings.EqualFold(strings.TrimSpace(media), "text/html") {
		return false
	}
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if strings.EqualFold(name, "q") && strings.Trim(value, "0.") == "" {
			return false
		}
	}
	return true
}
