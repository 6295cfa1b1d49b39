package signin

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/samlgate/samlgate/access"
	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/hot"
)

// Config is what a [Handler] is made of.
type Config struct {
	External    *url.URL // the gateway origin
	Host        string   // its canonical host
	Prefix      string   // of our endpoints, such as "/.samlgate"
	Paths       Paths
	Jar         *Jar
	Sessions    *sessionstore.Manager
	Hot         *hot.Cache // of Sessions
	Provider    Provider
	Logouts     Logouts    // nil: no identity provider is told of a logout, nor may ask for one
	IDPs        []IDP      // in the order of the chooser; at least one
	KeepRemoved bool       // sessions live on whose identity provider is no longer among them
	Federation  Federation // nil = the discovery protocol is not spoken
	Places      []Place
	Returns     Returns
	OnIdle      string // IdleLogin, IdlePage, IdleSLO or an URL; empty = IdleLogin
	KeepJS      bool   // pages of apps may load keep.js
	Pages       *pages.Pages
	Audit       *audit.Log
	Observer    Observer
	Attempts    Attempts     // nil: nobody hears of them
	Trials      Trials       // nil: nothing is tried
	Metadata    http.Handler // serves the SP metadata
	Further     []ServiceProvider
	Keys        http.Handler // serves jwks.json
	LoginRate   Rate
	ACSRate     Rate
	LogoutRate  Patience // with logout messages that do nothing
	RelayRate   Rate     // of answers that arrive on an app host
	CodeRate    Patience // with codes of a hand-over or a sign-out that are not right
	AccountRate Rate
	Now         func() time.Time
}

// Paths are exact paths that mean the same as the endpoint below the prefix.
type Paths struct {
	Login, Logout      []Alias
	Metadata, ACS, SLO string // on the gateway origin; empty = below the prefix
	SOAP               string // likewise
}

// Alias is a path, on one host or on all.
type Alias struct{ Host, Path string }

// IDP is one identity provider as this package needs to know it.
type IDP struct {
	Name, DisplayName string
	EmailDomains      []string // the only ones it may speak for; empty = any
	Roles             access.RoleMap
	Sync              access.Sync // when Roles are taken over
	Unsolicited       Unsolicited
	DefaultURL        string // where an accepted one goes without a usable RelayState; empty = the default page
}

// Place is a route as the hand-over and the logout need to know it.
type Place struct {
	Name         string
	Hosts        []string // exact hosts; a wildcard host gets no hand-over
	Path         string
	IDPs         []string // empty = all
	Rules        access.Policy
	Demand       Demand
	LogoutPaths  []string // exact paths at which the app signs people out
	LogoutURL    string   // where a logout there leads; empty = the signed-out page
	ClearCookies []string // app cookies that must not outlive the session
}

// Handler answers the endpoints below the prefix.
type Handler struct {
	Config
	origin  string // scheme and authority of the gateway origin
	idps    map[string]IDP
	places  map[string]Place
	gateway map[string]endpoint // by path, on the gateway origin
	hosts   map[string]endpoint // by path, on every host
	exact   map[Alias]endpoint  // of further SP identities
	csrf    *http.CrossOriginProtection
	pulse   pulse // of the session store

	trialPage endpoint
}

type endpoint func(w http.ResponseWriter, r *http.Request, v *visit.Visit)

// New returns a handler for a configuration that was checked.
func New(cfg Config) (*Handler, error) {
	if cfg.Jar == nil || cfg.Sessions == nil || cfg.Hot == nil || cfg.Provider == nil || len(cfg.IDPs) == 0 {
		return nil, errors.New("sign-in needs a cookie jar, sessions, a service provider and an identity provider")
	}
	h := &Handler{
		Config: cfg,
		origin: cfg.External.Scheme + "://" + cfg.External.Host,
		idps:   make(map[string]IDP), places: make(map[string]Place),
		csrf: http.NewCrossOriginProtection(),
	}
	h.IDPs = slices.Clone(cfg.IDPs)
	for i := range h.IDPs {
		if err := h.IDPs[i].normalize(); err != nil {
			return nil, err
		}
		h.idps[h.IDPs[i].Name] = h.IDPs[i]
	}
	for _, p := range cfg.Places {
		h.places[p.Name] = p
	}
	h.trialPage = h.limited(h.LoginRate, h.beginTrial)
	h.mount()
	return h, nil
}

// mount writes down which path means what (design: endpoints).
func (h *Handler) mount() {
	h.gateway = map[string]endpoint{
		h.below("saml/metadata"): h.plain(h.Metadata),
		h.below("saml/acs"):      h.acs,
		h.below("saml/slo"):      h.slo,
		h.below("saml/soap"):     h.soap,
		h.below("login"):         h.limited(h.LoginRate, h.login),
		h.below("discovery"):     h.limited(h.LoginRate, h.discovery),
		h.below("continue"):      h.limited(h.ACSRate, h.proceed),
		h.below("limit"):         h.limited(h.ACSRate, h.limit),
		h.below("account"):       h.limited(h.AccountRate, h.account),
	}
	for own, path := range map[string]string{
		"saml/metadata": h.Paths.Metadata, "saml/acs": h.Paths.ACS, "saml/slo": h.Paths.SLO, "saml/soap": h.Paths.SOAP,
	} {
		if path != "" {
			h.gateway[path] = h.gateway[h.below(own)]
		}
	}
	for name := range h.idps {
		h.gateway[h.below("login/"+name)] = h.limited(h.LoginRate, h.login)
	}
	h.hosts = map[string]endpoint{
		h.below("callback"):      h.doubted(h.CodeRate, h.callback),
		h.below("logout"):        h.logout,
		h.below("logout/finish"): h.doubted(h.CodeRate, h.finish),
		h.below("jwks.json"):     h.plain(h.Keys),
	}
	if h.KeepJS {
		h.mountKeep()
	}
	h.exact = make(map[Alias]endpoint)
	for _, sp := range h.Further {
		h.mountFurther(sp)
	}
}

func (h *Handler) below(name string) string { return h.Prefix + "/" + name }

// Owns reports whether the path is the gateway's own on this host: nothing at
// such a path ever reaches an upstream.
func (h *Handler) Owns(v *visit.Visit) bool {
	return v.Path.Below(h.Prefix) || h.find(v) != nil
}

// OwnsFile reports whether the path is one of the files that pages refer to,
// which are there on every host that shows a page.
func (h *Handler) OwnsFile(v *visit.Visit) bool { return v.Path.Below(h.below("static")) }

// Serve answers a request that [Handler.Owns].
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if strings.HasPrefix(v.Path.Decoded(), h.below("static/")) {
		v.Reason = "static"
		h.Pages.Static().ServeHTTP(w, r)
		return
	}
	if serve := h.find(v); serve != nil {
		serve(w, r, v)
		return
	}
	h.problem(w, r, v, pages.NotFound)
}

func (h *Handler) find(v *visit.Visit) endpoint {
	if serve := h.hosts[v.Path.Decoded()]; serve != nil {
		return serve
	}
	if serve := h.exact[Alias{v.Host, v.Path.Decoded()}]; serve != nil {
		return serve
	}
	if v.Host == h.Host {
		if h.trialCode(v) != "" {
			return h.trialPage
		}
		if serve := h.gateway[v.Path.Decoded()]; serve != nil {
			return serve
		}
		if aliased(h.Paths.Login, v) {
			return h.gateway[h.below("login")]
		}
		if strings.HasPrefix(v.Path.Decoded(), h.below("login/")) {
			return h.unknownIDP
		}
	}
	if aliased(h.Paths.Logout, v) {
		return h.logout
	}
	return nil
}

func aliased(aliases []Alias, v *visit.Visit) bool {
	for _, a := range aliases {
		if a.Path == v.Path.Decoded() && (a.Host == "" || a.Host == v.Host) {
			return true
		}
	}
	return false
}

// plain lifts a handler that serves a public document; nil is no document.
func (h *Handler) plain(doc http.Handler) endpoint {
	return func(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
		if doc == nil {
			h.problem(w, r, v, pages.NotFound)
			return
		}
		if h.method(w, r, v, http.MethodGet, http.MethodHead) {
			doc.ServeHTTP(w, r)
		}
	}
}

// AccountPath is the default page.
func (h *Handler) AccountPath() string { return h.below("account") }

// SignedOutPath shows the signed-out page to whoever has no session.
func (h *Handler) SignedOutPath() string { return h.below("logout") }
