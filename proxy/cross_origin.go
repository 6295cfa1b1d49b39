package proxy

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/route"
	"github.com/samlgate/samlgate/proxy/visit"
)

// preflight reports whether r asks for permission in the sense of the Fetch
// standard. Browsers send it without cookies.
func preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// answerPreflight answers from the route's list. The app never sees it.
func (g *Gateway) answerPreflight(w http.ResponseWriter, r *http.Request, v *visit.Visit, rt *Route) {
	if !slices.Contains(rt.CORSOrigins, r.Header.Get("Origin")) {
		g.show(w, r, v, pages.Problem{Code: pages.NotSignedIn})
		return
	}
	allowOrigin(w, r)
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", r.Header.Get("Access-Control-Request-Method"))
	if wanted := r.Header.Get("Access-Control-Request-Headers"); wanted != "" {
		h.Set("Access-Control-Allow-Headers", wanted)
	}
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}

// allowOrigin lets the asking origin, which was found in the route's list, read
// the answer.
func allowOrigin(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Add("Vary", "Origin")
}

func upgrade(r *http.Request) bool { return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") }

// originAllowed: browsers let any site open a WebSocket to any other, cookies
// included, and tell only by Origin (RFC 6455 §10.2).
func (g *Gateway) originAllowed(r *http.Request, v *visit.Visit, rt *Route) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true // no browser
	}
	if slices.Contains(rt.WebSocketOrigins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != g.External.Scheme || u.Port() != g.External.Port() {
		return false
	}
	host, err := route.CanonicalHost(u.Host)
	return err == nil && host == v.Host
}
