package proxy

import (
	"net/http"
	"slices"
	"time"

	"github.com/samlgate/samlgate/access"
	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/proxy/route"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/proxy/upstream"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// What a visitor without a session gets, besides an URL to go to
// (routes[].unauthenticated).
const (
	AutoLogin   = "auto"  // a login for people, 401 for programs
	AlwaysLogin = "login" // a login for whoever asks
	Never       = "401"   // 401 for everybody
)

// Route is one app: who may pass, and how requests travel there.
type Route struct {
	Name, Audience   string
	IDPs             []string // names; empty = all
	Rules            access.Policy
	Demand           signin.Demand
	Public           []route.Pattern
	Block            []route.BlockPattern
	IdentityOnPublic bool
	Unauthenticated  string
	Names            headers.Names
	Signer           *headers.Signer        // nil: identity headers go without a token
	Message          *headers.MessageSigner // nil: requests are not signed as a whole
	KeepHeaders      []string               // client headers that survive the strip
	Upstream         *upstream.Upstream
	LogoutPaths      []string // canonical; exact
	CORSOrigins      []string
	WebSocketOrigins []string
	SharedCache      bool
	LiveIgnored      bool  // what passes over an open connection keeps no session alive
	MaxBody, MaxURL  int64 // bytes; 0 = no limit
}

func (rt *Route) blocked(r *http.Request, v *visit.Visit) bool {
	return slices.ContainsFunc(rt.Block, func(b route.BlockPattern) bool { return b.Match(r.Method, v.Path) })
}

func (rt *Route) public(r *http.Request, v *visit.Visit) bool {
	return slices.ContainsFunc(rt.Public, func(p route.Pattern) bool { return p.Match(r.Method, v.Path) })
}

// takes reports whether the sign-in behind a session is one this route wants.
func (rt *Route) takes(s *sessionstore.Session, now time.Time) bool {
	return (len(rt.IDPs) == 0 || slices.Contains(rt.IDPs, s.Identity.IDP)) && rt.Demand.Takes(s, now)
}
