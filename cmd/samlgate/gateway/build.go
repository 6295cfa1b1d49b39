package gateway

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/samlgate/samlgate/access"
	"github.com/samlgate/samlgate/admin"
	"github.com/samlgate/samlgate/admin/logins"
	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/config"
	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy"
	"github.com/samlgate/samlgate/proxy/backchannel"
	"github.com/samlgate/samlgate/proxy/live"
	"github.com/samlgate/samlgate/proxy/route"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/hot"
)

// base outlives a reload.
type base struct {
	store   sessionstore.Store // metered, and heard by feed
	feed    *hot.Feed          // of what ends on any replica
	live    *live.Registry     // exchanges under way, of the trees before too
	raw     sessionstore.Store // as it was opened
	metrics *admin.Metrics
	audit   *audit.Log
	log     *slog.Logger
	now     func() time.Time
	state   string       // folder for what outlives the process; empty: nothing does
	demo    bool         // the demo's identity provider is welcome
	doubt   func(string) // told of warnings instead of the log, where set
	book    *logins.Book // attempts to sign in; nil: they are not remembered
	verbose *verbosity   // nil: the log is as it is

	published published // which signing keys may sign
}

// tree is what a reload replaces: everything that a configuration decides
// about a request. A request keeps the tree it began with.
type tree struct {
	gateway    *proxy.Gateway
	sp         *samlsp.ServiceProvider // the gateway's own
	identities identities
	sources    []*source                      // metadata that is fetched
	signers    map[string][]*x509.Certificate // identity provider → who must have signed its metadata
	sessions   *sessionstore.Manager
	hot        *hot.Cache
	routes     []*proxy.Route
	tls        *tls.Config       // of the public listener; nil: TLS ends in front of us
	serves     func(string) bool // whether a canonical host is ours
	hooks      *backchannel.Notifier
	pages      *pages.Pages
	cfg        *config.Config
}

// close lets the apps hear of the last ends, and gives up after a while.
func (t *tree) close() {
	ctx, cancel := context.WithTimeout(context.Background(), hookPatience)
	defer cancel()
	t.hooks.Close(ctx)
	t.hot.Close()
}

const hookPatience = 5 * time.Second

// build makes the tree of a configuration that was loaded without mistakes.
// old is the one before a reload, or nil.
func (b *base) build(cfg *config.Config, old *tree) (*tree, error) {
	t := &tree{cfg: cfg}
	if cfg.Server.TLS != nil {
		t.tls = serverTLS(cfg.Server.TLS)
	}
	var errs [7]error // all mistakes at once
	signers := &signers{cfg: cfg, ready: b.published.ready, now: b.now}
	t.sessions, errs[0] = b.manager(t)
	errs[1] = b.buildSAML(t, old)
	router, routes, err := buildRoutes(cfg, signers)
	t.routes, errs[2] = routes, err
	p, err := buildPages(cfg, b.now)
	t.pages = p
	errs[3] = naming("pages", err)
	keys, err := keysHandler(cfg)
	errs[4] = naming("headers.signing", err)
	host, err := route.CanonicalHost(cfg.Server.ExternalURL.Host)
	errs[5] = naming("server.external_url", err)
	ignored, err := exactPatterns(cfg.Session.IgnorePaths)
	errs[6] = naming("session.ignore_paths", err)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	t.hooks = b.hooks(cfg, routes)
	t.hot = hot.New(hot.Config{Feed: b.feed, Load: t.sessions.Get, Bytes: int64(cfg.Store.CacheBytes), Grace: cfg.Store.Grace})
	t.serves = func(name string) bool { return name == host || router.HasHost(name) }
	jar, err := signin.NewJar(signin.JarConfig{
		Keys: secrets(cfg.Session.CookieKeys), Name: cfg.Session.CookieName,
		Secure: cfg.Server.ExternalURL.Scheme == "https", Lifetime: cfg.Session.MaxLifetime,
	})
	if err != nil {
		return nil, err
	}
	door, err := b.buildSignIn(t, jar, p, keys, router, host)
	if err != nil {
		return nil, err
	}
	t.gateway, err = proxy.New(proxy.Config{
		External: cfg.Server.ExternalURL, Host: host, Routes: router,
		SignIn: door, Jar: jar, Sessions: t.sessions, Hot: t.hot, Live: b.live, Managed: managed(routes), Pages: p,
		Audit: b.audit, Observer: b.metrics, Trusted: cfg.Server.TrustedProxies, HSTS: hsts(cfg.Server.TLS),
		Ignored: ignored, MaxURL: defaultMaxURL, AccessLog: cfg.Log.Access, Log: b.log, Now: b.now,
	})
	return t, err
}

// defaultMaxURL bounds a request target outside all routes.
const defaultMaxURL = 8192

func (b *base) manager(t *tree) (*sessionstore.Manager, error) {
	keys := secrets(t.cfg.Store.EncryptionKeys)
	if len(keys) == 0 {
		keys = secrets(t.cfg.Session.CookieKeys)
	}
	ended := func(ctx context.Context, e sessionstore.Ended) {
		b.ended(ctx, e)
		if e.Session != nil {
			t.hooks.Ended(e.Session.Identity.Person.Subject(), e.ID.Hash())
		}
	}
	rules, err := limitRules(t.cfg.Session)
	if err != nil {
		return nil, naming("session", err)
	}
	m, err := sessionstore.NewManager(sessionstore.ManagerConfig{Store: b.store, Keys: keys, Now: b.now, OnEnd: ended, Rules: rules, TellIdle: t.cfg.Session.OnIdle != signin.IdleLogin})
	return m, naming("session", err)
}

// weak notes a sign-in that allow_sha1 let in.
func (b *base) weak(idp string) {
	b.metrics.SHA1(idp)
	b.log.Warn("a sign-in rests on SHA-1, which can be forged; have the identity provider sign with SHA-256", "idp", idp)
}

// hooks are the apps that want to hear of a session's end.
func (b *base) hooks(cfg *config.Config, routes []*proxy.Route) *backchannel.Notifier {
	var targets []backchannel.Target
	signers := map[string]*headers.Signer{} // :: audience → of its tokens
	for i, c := range cfg.Routes {
		if signer := routes[i].Signer; c.Logout.NotifyURL != "" && signer != nil {
			signers[c.Audience] = signer
			targets = append(targets, backchannel.Target{Route: c.Name, Audience: c.Audience, URL: c.Logout.NotifyURL})
		}
	}
	if targets == nil {
		return nil
	}
	sign := func(audience, subject, sessionID string) (string, error) {
		return signers[audience].LogoutToken(audience, subject, sessionID)
	}
	return backchannel.New(backchannel.Config{Targets: targets, Sign: sign, Failed: func(route string, err error) {
		b.log.Warn("the app was not told of a session's end", "route", route, "err", err)
	}})
}

// naming says which key of the configuration an error is about.
func naming(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", key, err)
}

func (b *base) buildSignIn(t *tree, jar *signin.Jar, p *pages.Pages, keys http.Handler, router *route.Router[*proxy.Route], host string) (*signin.Handler, error) {
	cfg := t.cfg
	rates, err := b.rates(cfg.Server.RateLimits)
	if err != nil {
		return nil, err
	}
	logouts, err := b.logouts(t)
	if err != nil {
		return nil, naming("saml", err)
	}
	return signin.New(signin.Config{
		External: cfg.Server.ExternalURL, Host: host, Prefix: cfg.Server.Prefix, Paths: paths(cfg),
		Jar: jar, Sessions: t.sessions, Hot: t.hot, Federation: federation(t), Provider: provider{t.identities, b.weak}, IDPs: idps(cfg), KeepRemoved: cfg.SAML.OnIDPRemoved == "keep",
		Logouts: logouts, OnIdle: cfg.Session.OnIdle, KeepJS: cfg.Session.KeepJS, Places: places(cfg, t.routes), Pages: p, Audit: b.audit, Observer: b.metrics, Attempts: b, Trials: verdicts{t.sessions, b.now},
		Returns: returns{samlsp.ReturnPolicy{
			External: cfg.Server.ExternalURL, Hosts: router.ExactHost, Origins: cfg.Server.ReturnOrigins, Prefix: cfg.Server.Prefix,
		}},
		Further:  t.further(),
		Metadata: metadataHandler(t.sp), Keys: keys, Now: b.now,
		LoginRate: rates.login, ACSRate: rates.acs, LogoutRate: rates.logout, RelayRate: rates.relay, CodeRate: rates.code, AccountRate: rates.account,
	})
}

func buildPages(cfg *config.Config, now func() time.Time) (*pages.Pages, error) {
	c := cfg.Pages
	return pages.New(pages.Config{
		Title: c.Title, Logo: c.LogoFile.Content, Footer: c.Footer, Languages: c.Languages, Location: c.TimeZone,
		Support: pages.Support{Text: c.Support.Text, URL: c.Support.URL, Email: c.Support.Email},
		Prefix:  cfg.Server.Prefix, Now: now, Pictures: pictures(cfg),
	})
}

func managed(routes []*proxy.Route) *headers.Managed {
	var all []headers.Names
	for _, rt := range routes {
		all = append(all, rt.Names)
	}
	return headers.NewManaged(all...)
}

func idps(cfg *config.Config) []signin.IDP {
	all := cfg.SAML.IDPs
	out := make([]signin.IDP, len(all))
	for i, c := range all {
		out[i] = signin.IDP{Name: c.Name, DisplayName: c.DisplayName, EmailDomains: c.EmailDomains, Sync: access.Sync(c.Roles.Sync), Roles: access.RoleMap{
			Map: c.Roles.Map, Default: c.Roles.Default, Unknown: access.Unknown(c.Roles.Unknown), Deny: c.Roles.Deny,
		}, Unsolicited: signin.Unsolicited(c.IDPInitiated), DefaultURL: placeOf(cfg, c.DefaultRoute)}
	}
	return out
}

func hsts(t *config.ServerTLS) string {
	if t == nil || t.HSTS <= 0 {
		return ""
	}
	return fmt.Sprintf("max-age=%d", int64(t.HSTS/time.Second))
}

func secrets(keys []config.Key) [][]byte {
	out := make([][]byte, len(keys))
	for i, k := range keys {
		out[i] = k.Bytes()
	}
	return out
}

// auditKey is the sub-key of the audit chain.
func auditKey(cfg *config.Config) ([]byte, error) {
	if len(cfg.Session.CookieKeys) == 0 {
		return nil, errors.New("no cookie key")
	}
	return hkdf.Key(sha256.New, cfg.Session.CookieKeys[0].Bytes(), nil, "audit", 32)
}
