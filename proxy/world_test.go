package proxy_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/samlgate/samlgate/access"
	"github.com/samlgate/samlgate/audit"
	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy"
	"github.com/samlgate/samlgate/proxy/live"
	"github.com/samlgate/samlgate/proxy/route"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/proxy/upstream"
	"github.com/samlgate/samlgate/samlsp"
	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
	"github.com/samlgate/samlgate/sessionstore/hot"
)

// world is a gateway with everything around it: two identity providers that
// prove whatever they are told, an app behind every route, and browsers.
type world struct {
	t        testing.TB
	external *url.URL
	server   *httptest.Server
	sessions *sessionstore.Manager
	store    *flakyStore
	feed     *hot.Feed
	registry *live.Registry
	idp      *fakeIDP
	slo      *fakeLogouts
	app      *fakeApp
	observer *counter
	attempts *attempts
	log      *safeBuffer
	audit    *safeBuffer
	ahead    atomic.Int64 // how far the clock was moved

	gateway atomic.Pointer[proxy.Gateway]
	door    atomic.Pointer[signin.Handler]
	jarKey  []byte
}

// now is the wall clock, moved ahead: cookies carry times of their own.
func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

func (w *world) later(d time.Duration) { w.ahead.Add(int64(d)) }

// setup is what a test may change before the gateway is built.
type setup struct {
	external    string
	limits      sessionstore.Limits
	overrides   []sessionstore.Override
	choice      sessionstore.Bounds
	storeKey    []byte // seals the store's records; nil = the cookies' key
	idps        []signin.IDP
	keepRemoved bool
	routes      []*proxy.Route
	hosts       map[string][]string // route → hosts
	paths       map[string]string   // route → path
	returnTo    map[string]string   // route → logout.return_to
	accessLog   bool
	loginRate   signin.Rate
	relayRate   signin.Rate
	cookieName  string
	aliases     signin.Paths
	further     []signin.ServiceProvider
	acsRate     signin.Rate
	logoutRate  signin.Patience
	codeRate    signin.Patience
	appTimeouts time.Duration
	trusted     []netip.Prefix
	federation  signin.Federation
	pictures    map[string][]byte
	ignored     []string // session.ignore_paths
	keepJS      bool
	onIdle      string
	memory      int64 // bytes of sessions; 0 asks the store at every request
}

func standard() *setup {
	names := headers.DefaultNames()
	names.JWT = "X-Auth-Assertion"
	s := &setup{
		external:  "https://sso.example.com",
		accessLog: true,
		limits:    sessionstore.Limits{Idle: time.Hour, Lifetime: 8 * time.Hour, MaxConcurrent: 0},
		idps: []signin.IDP{
			{Name: "corp", DisplayName: "Example Corp", Roles: access.RoleMap{Deny: []string{"Restricted"}}},
			{Name: "partner", DisplayName: "Partner Ltd"},
		},
		hosts:       map[string][]string{},
		paths:       map[string]string{},
		returnTo:    map[string]string{},
		appTimeouts: 5 * time.Second,
	}
	add := func(name string, edit func(*proxy.Route), hosts ...string) {
		rt := &proxy.Route{Name: name, Audience: name, IDPs: []string{"corp"}, Unauthenticated: proxy.AutoLogin, Names: names}
		edit(rt)
		s.routes = append(s.routes, rt)
		s.hosts[name] = hosts
	}
	add("wiki", func(rt *proxy.Route) {
		rt.Public = patterns("/open/", "/open-logout")
		rt.Block = blocks("/admin", "/open/secret")
		rt.LogoutPaths = []string{"/logout", "/open-logout"}
		rt.CORSOrigins = []string{"https://portal.example.net"}
		rt.MaxURL, rt.MaxBody = 4096, 1024
	}, "wiki.example.com")
	add("hr", func(rt *proxy.Route) { rt.Rules = access.Policy{Roles: []string{"hr"}} }, "hr.example.com")
	add("partners", func(rt *proxy.Route) { rt.IDPs = []string{"partner"} }, "partners.example.com")
	add("star", func(*proxy.Route) {}, "*.apps.example.com")
	add("news", func(rt *proxy.Route) { rt.Public = patterns("/"); rt.IdentityOnPublic = true }, "news.example.com")
	add("shared", func(rt *proxy.Route) { rt.SharedCache = true }, "shared.example.com")
	add("api", func(rt *proxy.Route) { rt.Unauthenticated = proxy.Never }, "api.example.com")
	add("forced", func(rt *proxy.Route) { rt.Unauthenticated = proxy.AlwaysLogin }, "forced.example.com")
	add("portal", func(rt *proxy.Route) { rt.Unauthenticated = "https://www.example.org/welcome" }, "portal.example.com")
	add("desk", func(*proxy.Route) {}, "sso.example.com")
	s.paths["desk"] = "/desk"
	add("jobs", func(*proxy.Route) {}, "jobs.example.com")
	s.paths["jobs"] = "/ci"
	return s
}

// route is the one called name.
func (s *setup) route(name string) *proxy.Route {
	for _, rt := range s.routes {
		if rt.Name == name {
			return rt
		}
	}
	panic("no route " + name)
}

func patterns(all ...string) (out []route.Pattern) {
	for _, s := range all {
		p, err := route.ParsePattern(s)
		if err != nil {
			panic(err)
		}
		out = append(out, p)
	}
	return out
}

func blocks(all ...string) (out []route.BlockPattern) {
	for _, s := range all {
		p, err := route.ParseBlockPattern(s)
		if err != nil {
			panic(err)
		}
		out = append(out, p)
	}
	return out
}

func newWorld(t testing.TB, edits ...func(*setup)) *world {
	t.Helper()
	w := &world{t: t, idp: &fakeIDP{}, slo: &fakeLogouts{offers: map[string]string{}, used: map[string]bool{}}, app: &fakeApp{}, observer: &counter{}, attempts: &attempts{}, log: &safeBuffer{}, audit: &safeBuffer{},
		jarKey: []byte("0123456789abcdef0123456789abcdef")}
	backend := httptest.NewServer(w.app)
	t.Cleanup(backend.Close)
	w.app.url = backend.URL
	w.store = &flakyStore{Store: embedded.New(w.now)}
	w.feed = hot.NewFeed(hot.FeedConfig{Store: w.store, Now: w.now})
	w.registry = live.New(w.feed, w.now)
	t.Cleanup(w.registry.Close)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go w.feed.Run(ctx) // ends by cancel
	w.rebuild(edits...)
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.gateway.Load().ServeHTTP(rw, r) }))
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// rebuild is a reload.
func (w *world) rebuild(edits ...func(*setup)) {
	w.t.Helper()
	s := standard()
	for _, edit := range edits {
		edit(s)
	}
	external, err := url.Parse(s.external)
	w.must(err)
	w.external = external
	g, err := w.build(s)
	w.must(err)
	w.gateway.Store(g)
}

func (w *world) build(s *setup) (*proxy.Gateway, error) {
	target, err := url.Parse(w.app.url)
	w.must(err)
	key := w.jarKey
	if s.storeKey != nil {
		key = s.storeKey
	}
	w.sessions, err = sessionstore.NewManager(sessionstore.ManagerConfig{Store: w.feed.Own(w.store), Keys: [][]byte{key}, Now: w.now,
		Rules: sessionstore.Rules{Base: s.limits, Overrides: s.overrides, Choice: s.choice}, TellIdle: s.onIdle != ""})
	w.must(err)
	var entries []route.Entry[*proxy.Route]
	var places []signin.Place
	var names []headers.Names
	for _, rt := range s.routes {
		if rt.Upstream == nil {
			rt.Upstream, err = upstream.New(upstream.Config{URL: target, ResponseHeader: s.appTimeouts})
			w.must(err)
		}
		entries = append(entries, route.Entry[*proxy.Route]{Name: rt.Name, Hosts: s.hosts[rt.Name], Path: s.paths[rt.Name], Value: rt})
		p := signin.Place{Name: rt.Name, Path: s.paths[rt.Name], IDPs: rt.IDPs, Rules: rt.Rules, Demand: rt.Demand, LogoutPaths: rt.LogoutPaths, LogoutURL: s.returnTo[rt.Name], ClearCookies: []string{"app_session"}}
		for _, h := range s.hosts[rt.Name] {
			if h[0] != '*' {
				p.Hosts = append(p.Hosts, h)
			}
		}
		places, names = append(places, p), append(names, rt.Names)
	}
	router, err := route.New(entries)
	w.must(err)
	jar, err := signin.NewJar(signin.JarConfig{Keys: [][]byte{w.jarKey}, Name: s.cookieName, Secure: w.external.Scheme == "https", Lifetime: s.limits.Lifetime})
	w.must(err)
	words, err := pages.New(pages.Config{Prefix: "/.samlgate", Now: w.now, Pictures: s.pictures})
	w.must(err)
	record, err := audit.New(audit.Config{Key: w.jarKey, Now: w.now, Also: w.audit})
	w.must(err)
	ring := []headers.Key{{ID: "k1", Private: ed25519.NewKeyFromSeed(w.jarKey)}}
	signer, err := headers.NewSigner(headers.SignerConfig{Issuer: s.external, TTL: time.Minute, Now: w.now, Keys: ring})
	w.must(err)
	jwks, err := headers.NewJWKS(ring)
	w.must(err)
	for _, rt := range s.routes {
		if rt.Signer == nil {
			rt.Signer = signer
		}
	}
	host := w.external.Hostname()
	memory := hot.New(hot.Config{Feed: w.feed, Load: w.sessions.Get, Bytes: s.memory})
	w.t.Cleanup(memory.Close)
	door, err := signin.New(signin.Config{
		External: w.external, Host: host, Prefix: "/.samlgate", Jar: jar, Sessions: w.sessions, Hot: memory, Provider: w.idp, IDPs: s.idps, KeepRemoved: s.keepRemoved, Logouts: w.slo, OnIdle: s.onIdle, KeepJS: s.keepJS,
		Paths: s.aliases, Places: places, Pages: words, Audit: record, Observer: w.observer, Attempts: w.attempts, Trials: w.attempts, LoginRate: s.loginRate, ACSRate: s.acsRate, LogoutRate: s.logoutRate, RelayRate: s.relayRate, CodeRate: s.codeRate, Now: w.now,
		Keys:       jwks,
		Further:    s.further,
		Returns:    returns{samlsp.ReturnPolicy{External: w.external, Hosts: router.ExactHost, Prefix: "/.samlgate"}},
		Federation: s.federation,
	})
	w.must(err)
	w.door.Store(door)
	return proxy.New(proxy.Config{
		External: w.external, Host: host, Routes: router, SignIn: door, Jar: jar, Sessions: w.sessions, Hot: memory, Live: w.registry,
		Managed: headers.NewManaged(names...), Pages: words, Audit: record, Observer: w.observer, MaxURL: 8192, Ignored: patterns(s.ignored...),
		AccessLog: s.accessLog, Trusted: s.trusted, Log: slog.New(slog.NewJSONHandler(w.log, nil)), Now: w.now,
	})
}

// live counts the sessions of a person.
func (w *world) live(email string) int {
	w.t.Helper()
	all, err := w.sessions.List(context.Background(), identity.Person(email))
	w.must(err)
	return len(all)
}

type returns struct{ policy samlsp.ReturnPolicy }

func (r returns) Check(raw string) (string, bool) {
	u, ok := r.policy.Check(raw)
	return u.String(), ok
}

// safeBuffer is a bytes.Buffer for several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// flakyStore is a store that goes away.
type flakyStore struct {
	sessionstore.Store
	down  atomic.Bool
	noPut atomic.Bool
	none  atomic.Bool // nothing is there to load
}

func (f *flakyStore) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if f.noPut.Load() {
		return fmt.Errorf("%w: nothing can be kept", sessionstore.ErrUnavailable)
	}
	return f.Store.Put(ctx, key, value, ttl)
}

func (f *flakyStore) err() error {
	if f.down.Load() {
		return fmt.Errorf("%w: pulled the plug", sessionstore.ErrUnavailable)
	}
	return nil
}

func (f *flakyStore) Ping(ctx context.Context) error {
	if err := f.err(); err != nil {
		return err
	}
	return f.Store.Ping(ctx)
}

func (f *flakyStore) Epochs(ctx context.Context, p identity.PersonHash) (sessionstore.Epochs, error) {
	if err := f.err(); err != nil {
		return sessionstore.Epochs{}, err
	}
	return f.Store.Epochs(ctx, p)
}

func (f *flakyStore) Load(ctx context.Context, id sessionstore.ID) (sessionstore.Row, error) {
	if err := f.err(); err != nil {
		return sessionstore.Row{}, err
	}
	if f.none.Load() {
		return sessionstore.Row{}, sessionstore.ErrNotFound
	}
	return f.Store.Load(ctx, id)
}

func (f *flakyStore) End(ctx context.Context, id sessionstore.ID, why sessionstore.Reason) (sessionstore.Row, error) {
	if err := f.err(); err != nil {
		return sessionstore.Row{}, err
	}
	return f.Store.End(ctx, id, why)
}

func (f *flakyStore) Take(ctx context.Context, key string) ([]byte, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	return f.Store.Take(ctx, key)
}

// counter is an Observer.
type counter struct {
	mu       sync.Mutex
	refused  int
	logins   []string
	logouts  []string
	stripped headers.Stripped
	dropped  int
	cookies  int
	statuses []int
}

func (c *counter) note(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

func (c *counter) Login(_, result, reason string) {
	c.note(func() { c.logins = append(c.logins, result+" "+reason) })
}
func (c *counter) Logout(idp, direction, result string) {
	c.note(func() { c.logouts = append(c.logouts, idp+" "+direction+" "+result) })
}
func (c *counter) ReturnRefused() { c.note(func() { c.refused++ }) }
func (c *counter) Request(_, _ string, status int, _ time.Duration) {
	c.note(func() { c.statuses = append(c.statuses, status) })
}
func (c *counter) HeadersStripped(_ string, managed, other int) {
	c.note(func() { c.stripped.Managed += managed; c.stripped.Other += other })
}
func (c *counter) ValuesDropped(_ string, n int)  { c.note(func() { c.dropped += n }) }
func (c *counter) CookiesDropped(_ string, n int) { c.note(func() { c.cookies += n }) }

// fakeApp remembers what reaches it and answers as a test likes.
type fakeApp struct {
	url    string
	mu     sync.Mutex
	seen   []*http.Request
	handle http.HandlerFunc
}

func (a *fakeApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	handle := a.handle
	a.seen = append(a.seen, r)
	a.mu.Unlock()
	if handle != nil {
		handle(w, r)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	fmt.Fprintf(w, "app says hello to %s", r.Header.Get("X-Auth-Email"))
}

func (a *fakeApp) does(handle http.HandlerFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.handle = handle
}

func (a *fakeApp) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.seen)
}

func (a *fakeApp) last(t testing.TB) *http.Request {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.seen) == 0 {
		t.Fatal("nothing has reached the app")
	}
	return a.seen[len(a.seen)-1]
}
