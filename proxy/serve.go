package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/samlgate/samlgate/access"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// storeRetry is when to ask again after the store was away.
const storeRetry = 5 * time.Second

// serve judges a request for a route: block beats public, public beats allow.
func (g *Gateway) serve(w http.ResponseWriter, r *http.Request, v *visit.Visit, rt *Route) {
	switch {
	case rt.blocked(r, v):
		g.problem(w, r, v, pages.Blocked)
	case v.Host == g.Host && r.Header.Get("Service-Worker") != "":
		// A script of the app must not become the judge of the gateway's pages.
		g.problem(w, r, v, pages.Blocked)
	case rt.public(r, v):
		g.servePublic(w, r, v, rt)
	case preflight(r):
		g.answerPreflight(w, r, v, rt)
	default:
		g.serveGuarded(w, r, v, rt)
	}
}

// servePublic forwards without an identity, or with one where the route wants
// it and it is certain. It never starts a login.
func (g *Gateway) servePublic(w http.ResponseWriter, r *http.Request, v *visit.Visit, rt *Route) {
	p := passage{route: rt, public: true}
	if rt.IdentityOnPublic {
		s, first, err := g.SignIn.Session(r, v)
		foreign := upgrade(r) && !g.originAllowed(r, v, rt)
		if err == nil && s != nil && !foreign && rt.takes(s, g.Now()) && rt.Rules.Decide(s.Identity, v.Addr) == access.Allowed {
			p.session, p.first = s, first
		}
	}
	g.forward(w, r, v, p)
}

// serveGuarded forwards for people who may pass.
func (g *Gateway) serveGuarded(w http.ResponseWriter, r *http.Request, v *visit.Visit, rt *Route) {
	s, first, err := g.SignIn.Session(r, v)
	switch {
	case err != nil:
		g.unavailable(w, r, v, err)
		return
	case s == nil || !rt.takes(s, g.Now()):
		g.unauthenticated(w, r, v, rt, s == nil)
		return
	}
	v.Session, v.IDP = s.ID.Hash(), s.Identity.IDP
	if denial := rt.Rules.Decide(s.Identity, v.Addr); denial != access.Allowed {
		g.SignIn.Forbid(w, r, v, s, string(denial))
		return
	}
	if upgrade(r) && !g.originAllowed(r, v, rt) {
		g.problem(w, r, v, pages.CSRF)
		return
	}
	if err := g.SignIn.Touch(r.Context(), v, s); errors.Is(err, sessionstore.ErrNotFound) {
		g.unauthenticated(w, r, v, rt, true)
		return
	} else if err != nil {
		g.unavailable(w, r, v, err)
		return
	}
	g.forward(w, r, v, passage{route: rt, session: s, first: first})
}

func (g *Gateway) unavailable(w http.ResponseWriter, r *http.Request, v *visit.Visit, err error) {
	v.Err = err
	g.show(w, r, v, pages.Problem{Code: pages.StoreDown, RetryAfter: storeRetry})
}

// unauthenticated answers whoever has no session that this route takes; nobody
// says that they have none at all.
func (g *Gateway) unauthenticated(w http.ResponseWriter, r *http.Request, v *visit.Visit, rt *Route, nobody bool) {
	if nobody && g.SignIn.Farewell(w, r, v, g.SignIn.LoginFor(v, target(r, v))) {
		return
	}
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case rt.Unauthenticated == Never:
	case pages.IsNavigation(r) && (rt.Unauthenticated == AutoLogin || rt.Unauthenticated == AlwaysLogin):
		g.SignIn.Begin(w, r, v, target(r, v))
		return
	case rt.Unauthenticated == AlwaysLogin && reads:
		// Without a journey of its own: a page that polls would push the
		// person's own journeys out of the state cookie.
		signin.Redirect(w, g.SignIn.LoginFor(v, target(r, v)))
		return
	case rt.Unauthenticated != AutoLogin && rt.Unauthenticated != AlwaysLogin && pages.IsNavigation(r):
		signin.Redirect(w, rt.Unauthenticated)
		return
	}
	if slices.Contains(rt.CORSOrigins, r.Header.Get("Origin")) {
		allowOrigin(w, r)
	}
	p := pages.Problem{Code: pages.NotSignedIn, LoginURL: g.SignIn.LoginFor(v, target(r, v))}
	if nobody {
		p.Reason = g.SignIn.EndReason(r, v)
	}
	g.show(w, r, v, p)
}

// target is where the person wanted to go on this host, in printable ASCII: it
// comes back in a Location header.
func target(r *http.Request, v *visit.Visit) string {
	if r.URL.RawQuery == "" && !r.URL.ForceQuery { // "/a?" is not "/a"
		return v.Path.Escaped()
	}
	var b strings.Builder
	b.WriteString(v.Path.Escaped() + "?")
	for _, c := range []byte(r.URL.RawQuery) {
		if c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// logsOut reports whether a request is the app's own sign-out by somebody who
// has a session here, on a public path too.
func (g *Gateway) logsOut(r *http.Request, v *visit.Visit, rt *Route) bool {
	if !slices.Contains(rt.LogoutPaths, v.Path.Decoded()) || !g.SignIn.Deliberate(r, v) {
		return false
	}
	_, _, ok := g.Jar.Session(r, v.Host)
	return ok
}
