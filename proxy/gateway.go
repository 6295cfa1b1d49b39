package proxy

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/live"
	"github.com/samlgate/samlgate/proxy/peer"
	"github.com/samlgate/samlgate/proxy/route"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/proxy/upstream"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/hot"
)

// Observer counts.
type Observer interface {
	Request(route, method string, status int, took time.Duration)
	HeadersStripped(route string, managed, other int)
	ValuesDropped(route string, n int)
	CookiesDropped(route string, n int)
}

// Config is what a [Gateway] is made of.
type Config struct {
	External  *url.URL // the gateway origin
	Host      string   // its canonical host
	Routes    *route.Router[*Route]
	SignIn    *signin.Handler
	Jar       *signin.Jar
	Sessions  *sessionstore.Manager
	Hot       *hot.Cache // of Sessions
	Live      *live.Registry
	Managed   *headers.Managed
	Pages     *pages.Pages
	Audit     *audit.Log
	Observer  Observer
	Trusted   []netip.Prefix  // proxies whose word about the client counts
	HSTS      string          // Strict-Transport-Security; empty = none
	Ignored   []route.Pattern // whose requests are no use of a session
	MaxURL    int64           // bytes of a request target where no route says otherwise
	AccessLog bool            // a log line for every request
	Log       *slog.Logger
	Now       func() time.Time
}

// Gateway serves the public listener.
type Gateway struct {
	Config
	forged  seldom // :: route and client → header_forged
	dropped seldom // :: route and session → value_dropped
}

// New returns a Gateway for a configuration that was checked.
func New(cfg Config) (*Gateway, error) {
	if cfg.Routes == nil || cfg.SignIn == nil || cfg.Sessions == nil || cfg.Hot == nil || cfg.Live == nil || cfg.Managed == nil {
		return nil, errors.New("a gateway needs routes, sign-in, sessions and managed headers")
	}
	return &Gateway{
		Config:  cfg,
		forged:  seldom{span: time.Minute, room: 1000, now: cfg.Now},
		dropped: seldom{span: time.Hour, room: 10_000, now: cfg.Now},
	}, nil
}

// ServeHTTP answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from := peer.Of(r, g.Trusted)
	v := &visit.Visit{ID: visit.NewID(), Start: g.Now(), Addr: from.Addr, Proto: from.Proto, Authority: from.Host}
	rec := &recorder{ResponseWriter: w}
	defer g.depart(rec, r, v)
	if g.HSTS != "" {
		w.Header().Set("Strict-Transport-Security", g.HSTS)
	}
	if code := g.read(r, v); code != "" {
		g.problem(rec, r, v, code)
		return
	}
	g.dispatch(rec, r, v)
}

// read fills in what the request asks for, in the one reading that everything
// after it uses, or says why it has none.
func (g *Gateway) read(r *http.Request, v *visit.Visit) pages.Code {
	switch err := upstream.CheckFraming(r); {
	case errors.Is(err, upstream.ErrTwoHosts): // RFC 9113 §8.3.1
		return pages.HostMismatch
	case err != nil:
		v.Err = err
		return pages.BadRequest
	}
	delete(r.Header, "Host")
	canonical, err := route.CanonicalHost(v.Authority)
	if err != nil {
		v.Err = err
		return pages.BadRequest
	}
	v.Host = canonical
	path, err := route.CanonicalPath(r.URL)
	if err != nil {
		v.Err = err
		return pages.AmbiguousPath
	}
	v.Path = path
	v.Passive = g.passive(r, v)
	return ""
}

// passive reports whether a request keeps no session alive: by what it asks for
// (session.ignore_paths), or because its client says so. In doubt, as for a
// value that nobody has heard of, it does not.
func (g *Gateway) passive(r *http.Request, v *visit.Visit) bool {
	return slices.ContainsFunc(r.Header.Values(headers.Passive), func(value string) bool { return value != "" }) ||
		slices.ContainsFunc(g.Ignored, func(p route.Pattern) bool { return p.Match(r.Method, v.Path) })
}

func (g *Gateway) dispatch(w http.ResponseWriter, r *http.Request, v *visit.Visit) {
	if v.Host != g.Host && !g.Routes.HasHost(v.Host) && !g.SignIn.OwnsFile(v) {
		g.show(w, r, v, pages.Problem{Code: pages.NoRoute, Args: map[string]string{"host": v.Host}})
		return
	}
	entry, found := g.Routes.Match(v.Host, v.Path)
	if limit := g.maxURL(entry); limit > 0 && int64(len(r.RequestURI)) > limit {
		g.problem(w, r, v, pages.URLTooLong)
		return
	}
	switch {
	case g.SignIn.Owns(v):
		g.SignIn.Serve(w, r, v)
	case found:
		v.Route = entry.Name
		g.serve(w, r, v, entry.Value)
	case v.Host == g.Host && v.Path.Decoded() == "/":
		signin.Redirect(w, g.SignIn.AccountPath())
	default:
		g.problem(w, r, v, pages.NotFound)
	}
}

func (g *Gateway) maxURL(entry *route.Entry[*Route]) int64 {
	if entry == nil {
		return g.MaxURL
	}
	return entry.Value.MaxURL
}

func (g *Gateway) problem(w http.ResponseWriter, r *http.Request, v *visit.Visit, code pages.Code) {
	g.show(w, r, v, pages.Problem{Code: code})
}

func (g *Gateway) show(w http.ResponseWriter, r *http.Request, v *visit.Visit, p pages.Problem) {
	if v.Reason == "" {
		v.Reason = string(p.Code)
	}
	p.RequestID = v.ID
	g.Pages.Error(w, r, p)
}
